// Private keys: reading PEM, and the two JSON forms that OPA gives them.
#include "policy/builtins/crypto/private_key.h"

#include <openssl/core_names.h>

#include "policy/builtins/crypto/der.h"
#include "policy/builtins/crypto/go_json.h"
#include "policy/builtins/crypto/key.h"
#include "policy/builtins/go/codec.h"

namespace signalbox::policy::crypto {
namespace {

using Failure = std::unexpected<std::string>;

std::string problem_of(std::string_view type, std::string_view der) {
  if (type == "RSA PRIVATE KEY") return der_problem(der, "pkcs1PrivateKey");
  if (type != "EC PRIVATE KEY") return der_problem(der, "pkcs8");
  return "x509: failed to parse EC private key: " + der_problem(der, "ecPrivateKey");
}

struct RsaMember {
  std::string_view jwk;
  const char* name;
};
constexpr RsaMember kRsaMembers[] = {
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"e", OSSL_PKEY_PARAM_RSA_E},
    {"n", OSSL_PKEY_PARAM_RSA_N},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

std::string base64url(const BIGNUM* number, int width = 0) {
  return go::base64_encode(big_endian(number, width), go::Base64::RawUrl);
}

struct Curve {
  std::string_view jwk;
  int bytes = 0;
};
Curve curve_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_bits(key)) {
    case 256: return {"P-256", 32};
    case 384: return {"P-384", 48};
    case 521: return {"P-521", 66};
    default: return {"P-224", 28};
  }
}

}  // namespace

std::expected<PrivateKey, std::string> private_key(std::string_view type, std::string_view der) {
  const int kind = type == "RSA PRIVATE KEY" ? EVP_PKEY_RSA : type == "EC PRIVATE KEY" ? EVP_PKEY_EC : 0;
  if (kind == 0 && type != "PRIVATE KEY") return PrivateKey();
  const unsigned char* at = bytes_of(der);
  const auto size = static_cast<long>(der.size());
  EVP_PKEY* key = nullptr;
  if (kind != 0) {
    key = d2i_PrivateKey(kind, nullptr, &at, size);
  } else if (Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
                 d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, size));
             info) {
    key = EVP_PKCS82PKEY(info.get());
  }
  if (key == nullptr) return Failure(problem_of(type, der));
  return share(key);
}

std::expected<std::vector<PrivateKey>, std::string> private_keys(std::string_view text) {
  std::string decoded;
  if (auto bytes = go::base64_decode(text)) text = decoded = std::move(*bytes);
  std::vector<PrivateKey> out;
  while (!text.empty()) {
    const PemBlock block = first_pem_block(text);
    if (block.type.empty()) break;
    text = block.rest;
    auto key = private_key(block.type, block.bytes);
    if (!key) return Failure(key.error());
    if (*key) out.push_back(std::move(*key));
  }
  return out;
}

Value key_as_go_json(Arena& arena, const PrivateKey& key) {
  GoJson json(arena);
  EVP_PKEY* pkey = key.get();
  const auto number = [&](const char* name) { return json.number(key_number(pkey, name).get()); };
  ObjectBuilder out(arena);
  switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA: {
      ObjectBuilder crt(arena);
      crt.add("CRTValues", kEmptyArray);
      crt.add("Dp", number(OSSL_PKEY_PARAM_RSA_EXPONENT1));
      crt.add("Dq", number(OSSL_PKEY_PARAM_RSA_EXPONENT2));
      crt.add("Qinv", number(OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
      out.add("D", number(OSSL_PKEY_PARAM_RSA_D));
      out.add("E", number(OSSL_PKEY_PARAM_RSA_E));
      out.add("N", number(OSSL_PKEY_PARAM_RSA_N));
      out.add("Precomputed", crt.finish());
      out.add("Primes",
              json.list({number(OSSL_PKEY_PARAM_RSA_FACTOR1), number(OSSL_PKEY_PARAM_RSA_FACTOR2)}));
      return out.finish();
    }
    case EVP_PKEY_EC:
      out.add("Curve", kEmptyObject);
      out.add("D", number(OSSL_PKEY_PARAM_PRIV_KEY));
      out.add("X", number(OSSL_PKEY_PARAM_EC_PUB_X));
      out.add("Y", number(OSSL_PKEY_PARAM_EC_PUB_Y));
      return out.finish();
    case EVP_PKEY_ED25519: return json.bytes(raw_private_key(pkey) + raw_public_key(pkey));
    default: return kEmptyObject;  // *ecdh.PrivateKey shows nothing
  }
}

Value key_as_jwk(Arena& arena, const PrivateKey& key) {
  GoJson json(arena);
  EVP_PKEY* pkey = key.get();
  ObjectBuilder out(arena);
  const int kind = EVP_PKEY_get_base_id(pkey);
  if (kind == EVP_PKEY_RSA) {
    out.add("kty", json.text("RSA"));
    for (const RsaMember& member : kRsaMembers)
      if (BigNumber number = key_number(pkey, member.name))
        out.add(member.jwk, json.text(base64url(number.get())));
  } else if (kind == EVP_PKEY_EC) {
    const Curve curve = curve_of(pkey);
    const auto add = [&](std::string_view name, const char* param) {
      out.add(name, json.text(base64url(key_number(pkey, param).get(), curve.bytes)));
    };
    out.add("kty", json.text("EC"));
    out.add("crv", json.text(curve.jwk));
    add("d", OSSL_PKEY_PARAM_PRIV_KEY);
    add("x", OSSL_PKEY_PARAM_EC_PUB_X);
    add("y", OSSL_PKEY_PARAM_EC_PUB_Y);
  } else {
    out.add("kty", json.text("OKP"));
    out.add("crv", json.text(kind == EVP_PKEY_ED25519 ? "Ed25519" : "X25519"));
    out.add("d", json.text(go::base64_encode(raw_private_key(pkey), go::Base64::RawUrl)));
    out.add("x", json.text(go::base64_encode(raw_public_key(pkey), go::Base64::RawUrl)));
  }
  return out.finish();
}

std::string pairing_problem(const PrivateKey& key, std::string_view certificate_der) {
  const unsigned char* at = bytes_of(certificate_der);
  Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
  if (!certificate) return "x509: malformed certificate";
  const EVP_PKEY* certified = X509_get0_pubkey(certificate.get());
  if (certified == nullptr || EVP_PKEY_get_base_id(certified) != EVP_PKEY_get_base_id(key.get()))
    return "tls: private key type does not match public key type";
  return X509_check_private_key(certificate.get(), key.get()) == 1
             ? ""
             : "tls: private key does not match public key";
}

}  // namespace signalbox::policy::crypto
