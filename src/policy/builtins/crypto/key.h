// Keys for JSON Web Signatures: read from PEM certificates, PEM public keys and JWKs (RFC 7517).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace signalbox::policy::crypto {

struct Key {
  enum class Kind : std::uint8_t { Rsa, Ec, Ed25519, Secret } kind = Kind::Secret;
  std::shared_ptr<evp_pkey_st> pkey;  ///< null for Secret
  std::string secret;                 ///< of Secret
  bool is_private = false;
  std::string algorithm, id;  ///< "alg" and "kid" of a JWK; may be empty
  std::string_view go_type;   ///< of a JWK: what errors call it, "*jwk.rsaPrivateKey"
  std::string unusable;       ///< why nothing can be verified by it, though it is a key; may be empty
};

/// The keys of a PEM certificate, a PEM public key, a JWK or a JWK set. Errors read as OPA's.
std::expected<std::vector<Key>, std::string> verification_keys(std::string_view text);
/// The keys of a JWK or a JWK set.
std::expected<std::vector<Key>, std::string> jwk_keys(std::string_view json);

/// The first PEM block of a text: its type, its bytes, and what follows. Empty type when there is none.
struct PemBlock {
  std::string type, bytes;
  std::string_view rest;
};
PemBlock first_pem_block(std::string_view text);

}  // namespace signalbox::policy::crypto
