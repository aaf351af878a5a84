// x509.Certificate and x509.CertificateRequest as encoding/json prints them. What OpenSSL re-encodes is taken
// from the DER instead, by walking its outer structure: the Raw members must be the original bytes.
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

#include "policy/builtins/crypto/algorithms.h"
#include "policy/builtins/crypto/certificate.h"
#include "policy/builtins/crypto/go_json.h"
#include "policy/builtins/crypto/key_usage.h"
#include "policy/builtins/go/ip.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/go/url.h"

namespace signalbox::policy::crypto {
namespace {

using Text = std::string_view;

/// One DER element: all of it, and what is inside. Empty when malformed.
struct Element {
  Text all, inside;
};
Element take(Text& der) {
  if (der.size() < 2) return {};
  std::size_t header = 2, length = static_cast<unsigned char>(der[1]);
  if (length >= 0x80) {
    const std::size_t bytes = length & 0x7F;
    if (bytes > 4 || der.size() < 2 + bytes) return {};
    length = 0;
    for (std::size_t i = 0; i < bytes; ++i) length = length << 8 | static_cast<unsigned char>(der[2 + i]);
    header += bytes;
  }
  if (der.size() - header < length) return {};
  const Element out{der.substr(0, header + length), der.substr(header, length)};
  der.remove_prefix(header + length);
  return out;
}

Text text_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// The UTF-8 of a string of any of ASN.1's character sets.
std::string utf8_of(const ASN1_STRING* string) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, string);
  if (size < 0) return std::string(text_of(string));
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

class Printer {
 public:
  explicit Printer(Arena& arena) : arena_(arena), json_(arena), out_(arena) {}

  Value certificate(X509* certificate, Text der, UriStrings uris);
  Value request(X509_REQ* request, Text der);

 private:
  struct Names {
    std::vector<Value> dns, emails, ips, uris, uri_texts;
  };

  void add(Text name, Value value) { out_.add(name, value); }
  void add_number(Text name, std::int64_t value) { out_.add(name, Value::integer(value)); }
  void add_flag(Text name, bool flag) { out_.add(name, Value::boolean(flag)); }

  Value name(const X509_NAME* name);
  Value extension(X509_EXTENSION* extension);
  Value uri(Text text);
  Value time(const ASN1_TIME* time);
  Value ip_range(const ASN1_OCTET_STRING* bytes);
  Names alternative_names(const GENERAL_NAMES* names);
  void add_names(const Names& names);
  void add_key(EVP_PKEY* key);
  Value extensions(const STACK_OF(X509_EXTENSION) * all);

  void usages(X509* certificate);
  void constraints(X509* certificate);
  void basic(X509* certificate);
  void points(X509* certificate);
  void policies(X509* certificate);
  void policy_limits(X509* certificate);
  void optional_integer(Text name, Text zero_name, const ASN1_INTEGER* integer, bool present);

  Arena& arena_;
  GoJson json_;
  ObjectBuilder out_;
};

Value Printer::name(const X509_NAME* name) {
  struct Kind {
    Text id, member;
  };
  static constexpr Kind kLists[] = {{"2.5.4.6", "Country"},       {"2.5.4.7", "Locality"},
                                    {"2.5.4.8", "Province"},      {"2.5.4.9", "StreetAddress"},
                                    {"2.5.4.10", "Organization"}, {"2.5.4.11", "OrganizationalUnit"},
                                    {"2.5.4.17", "PostalCode"}};
  std::vector<Value> lists[std::size(kLists)], all;
  Value common_name = Value::string(""), serial = Value::string("");
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const ASN1_OBJECT* id = X509_NAME_ENTRY_get_object(entry);
    const Value value = json_.text(utf8_of(X509_NAME_ENTRY_get_data(entry)));
    const std::string dotted = json_.object_id_text(id);
    ObjectBuilder one(arena_);
    one.add("Type", json_.object_id(id));
    one.add("Value", value);
    all.push_back(one.finish());
    if (dotted == "2.5.4.3") common_name = value;
    if (dotted == "2.5.4.5") serial = value;
    for (std::size_t kind = 0; kind < std::size(kLists); ++kind)
      if (kLists[kind].id == dotted) lists[kind].push_back(value);
  }
  ObjectBuilder out(arena_);
  for (std::size_t kind = 0; kind < std::size(kLists); ++kind)
    out.add(kLists[kind].member, json_.list(lists[kind]));
  out.add("CommonName", common_name);
  out.add("SerialNumber", serial);
  out.add("Names", json_.list(all));
  out.add("ExtraNames", Value::null());
  return out.finish();
}

