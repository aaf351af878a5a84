// Signing and verifying by OpenSSL's digest-sign interface.
// The surprise: a JWS holds an ECDSA signature as two bare numbers side by side, OpenSSL as DER.
#include "policy/builtins/crypto/signature.h"

#include <openssl/rsa.h>

#include <array>

#include "policy/builtins/crypto/openssl.h"

namespace signalbox::policy::crypto {
namespace {

using Family = Algorithm::Family;

constexpr std::array kAlgorithms = {
    Algorithm{"RS256", Family::RsaPkcs1, Digest::Sha256},
    Algorithm{"RS384", Family::RsaPkcs1, Digest::Sha384},
    Algorithm{"RS512", Family::RsaPkcs1, Digest::Sha512},
    Algorithm{"PS256", Family::RsaPss, Digest::Sha256},
    Algorithm{"PS384", Family::RsaPss, Digest::Sha384},
    Algorithm{"PS512", Family::RsaPss, Digest::Sha512},
    Algorithm{"ES256", Family::Ecdsa, Digest::Sha256},
    Algorithm{"ES384", Family::Ecdsa, Digest::Sha384},
    Algorithm{"ES512", Family::Ecdsa, Digest::Sha512},
    Algorithm{"HS256", Family::Hmac, Digest::Sha256},
    Algorithm{"HS384", Family::Hmac, Digest::Sha384},
    Algorithm{"HS512", Family::Hmac, Digest::Sha512},
    Algorithm{"EdDSA", Family::EdDsa, Digest::Sha512},
};

bool fits(const Key& key, Family family) {
  switch (family) {
    case Family::Hmac: return key.kind == Key::Kind::Secret;
    case Family::RsaPkcs1:
    case Family::RsaPss: return key.kind == Key::Kind::Rsa;
    case Family::Ecdsa: return key.kind == Key::Kind::Ec;
    case Family::EdDsa: return key.kind == Key::Kind::Ed25519 && key.pkey != nullptr;
  }
  return false;
}

bool set_padding(EVP_PKEY_CTX* context, Family family, int salt) {
  if (family != Family::RsaPss) return true;
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt) == 1;
}

std::string der_of(std::string_view raw) {
  std::size_t half = raw.size() / 2;
  EcdsaSignature signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), big_number(raw.substr(0, half)).release(),
                 big_number(raw.substr(half)).release());
  unsigned char* der = nullptr;
  int size = i2d_ECDSA_SIG(signature.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

std::string raw_of(std::string_view der, EVP_PKEY* key) {
  const unsigned char* at = bytes_of(der);
  EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!signature) return {};
  int width = (EVP_PKEY_get_bits(key) + 7) / 8;
  return big_endian(ECDSA_SIG_get0_r(signature.get()), width) +
         big_endian(ECDSA_SIG_get0_s(signature.get()), width);
}

}  // namespace

const Algorithm* find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

bool verify(const Key& key, const Algorithm& algorithm, std::string_view text, std::string_view signature) {
  if (!fits(key, algorithm.family)) return false;
  if (algorithm.family == Family::Hmac)
    return equal_constant_time(hmac(algorithm.digest, key.secret, text), signature);
  std::string der;
  if (algorithm.family == Family::Ecdsa) signature = der = der_of(signature);
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;
  const EVP_MD* digest = algorithm.family == Family::EdDsa ? nullptr : openssl_digest(algorithm.digest);
  return EVP_DigestVerifyInit(context.get(), &details, digest, nullptr, key.pkey.get()) == 1 &&
         set_padding(details, algorithm.family, RSA_PSS_SALTLEN_AUTO) &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

/// What OPA's library says of a key that another algorithm's signer cannot use.
static std::string no_signer(const Key& key, Family family) {
  const bool prefixed = family == Family::Hmac || family == Family::Ecdsa;
  const std::string wanted = family == Family::Hmac    ? "[]byte"
                             : family == Family::Ecdsa ? "ecdsa.PrivateKey"
                             : family == Family::EdDsa ? "ed25519.PrivateKey"
                                                       : "rsa.PrivateKey";
  const std::string required = (wanted.ends_with("sa.PrivateKey") ? "*" : "") + wanted;
  const std::string of(key.go_type);
  const std::string why =
      key.kind == Key::Kind::Ed25519
          ? std::string("failed to assign key: argument to AssignIfCompatible() must be compatible with ") +
                (key.is_private ? "ed25519.PrivateKey" : "ed25519.PublicKey") + " (was *" +
                (family == Family::Hmac ? "[]uint8" : wanted) + ")"
          : "no suitable exporter found for key type '" + of + "'";
  return "jwsbb.Sign: invalid key type " + of + ". " + required +
         " is required: " + (prefixed ? "keyconv: " : "") + "failed to produce " + wanted + " from " + of +
         ": jwk.Export: " + why;
}

std::expected<std::string, std::string> sign(const Key& key, const Algorithm& algorithm,
                                             std::string_view text) {
  if (!fits(key, algorithm.family) || !key.is_private)
    return std::unexpected(no_signer(key, algorithm.family));
  if (algorithm.family == Family::Hmac) {
    return hmac(algorithm.digest, key.secret, text);
  }
  DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* details = nullptr;
  const EVP_MD* digest = algorithm.family == Family::EdDsa ? nullptr : openssl_digest(algorithm.digest);
  std::size_t size = 0;
  std::string signature;
  bool done = EVP_DigestSignInit(context.get(), &details, digest, nullptr, key.pkey.get()) == 1 &&
              set_padding(details, algorithm.family, RSA_PSS_SALTLEN_DIGEST) &&
              EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1;
  if (done) {
    signature.resize(size);
    done = EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(text), text.size()) == 1;
    signature.resize(size);
  }
  if (!done) return std::unexpected("cannot sign with this key by " + std::string(algorithm.name));
  return algorithm.family == Family::Ecdsa ? raw_of(signature, key.pkey.get()) : signature;
}

}  // namespace signalbox::policy::crypto
