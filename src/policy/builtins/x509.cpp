// crypto.x509.* and crypto.parse_private_keys: certificates and keys as Go prints them.
#include "policy/builtins/crypto/certificate.h"
#include "policy/builtins/crypto/key.h"
#include "policy/builtins/crypto/private_key.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

/// Reading DER and building its value is charged by the bytes that went in.
bool charge_der(BuiltinContext& context, std::size_t bytes) {
  return charge_bytes(context, 64 * (bytes + 64));
}

BuiltinResult certificates_value(BuiltinContext& context, const std::vector<std::string>& ders,
                                 crypto::UriStrings uris) {
  ArrayBuilder out(context.arena);
  for (const std::string& der : ders) {
    if (!charge_der(context, der.size())) return limit_failure();
    out.add(crypto::certificate_json(context.arena, der, uris));
  }
  return out.finish();
}

BuiltinResult parse_certificates(BuiltinContext& context, Text text) {
  if (!charge_der(context, text.size())) return limit_failure();
  auto ders = crypto::certificates(text);
  if (!ders) return builtin_failure(ders.error());
  return certificates_value(context, *ders, crypto::UriStrings::Add);
}

BuiltinResult verified(BuiltinContext& context, const std::vector<std::string>& ders,
                       const crypto::VerifyOptions& options, crypto::UriStrings uris) {
  const auto chain = crypto::verified_chain(ders, options, context.now_ns);
  auto value = certificates_value(context, chain, uris);
  return value ? pair_of(context, Value::boolean(!chain.empty()), *value) : value;
}

BuiltinResult parse_and_verify(BuiltinContext& context, Text text) {
  if (!charge_der(context, text.size())) return limit_failure();
  auto ders = crypto::certificates(text);
  if (!ders) return pair_of(context, kFalse, kEmptyArray);
  return verified(context, *ders, {}, crypto::UriStrings::Add);
}

/// "[a b]", as Go prints a list of strings.
std::string bracketed(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? " " : "") + text;
  return out + "]";
}

Text unquoted(Text text) {
  return go::trim_right(go::trim_left(text, "\""), "\"");
}

std::string read_usages(const Value& value, std::vector<int>& out) {
  if (!value.is_array() && !value.is_set()) return "'KeyUsages' should be an Array or Set";
  std::vector<std::string> invalid;
  for (const Value& one : elements_of(value)) {
    if (!one.is_string()) continue;
    const Text name = unquoted(one.as_string());
    if (const auto usage = crypto::key_usage_named(name)) {
      out.push_back(*usage);
    } else {
      invalid.emplace_back(name);
    }
  }
  return invalid.empty() ? "" : "invalid entries for 'KeyUsages' found: " + bracketed(invalid);
}

/// What is wrong with the options; empty when nothing is.
std::string read_options(const Value& options, crypto::VerifyOptions& out) {
  for (const Pair& option : options.as_object()) {
    if (!option.key.is_string()) continue;
    const Text name = option.key.as_string();
    const Value& value = option.value;
    const auto integer = value.is_number() ? plain_integer(value) : std::nullopt;
    if (name == "DNSName") {
      if (!value.is_string()) return "'DNSName' should be a string";
      out.dns_name = unquoted(value.as_string());
    } else if (name == "CurrentTime") {
      if (!value.is_number()) return "'CurrentTime' should be a number";
      if (!integer) return "'CurrentTime' should be a valid int64 number";
      out.time_ns = *integer;
    } else if (name == "MaxConstraintComparisons") {
      if (!value.is_number()) return "'MaxConstraintComparisons' should be a number";
      if (!integer) return "'MaxConstraintComparisons' should be a valid number";
    } else if (name == "KeyUsages") {
      if (auto wrong = read_usages(value, out.key_usages); !wrong.empty()) return wrong;
    } else {
      return "invalid key option";
    }
  }
  return {};
}

BuiltinResult parse_and_verify_with_options(BuiltinContext& context, Text text, Object options) {
  if (!charge_der(context, text.size())) return limit_failure();
  auto ders = crypto::certificates(text);
  if (!ders) return pair_of(context, kFalse, kEmptyArray);
  crypto::VerifyOptions wanted;
  if (auto wrong = read_options(options.value, wanted); !wrong.empty()) return builtin_failure(wrong);
  return verified(context, *ders, wanted, crypto::UriStrings::Leave);
}

BuiltinResult parse_request(BuiltinContext& context, Text text) {
  if (!charge_der(context, text.size())) return limit_failure();
  auto der = crypto::certificate_request(text);
  if (!der) return builtin_failure(der.error());
  return crypto::certificate_request_json(context.arena, *der);
}

BuiltinResult parse_private_keys(BuiltinContext& context, Text text) {
  if (text.empty()) return Value::null();
  if (!charge_der(context, text.size())) return limit_failure();
  auto keys = crypto::private_keys(text);
  if (!keys) return builtin_failure(keys.error());
  ArrayBuilder out(context.arena);
  for (const auto& key : *keys) out.add(crypto::key_as_go_json(context.arena, key));
  return out.finish();
}

/// Despite its name for keys of any kind: the first of the text as a JSON Web Key.
BuiltinResult parse_rsa_private_key(BuiltinContext& context, Text text) {
  if (text.empty()) return builtin_failure("input PEM data was empty");
  if (!charge_der(context, text.size())) return limit_failure();
  std::string decoded;
  if (!text.starts_with("-----BEGIN")) {
    auto bytes = go::base64_decode(text);
    if (!bytes) return builtin_failure(bytes.error().message);
    text = decoded = std::move(*bytes);
  }
  auto keys = crypto::private_keys(text);
  if (!keys) return builtin_failure(keys.error());
  return keys->empty() ? Value::null() : crypto::key_as_jwk(context.arena, keys->front());
}