Value Printer::extension(X509_EXTENSION* extension) {
  ObjectBuilder out(arena_);
  out.add("Critical", Value::boolean(X509_EXTENSION_get_critical(extension) != 0));
  out.add("Id", json_.object_id(X509_EXTENSION_get_object(extension)));
  out.add("Value", json_.bytes(text_of(X509_EXTENSION_get_data(extension))));
  return out.finish();
}

Value Printer::extensions(const STACK_OF(X509_EXTENSION) * all) {
  std::vector<Value> out;
  for (int i = 0; i < sk_X509_EXTENSION_num(all); ++i)
    out.push_back(extension(sk_X509_EXTENSION_value(all, i)));
  return json_.list(out);
}

/// *url.URL, which has no JSON form of its own.
Value Printer::uri(Text text) {
  auto url = go::parse_url(text);
  if (!url) return Value::null();
  ObjectBuilder out(arena_);
  out.add("Scheme", json_.text(url->scheme));
  out.add("Opaque", json_.text(url->opaque));
  out.add("User", url->user.empty() ? Value::null() : kEmptyObject);
  out.add("Host", json_.text(url->host));
  out.add("Path", json_.text(url->path));
  out.add("RawPath", json_.text(url->raw_path));
  out.add("OmitHost", Value::boolean(url->omit_host));
  out.add("ForceQuery", Value::boolean(url->force_query));
  out.add("RawQuery", json_.text(url->raw_query));
  out.add("Fragment", json_.text(url->fragment));
  const bool plain = go::url_escape(url->fragment, go::UrlPart::Fragment) == url->raw_fragment;
  out.add("RawFragment", json_.text(plain ? "" : url->raw_fragment));
  return out.finish();
}

Value Printer::time(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  const go::Time at = go::make_time(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                                    parts.tm_min, parts.tm_sec, 0, go::utc());
  return json_.text(go::format_time(at, go::kRfc3339));
}

go::Ip address_of(Text bytes) {
  go::Ip ip;
  if (bytes.size() == 4) {
    ip.bytes[10] = ip.bytes[11] = 0xFF;
    std::ranges::copy(bytes, ip.bytes.begin() + 12);
  } else {
    std::ranges::copy(bytes.substr(0, 16), ip.bytes.begin());
  }
  return ip;
}

Value Printer::ip_range(const ASN1_OCTET_STRING* octets) {
  const Text bytes = text_of(octets);
  const std::size_t half = bytes.size() / 2;
  ObjectBuilder out(arena_);
  out.add("IP", json_.text(go::to_text(address_of(bytes.substr(0, half)))));
  out.add("Mask", json_.bytes(bytes.substr(half)));
  return out.finish();
}

Printer::Names Printer::alternative_names(const GENERAL_NAMES* names) {
  Names out;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(names, i);
    switch (one->type) {
      case GEN_DNS: out.dns.push_back(json_.text(text_of(one->d.dNSName))); break;
      case GEN_EMAIL: out.emails.push_back(json_.text(text_of(one->d.rfc822Name))); break;
      case GEN_URI:
        out.uris.push_back(uri(text_of(one->d.uniformResourceIdentifier)));
        if (auto url = go::parse_url(text_of(one->d.uniformResourceIdentifier)))
          out.uri_texts.push_back(json_.text(url->text()));
        break;
      case GEN_IPADD:
        out.ips.push_back(json_.text(go::to_text(address_of(text_of(one->d.iPAddress)))));
        break;
      default: break;
    }
  }
  return out;
}

void Printer::add_names(const Names& names) {
  add("DNSNames", json_.list(names.dns));
  add("EmailAddresses", json_.list(names.emails));
  add("IPAddresses", json_.list(names.ips));
  add("URIs", json_.list(names.uris));
}

void Printer::add_key(EVP_PKEY* key) {
  add_number("PublicKeyAlgorithm", key_algorithm(key));
  add("PublicKey", json_.public_key(key));
}

template <class T, auto Free>
Owned<T, Free> read_extension(X509* certificate, int nid, int* critical = nullptr) {
  return Owned<T, Free>(static_cast<T*>(X509_get_ext_d2i(certificate, nid, critical, nullptr)));
}

