// Digests by OpenSSL.
#include "policy/builtins/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "policy/builtins/crypto/openssl.h"

namespace signalbox::policy::crypto {

const EVP_MD* openssl_digest(Digest kind) {
  switch (kind) {
    case Digest::Md5: return EVP_md5();
    case Digest::Sha1: return EVP_sha1();
    case Digest::Sha256: return EVP_sha256();
    case Digest::Sha384: return EVP_sha384();
    case Digest::Sha512: break;
  }
  return EVP_sha512();
}

std::string digest(Digest kind, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes_of(out), &size, openssl_digest(kind), nullptr);
  out.resize(size);
  return out;
}

std::string hmac(Digest kind, std::string_view key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  static constexpr char kNoKey = 0;  // OpenSSL reads a null key as "the last one"
  HMAC(openssl_digest(kind), key.empty() ? &kNoKey : key.data(), static_cast<int>(key.size()), bytes_of(text),
       text.size(), bytes_of(out), &size);
  out.resize(size);
  return out;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace signalbox::policy::crypto
