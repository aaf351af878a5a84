// Certificates: reading and verifying. Verification is OpenSSL's, with the trust anchors that OPA takes: the
// first certificate is the root, the last the leaf, what is between may help.
#include "policy/builtins/crypto/certificate.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "policy/builtins/crypto/der.h"
#include "policy/builtins/crypto/key.h"
#include "policy/builtins/crypto/key_usage.h"
#include "policy/builtins/crypto/openssl.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::crypto {
namespace {

using Failure = std::unexpected<std::string>;
using Certificate = Owned<X509, X509_free>;

constexpr std::string_view kBegin = "-----BEGIN";

Certificate read(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  return Certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

/// DER certificates one after the other.
std::expected<std::vector<std::string>, std::string> split(std::string_view ders) {
  std::vector<std::string> out;
  while (!ders.empty()) {
    const unsigned char* at = bytes_of(ders);
    if (Certificate one(d2i_X509(nullptr, &at, static_cast<long>(ders.size()))); !one)
      return Failure("x509: malformed certificate");
    const auto size = static_cast<std::size_t>(at - bytes_of(ders));
    out.emplace_back(ders.substr(0, size));
    ders.remove_prefix(size);
  }
  return out;
}

std::expected<std::vector<std::string>, std::string> from_pem(std::string_view text) {
  std::string ders;
  while (!text.empty()) {
    const PemBlock block = first_pem_block(text);
    if (block.type.empty()) break;
    if (block.type != "CERTIFICATE")
      return Failure("PEM block type is '" + block.type + "', expected CERTIFICATE");
    ders += block.bytes;
    text = block.rest;
  }
  return split(ders);
}

bool has_usage(X509* certificate, const std::vector<int>& wanted) {
  Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usages(
      static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(certificate, NID_ext_key_usage, nullptr, nullptr)));
  if (!usages || std::ranges::find(wanted, kAnyUsage) != wanted.end()) return true;
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
    const auto usage = key_usage_of(sk_ASN1_OBJECT_value(usages.get(), i));
    if (usage && (*usage == kAnyUsage || std::ranges::find(wanted, *usage) != wanted.end())) return true;
  }
  return false;
}

/// Go does not look at the subject's common name, and takes "[::1]" for an address.
bool has_name(X509* certificate, std::string name) {
  if (name.empty()) return true;
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (X509_check_ip_asc(certificate, name.c_str(), 0) == 1) return true;
  constexpr unsigned kFlags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  return X509_check_host(certificate, name.data(), name.size(), kFlags, nullptr) == 1;
}

}  // namespace

std::expected<std::vector<std::string>, std::string> certificates(std::string_view text) {
  if (text.starts_with(kBegin)) return from_pem(text);
  auto bytes = go::base64_decode(text);
  if (!bytes) return Failure(bytes.error().message);
  return bytes->starts_with(kBegin) ? from_pem(*bytes) : split(*bytes);
}

std::expected<std::string, std::string> certificate_request(std::string_view text) {
  std::string bytes(text);
  if (!text.starts_with("-----BEGIN CERTIFICATE REQUEST-----")) {
    auto decoded = go::base64_decode(text);
    if (!decoded) return Failure(decoded.error().message);
    bytes = std::move(*decoded);
  }
  PemBlock block = first_pem_block(bytes);
  if (!block.type.empty() && block.type != "CERTIFICATE REQUEST")
    return Failure("invalid PEM-encoded certificate signing request");
  if (!block.type.empty()) bytes = std::move(block.bytes);
  const unsigned char* at = bytes_of(std::string_view(bytes));
  Owned<X509_REQ, X509_REQ_free> request(d2i_X509_REQ(nullptr, &at, static_cast<long>(bytes.size())));
  if (request && at != bytes_of(std::string_view(bytes)) + bytes.size())
    return Failure("asn1: syntax error: trailing data");
  if (request) return bytes;
  return Failure(der_problem(bytes, "certificateRequest"));
}

std::vector<std::string> verified_chain(const std::vector<std::string>& ders, const VerifyOptions& options,
                                        std::int64_t now_ns) {
  if (ders.size() < 2) return {};
  std::vector<Certificate> all;
  for (const std::string& der : ders) all.push_back(read(der));
  Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }> between(sk_X509_new_null());
  Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  if (!store || !between || !context || X509_STORE_add_cert(store.get(), all.front().get()) != 1) return {};
  for (std::size_t i = 1; i + 1 < all.size(); ++i) sk_X509_push(between.get(), all[i].get());
  X509* leaf = all.back().get();
  if (X509_STORE_CTX_init(context.get(), store.get(), leaf, between.get()) != 1) return {};
  X509_VERIFY_PARAM* params = X509_STORE_CTX_get0_param(context.get());
  constexpr std::int64_t kSecond = 1'000'000'000;
  X509_VERIFY_PARAM_set_time(params, static_cast<time_t>(options.time_ns.value_or(now_ns) / kSecond));
  // Any certificate of the store ends a chain, self-signed or not.
  X509_VERIFY_PARAM_set_flags(params, X509_V_FLAG_PARTIAL_CHAIN);
  if (!has_name(leaf, options.dns_name) || X509_verify_cert(context.get()) != 1) return {};
  const auto wanted = options.key_usages.empty() ? std::vector<int>{kServerAuthUsage} : options.key_usages;
  std::vector<std::string> chain;
  STACK_OF(X509)* found = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 0; i < sk_X509_num(found); ++i) {
    X509* one = sk_X509_value(found, i);
    if (!has_usage(one, wanted)) return {};
    unsigned char* der = nullptr;
    const int size = i2d_X509(one, &der);
    chain.emplace_back(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  return chain;
}

}  // namespace signalbox::policy::crypto