/// `text`, or what it is the base64 of.
std::expected<std::string, std::string> pem_or_decoded(Text text) {
  if (text.starts_with("-----BEGIN ")) return std::string(text);
  auto bytes = go::base64_decode(text);
  if (!bytes) return std::unexpected(bytes.error().message);
  return std::move(*bytes);
}

struct KeyPair {
  std::vector<std::string> certificates;  ///< DER
  crypto::PrivateKey key;
};

std::expected<std::vector<std::string>, std::string> pair_certificates(const std::string& text) {
  if (!text.starts_with("-----BEGIN ")) return std::vector{text};
  std::vector<std::string> out;
  std::vector<std::string> skipped;
  for (Text rest = text; !rest.empty();) {
    crypto::PemBlock block = crypto::first_pem_block(rest);
    if (block.type.empty()) break;
    rest = block.rest;
    if (block.type == "CERTIFICATE") {
      out.push_back(std::move(block.bytes));
    } else {
      skipped.push_back(block.type);
    }
  }
  if (!out.empty()) return out;
  if (skipped.empty()) return std::unexpected("tls: failed to find any PEM data in certificate input");
  if (skipped.size() == 1 && skipped[0].ends_with("PRIVATE KEY"))
    return std::unexpected(
        "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM "
        "inputs may have "
        "been switched");
  return std::unexpected(
      "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of "
      "the following types: " +
      bracketed(skipped));
}

std::expected<crypto::PrivateKey, std::string> pair_key(const std::string& text) {
  if (!text.starts_with("-----BEGIN")) {
    auto key = crypto::private_key("PRIVATE KEY", text);
    return key ? key : std::unexpected("tls: failed to parse private key");
  }
  std::vector<std::string> skipped;
  for (Text rest = text; !rest.empty();) {
    const crypto::PemBlock block = crypto::first_pem_block(rest);
    if (block.type.empty()) break;
    rest = block.rest;
    if (block.type != "PRIVATE KEY" && !block.type.ends_with(" PRIVATE KEY")) {
      skipped.push_back(block.type);
      continue;
    }
    // The block's type is only a hint: PKCS #1, PKCS #8 and SEC 1 are tried in turn.
    for (Text type : {"RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"})
      if (auto key = crypto::private_key(type, block.bytes); key && *key) return key;
    return std::unexpected("tls: failed to parse private key");
  }
  if (skipped.empty()) return std::unexpected("tls: failed to find any PEM data in key input");
  if (skipped.size() == 1 && skipped[0] == "CERTIFICATE")
    return std::unexpected("tls: found a certificate rather than a key in the PEM for the private key");
  return std::unexpected(
      "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM "
      "blocks of the "
      "following types: " +
      bracketed(skipped));
}

BuiltinResult parse_keypair(BuiltinContext& context, Text certificate_text, Value key_text) {
  if (!key_text.is_string()) return operand_error(1, "string", key_text);  // OPA says 1 here too
  if (!charge_der(context, certificate_text.size() + key_text.size())) return limit_failure();
  auto certificate_pem = pem_or_decoded(certificate_text);
  if (!certificate_pem) return builtin_failure(certificate_pem.error());
  auto key_pem = pem_or_decoded(key_text.as_string());
  if (!key_pem) return builtin_failure(key_pem.error());
  auto ders = pair_certificates(*certificate_pem);
  if (!ders) return builtin_failure(ders.error());
  const Value leaf = crypto::certificate_json(context.arena, ders->front(), crypto::UriStrings::Leave);
  if (!leaf) return builtin_failure("x509: malformed certificate");
  auto key = pair_key(*key_pem);
  if (!key) return builtin_failure(key.error());
  if (!*key) return builtin_failure("tls: failed to parse private key");
  if (auto wrong = crypto::pairing_problem(*key, ders->front()); !wrong.empty())
    return builtin_failure(wrong);
  ArrayBuilder chain(context.arena);
  for (const std::string& der : *ders) chain.add(copy_string(context.arena, go::base64_encode(der)));
  ObjectBuilder out(context.arena);
  out.add("Certificate", chain.finish());
  out.add("Leaf", leaf);
  out.add("OCSPStaple", Value::null());
  out.add("PrivateKey", crypto::key_as_go_json(context.arena, *key));
  out.add("SignedCertificateTimestamps", Value::null());
  out.add("SupportedSignatureAlgorithms", Value::null());
  return out.finish();
}

constexpr Builtin row(Text name, Text signature, BuiltinFn fn, Traits traits = {}) {
  return declare("crypto", name, signature, fn, traits);
}

constexpr Text kVerified = "(string) => array<boolean, array[object[string: any]]>";

constexpr Builtin kTable[] = {
    row("crypto.parse_private_keys", "(string) => array[object[string: any]]", typed<parse_private_keys>),
    row("crypto.x509.parse_and_verify_certificates", kVerified, typed<parse_and_verify>,
        {.reads_context = true}),
    row("crypto.x509.parse_and_verify_certificates_with_options",
        "(string, object[string: any]) => array<boolean, array[object[string: any]]>",
        typed<parse_and_verify_with_options>, {.reads_context = true}),
    row("crypto.x509.parse_certificate_request", "(string) => object[string: any]", typed<parse_request>),
    row("crypto.x509.parse_certificates", "(string) => array[object[string: any]]",
        typed<parse_certificates>),
    row("crypto.x509.parse_keypair", "(string, string) => object[string: any]", typed<parse_keypair>),
    row("crypto.x509.parse_rsa_private_key", "(string) => object[string: any]", typed<parse_rsa_private_key>),
};

}  // namespace

std::span<const Builtin> x509() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