void Printer::usages(X509* certificate) {
  int usage = 0;
  constexpr int kBits = 9;
  if (auto bits = read_extension<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(certificate, NID_key_usage))
    for (int i = 0; i < kBits; ++i) usage |= ASN1_BIT_STRING_get_bit(bits.get(), i) << i;
  add_number("KeyUsage", usage);
  std::vector<Value> known, unknown;
  if (auto all =
          read_extension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(certificate, NID_ext_key_usage)) {
    for (int i = 0; i < sk_ASN1_OBJECT_num(all.get()); ++i) {
      const ASN1_OBJECT* id = sk_ASN1_OBJECT_value(all.get(), i);
      if (const auto number = key_usage_of(id)) {
        known.push_back(Value::integer(*number));
      } else {
        unknown.push_back(json_.object_id(id));
      }
    }
  }
  add("ExtKeyUsage", json_.list(known));
  add("UnknownExtKeyUsage", json_.list(unknown));
}

void Printer::basic(X509* certificate) {
  auto basic = read_extension<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(certificate, NID_basic_constraints);
  const bool limited = basic && basic->pathlen != nullptr;
  const std::int64_t length = limited ? ASN1_INTEGER_get(basic->pathlen) : basic ? -1 : 0;
  add_flag("BasicConstraintsValid", basic != nullptr);
  add_flag("IsCA", basic && basic->ca != 0);
  add_number("MaxPathLen", length);
  add_flag("MaxPathLenZero", limited && length == 0);
  auto subject =
      read_extension<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>(certificate, NID_subject_key_identifier);
  add("SubjectKeyId", json_.bytes(text_of(subject.get()), subject == nullptr));
  auto authority =
      read_extension<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(certificate, NID_authority_key_identifier);
  const bool named = authority && authority->keyid != nullptr;
  add("AuthorityKeyId", json_.bytes(named ? text_of(authority->keyid) : Text(), !named));
}

void Printer::constraints(X509* certificate) {
  int critical = 0;
  auto all =
      read_extension<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>(certificate, NID_name_constraints, &critical);
  const auto side = [&](Text prefix, const STACK_OF(GENERAL_SUBTREE) * trees) {
    std::vector<Value> dns, emails, ips, uris;
    for (int i = 0; trees != nullptr && i < sk_GENERAL_SUBTREE_num(trees); ++i) {
      const GENERAL_NAME* base = sk_GENERAL_SUBTREE_value(trees, i)->base;
      if (base->type == GEN_DNS) dns.push_back(json_.text(text_of(base->d.dNSName)));
      if (base->type == GEN_EMAIL) emails.push_back(json_.text(text_of(base->d.rfc822Name)));
      if (base->type == GEN_URI) uris.push_back(json_.text(text_of(base->d.uniformResourceIdentifier)));
      if (base->type == GEN_IPADD) ips.push_back(ip_range(base->d.iPAddress));
    }
    const auto put = [&](Text suffix, const std::vector<Value>& items) {
      add(arena_.copy(Text(std::string(prefix) + std::string(suffix))), json_.list(items));
    };
    put("DNSDomains", dns), put("EmailAddresses", emails), put("IPRanges", ips), put("URIDomains", uris);
  };
  side("Permitted", all ? all->permittedSubtrees : nullptr);
  side("Excluded", all ? all->excludedSubtrees : nullptr);
  add_flag("PermittedDNSDomainsCritical", all && critical > 0);
}

void Printer::points(X509* certificate) {
  std::vector<Value> crls, ocsp, issuers;
  const auto collect = [&](const GENERAL_NAME* name, std::vector<Value>& to) {
    if (name->type == GEN_URI) to.push_back(json_.text(text_of(name->d.uniformResourceIdentifier)));
  };
  if (auto all =
          read_extension<CRL_DIST_POINTS, CRL_DIST_POINTS_free>(certificate, NID_crl_distribution_points)) {
    for (int i = 0; i < sk_DIST_POINT_num(all.get()); ++i) {
      const DIST_POINT* point = sk_DIST_POINT_value(all.get(), i);
      if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
      const GENERAL_NAMES* names = point->distpoint->name.fullname;
      for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j) collect(sk_GENERAL_NAME_value(names, j), crls);
    }
  }
  if (auto all =
          read_extension<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>(certificate, NID_info_access)) {
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all.get()); ++i) {
      const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(all.get(), i);
      if (OBJ_obj2nid(one->method) == NID_ad_OCSP) collect(one->location, ocsp);
      if (OBJ_obj2nid(one->method) == NID_ad_ca_issuers) collect(one->location, issuers);
    }
  }
  add("CRLDistributionPoints", json_.list(crls));
  add("OCSPServer", json_.list(ocsp));
  add("IssuingCertificateURL", json_.list(issuers));
}

