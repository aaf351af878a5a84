// Keys to verify by: PEM certificates and public keys; JWKs are read in jwk.cpp.
#include "policy/builtins/crypto/key.h"

#include <openssl/x509.h>

#include "policy/builtins/crypto/openssl.h"
#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::crypto {
namespace {

using Failure = std::unexpected<std::string>;

std::expected<std::vector<Key>, std::string> pem_key(const PemBlock& block) {
  if (!block.rest.empty()) return Failure("extra data after a PEM certificate block");
  const unsigned char* at = bytes_of(std::string_view(block.bytes));
  EVP_PKEY* key = nullptr;
  if (block.type == "CERTIFICATE") {
    Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(block.bytes.size())));
    if (!certificate) return Failure("failed to parse a PEM certificate: x509: malformed certificate");
    key = X509_get_pubkey(certificate.get());
  } else if (block.type == "PUBLIC KEY") {
    key = d2i_PUBKEY(nullptr, &at, static_cast<long>(block.bytes.size()));
  } else {
    return Failure("failed to extract a Key from the PEM certificate");
  }
  if (key == nullptr) return Failure("failed to parse a PEM public key: asn1: structure error");
  int type = EVP_PKEY_get_base_id(key);
  auto kind = type == EVP_PKEY_RSA  ? Key::Kind::Rsa
              : type == EVP_PKEY_EC ? Key::Kind::Ec
                                    : Key::Kind::Ed25519;
  return std::vector{Key{kind, share(key), {}, false, {}, {}, {}, {}}};
}

}  // namespace

std::expected<std::vector<Key>, std::string> verification_keys(std::string_view text) {
  if (PemBlock block = first_pem_block(text); !block.type.empty()) return pem_key(block);
  auto keys = jwk_keys(text);
  if (!keys)
    return Failure("failed to parse a JWK key (set): jwk.ParseString: failed to parse string: " +
                   keys.error());
  for (const Key& key : *keys) {
    if (!key.unusable.empty()) return Failure(key.unusable);
  }
  std::erase_if(*keys, [](const Key& key) {
    return !key.algorithm.empty() && find_algorithm(key.algorithm) == nullptr;
  });
  return keys;
}

PemBlock first_pem_block(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    std::string_view rest = text.substr(at + kBegin.size());
    std::size_t line_end = std::min(rest.find('\n'), rest.size());
    std::string_view type = go::trim_right(rest.substr(0, line_end), " \t\r");
    if (!type.ends_with(kDashes)) continue;
    type.remove_suffix(kDashes.size());
    rest = rest.substr(std::min(line_end + 1, rest.size()));
    std::string end = std::string(kEnd) + std::string(type) + std::string(kDashes);
    std::size_t stop = rest.find(end);
    if (stop == std::string_view::npos) continue;
    std::string_view body = rest.substr(0, stop);
    while (body.substr(0, body.find('\n')).find(':') !=
           std::string_view::npos) {  // headers, then an empty line
      std::size_t n = body.find('\n');
      body = n == std::string_view::npos ? std::string_view() : body.substr(n + 1);
    }
    std::string compact;
    for (char c : body)
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') compact += c;
    auto bytes = go::base64_decode(compact);
    if (!bytes) continue;
    rest = rest.substr(stop + end.size());
    std::size_t after = std::min(rest.find_first_not_of(" \t\r"), rest.size());
    if (after < rest.size() && rest[after] == '\n') ++after;
    return {std::string(type), std::move(*bytes), rest.substr(after)};
  }
  return {{}, {}, text};
}

}  // namespace signalbox::policy::crypto
