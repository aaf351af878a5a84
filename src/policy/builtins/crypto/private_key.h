// Private keys in PEM: RSA (PKCS #1), EC (SEC 1) and PKCS #8.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/value/value.h"

struct evp_pkey_st;

namespace signalbox::policy::crypto {

using PrivateKey = std::shared_ptr<evp_pkey_st>;

/// Every private key of the PEM blocks in `text`, which may be base64 of them. Errors read as Go's.
std::expected<std::vector<PrivateKey>, std::string> private_keys(std::string_view text);
/// One key of DER under the type of its PEM block. Null result: the type is not a private key's.
std::expected<PrivateKey, std::string> private_key(std::string_view type, std::string_view der);

/// As Go's JSON of *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey.
Value key_as_go_json(Arena& arena, const PrivateKey& key);
/// As a JSON Web Key (RFC 7517).
Value key_as_jwk(Arena& arena, const PrivateKey& key);

/// Empty when the public half of `key` is the certificate's (DER); Go's complaint otherwise.
std::string pairing_problem(const PrivateKey& key, std::string_view certificate_der);

}  // namespace signalbox::policy::crypto