void Printer::policies(X509* certificate) {
  std::vector<Value> ids, texts, mappings;
  if (auto all = read_extension<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>(certificate,
                                                                               NID_certificate_policies)) {
    for (int i = 0; i < sk_POLICYINFO_num(all.get()); ++i) {
      const ASN1_OBJECT* id = sk_POLICYINFO_value(all.get(), i)->policyid;
      ids.push_back(json_.object_id(id));
      texts.push_back(json_.text(json_.object_id_text(id)));
    }
  }
  if (auto all = read_extension<POLICY_MAPPINGS, [](POLICY_MAPPINGS* m) {
        sk_POLICY_MAPPING_pop_free(m, POLICY_MAPPING_free);
      }>(certificate, NID_policy_mappings)) {
    for (int i = 0; i < sk_POLICY_MAPPING_num(all.get()); ++i) {
      const POLICY_MAPPING* one = sk_POLICY_MAPPING_value(all.get(), i);
      ObjectBuilder out(arena_);
      out.add("IssuerDomainPolicy", json_.text(json_.object_id_text(one->issuerDomainPolicy)));
      out.add("SubjectDomainPolicy", json_.text(json_.object_id_text(one->subjectDomainPolicy)));
      mappings.push_back(out.finish());
    }
  }
  add("PolicyIdentifiers", json_.list(ids));
  add("Policies", json_.list(texts));
  add("PolicyMappings", json_.list(mappings));
}

/// A limit of the policy extensions: -1 when its extension leaves it out, 0 when there is no such extension.
void Printer::optional_integer(Text name, Text zero_name, const ASN1_INTEGER* integer, bool present) {
  const std::int64_t value = integer != nullptr ? ASN1_INTEGER_get(integer) : present ? -1 : 0;
  add_number(name, value);
  add_flag(zero_name, integer != nullptr && value == 0);
}

void Printer::policy_limits(X509* certificate) {
  auto any = read_extension<ASN1_INTEGER, ASN1_INTEGER_free>(certificate, NID_inhibit_any_policy);
  optional_integer("InhibitAnyPolicy", "InhibitAnyPolicyZero", any.get(), any != nullptr);
  auto limits =
      read_extension<POLICY_CONSTRAINTS, POLICY_CONSTRAINTS_free>(certificate, NID_policy_constraints);
  optional_integer("InhibitPolicyMapping", "InhibitPolicyMappingZero",
                   limits ? limits->inhibitPolicyMapping : nullptr, limits != nullptr);
  optional_integer("RequireExplicitPolicy", "RequireExplicitPolicyZero",
                   limits ? limits->requireExplicitPolicy : nullptr, limits != nullptr);
}

bool is_handled(int nid) {
  constexpr int kHandled[] = {
      NID_key_usage,          NID_basic_constraints,       NID_subject_alt_name,
      NID_name_constraints,   NID_crl_distribution_points, NID_authority_key_identifier,
      NID_ext_key_usage,      NID_subject_key_identifier,  NID_certificate_policies,
      NID_policy_constraints, NID_policy_mappings,         NID_inhibit_any_policy,
      NID_info_access};
  return std::ranges::find(kHandled, nid) != std::end(kHandled);
}

