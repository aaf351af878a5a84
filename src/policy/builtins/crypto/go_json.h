// Values in the form that Go's encoding/json gives to what crypto types hold: bytes as base64, big numbers as
// numbers, an absent list as null. For the .cpp files of this folder.
#pragma once

#include <string_view>
#include <vector>

#include "policy/builtins/crypto/openssl.h"
#include "policy/value/builder.h"
#include "policy/value/value.h"

namespace signalbox::policy::crypto {

class GoJson {
 public:
  explicit GoJson(Arena& arena) : arena_(arena) {}

  Arena& arena() { return arena_; }
  Value text(std::string_view text) { return copy_string(arena_, text); }
  /// Go's nil slice of bytes is null.
  Value bytes(std::string_view bytes, bool absent = false);
  Value number(const BIGNUM* number);
  /// Null when empty, as a nil slice.
  Value list(const std::vector<Value>& items);
  /// [1, 2, 840, 113549]
  Value object_id(const ASN1_OBJECT* id);
  std::string object_id_text(const ASN1_OBJECT* id);
  /// The parts of a *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey; null for other kinds.
  Value public_key(EVP_PKEY* key);

 private:
  Arena& arena_;
};

/// The number that a key holds under this name (OSSL_PKEY_PARAM_...); null when there is none.
BigNumber key_number(EVP_PKEY* key, const char* name);
/// The raw bytes of an Ed25519 or X25519 key.
std::string raw_public_key(EVP_PKEY* key);
std::string raw_private_key(EVP_PKEY* key);

}  // namespace signalbox::policy::crypto
