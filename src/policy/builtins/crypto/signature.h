// The signature algorithms of JSON Web Signatures (RFC 7518, RFC 8037).
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "policy/builtins/crypto/digest.h"
#include "policy/builtins/crypto/key.h"

namespace signalbox::policy::crypto {

struct Algorithm {
  enum class Family : std::uint8_t { Hmac, RsaPkcs1, RsaPss, Ecdsa, EdDsa };
  std::string_view name;  ///< "RS256"
  Family family;
  Digest digest;
};

/// Null when OPA does not know the name.
const Algorithm* find_algorithm(std::string_view name);

/// False for a wrong signature and for a key of another family.
bool verify(const Key& key, const Algorithm& algorithm, std::string_view text, std::string_view signature);
/// The error names what is wrong with the key.
std::expected<std::string, std::string> sign(const Key& key, const Algorithm& algorithm,
                                             std::string_view text);

}  // namespace signalbox::policy::crypto