Value Printer::certificate(X509* certificate, Text der, UriStrings uris) {
  add("Raw", json_.bytes(der));
  Text rest = der, outer = take(rest).inside;
  const Element tbs = take(outer);
  add("RawTBSCertificate", json_.bytes(tbs.all));
  Text fields = tbs.inside;
  if (fields.starts_with('\xA0')) take(fields);  // version
  take(fields), take(fields);                    // serial number, algorithm
  add("RawIssuer", json_.bytes(take(fields).all));
  take(fields);  // validity
  add("RawSubject", json_.bytes(take(fields).all));
  add("RawSubjectPublicKeyInfo", json_.bytes(take(fields).all));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(&signature, &algorithm, certificate);
  add("Signature", json_.bytes(text_of(signature)));
  add_number("SignatureAlgorithm", signature_algorithm(X509_get_signature_nid(certificate), algorithm));
  Owned<EVP_PKEY, EVP_PKEY_free> key(X509_get_pubkey(certificate));
  add_key(key.get());
  add_number("Version", X509_get_version(certificate) + 1);
  BigNumber serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  add("SerialNumber", json_.number(serial.get()));
  add("Issuer", name(X509_get_issuer_name(certificate)));
  add("Subject", name(X509_get_subject_name(certificate)));
  add("NotBefore", time(X509_get0_notBefore(certificate)));
  add("NotAfter", time(X509_get0_notAfter(certificate)));
  const STACK_OF(X509_EXTENSION)* all = X509_get0_extensions(certificate);
  add("Extensions", extensions(all));
  add("ExtraExtensions", Value::null());
  std::vector<Value> unhandled;
  for (int i = 0; i < sk_X509_EXTENSION_num(all); ++i) {
    X509_EXTENSION* one = sk_X509_EXTENSION_value(all, i);
    const ASN1_OBJECT* id = X509_EXTENSION_get_object(one);
    if (X509_EXTENSION_get_critical(one) != 0 && !is_handled(OBJ_obj2nid(id)))
      unhandled.push_back(json_.object_id(id));
  }
  add("UnhandledCriticalExtensions", json_.list(unhandled));
  usages(certificate);
  basic(certificate);
  points(certificate);
  constraints(certificate);
  policies(certificate);
  policy_limits(certificate);
  auto alternatives = read_extension<GENERAL_NAMES, GENERAL_NAMES_free>(certificate, NID_subject_alt_name);
  const Names names = alternative_names(alternatives.get());
  add_names(names);
  if (uris == UriStrings::Add) add("URIStrings", json_.list(names.uri_texts));
  return out_.finish();
}

Value Printer::request(X509_REQ* request, Text der) {
  add("Raw", json_.bytes(der));
  Text rest = der, outer = take(rest).inside;
  const Element tbs = take(outer);
  add("RawTBSCertificateRequest", json_.bytes(tbs.all));
  Text fields = tbs.inside;
  take(fields);  // version
  add("RawSubject", json_.bytes(take(fields).all));
  add("RawSubjectPublicKeyInfo", json_.bytes(take(fields).all));
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, &signature, &algorithm);
  add("Signature", json_.bytes(text_of(signature)));
  add_number("SignatureAlgorithm", signature_algorithm(X509_REQ_get_signature_nid(request), algorithm));
  Owned<EVP_PKEY, EVP_PKEY_free> key(X509_REQ_get_pubkey(request));
  add_key(key.get());
  add_number("Version", X509_REQ_get_version(request));
  add("Subject", name(X509_REQ_get_subject_name(request)));
  Owned<STACK_OF(X509_EXTENSION),
        [](STACK_OF(X509_EXTENSION) * s) { sk_X509_EXTENSION_pop_free(s, X509_EXTENSION_free); }>
      all(X509_REQ_get_extensions(request));
  add("Extensions", extensions(all.get()));
  add("ExtraExtensions", Value::null());
  std::vector<Value> requested;
  for (int i = 0; all && i < sk_X509_EXTENSION_num(all.get()); ++i) {
    X509_EXTENSION* one = sk_X509_EXTENSION_value(all.get(), i);
    ObjectBuilder pair(arena_);
    pair.add("Type", json_.object_id(X509_EXTENSION_get_object(one)));
    // Go reads these as (type, value) pairs: of a critical one, the flag is what it finds.
    const bool critical = X509_EXTENSION_get_critical(one) != 0;
    pair.add("Value", critical ? kTrue : json_.bytes(text_of(X509_EXTENSION_get_data(one))));
    requested.push_back(pair.finish());
  }
  std::vector<Value> attributes;
  if (!requested.empty()) {
    ObjectBuilder attribute(arena_);
    attribute.add("Type", json_.object_id(OBJ_nid2obj(NID_ext_req)));
    attribute.add("Value", json_.list({json_.list(requested)}));
    attributes.push_back(attribute.finish());
  }
  add("Attributes", json_.list(attributes));
  Owned<GENERAL_NAMES, GENERAL_NAMES_free> alternatives(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(all.get(), NID_subject_alt_name, nullptr, nullptr)));
  add_names(alternative_names(alternatives.get()));
  return out_.finish();
}

}  // namespace

Value certificate_json(Arena& arena, std::string_view der, UriStrings uris) {
  const unsigned char* at = bytes_of(der);
  Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  return certificate ? Printer(arena).certificate(certificate.get(), der, uris) : Value();
}

Value certificate_request_json(Arena& arena, std::string_view der) {
  const unsigned char* at = bytes_of(der);
  Owned<X509_REQ, X509_REQ_free> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  return request ? Printer(arena).request(request.get(), der) : Value();
}

}  // namespace signalbox::policy::crypto
