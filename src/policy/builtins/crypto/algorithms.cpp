// OpenSSL's names to Go's numbers. RSA-PSS has one name in OpenSSL and three numbers in Go, by its hash.
#include "policy/builtins/crypto/algorithms.h"

#include "policy/builtins/crypto/openssl.h"

namespace signalbox::policy::crypto {

int signature_algorithm(int nid, const X509_ALGOR* algorithm) {
  switch (nid) {
    case NID_md5WithRSAEncryption: return 2;
    case NID_sha1WithRSAEncryption:
    case NID_sha1WithRSA: return 3;
    case NID_sha256WithRSAEncryption: return 4;
    case NID_sha384WithRSAEncryption: return 5;
    case NID_sha512WithRSAEncryption: return 6;
    case NID_dsaWithSHA1: return 7;
    case NID_dsa_with_SHA256: return 8;
    case NID_ecdsa_with_SHA1: return 9;
    case NID_ecdsa_with_SHA256: return 10;
    case NID_ecdsa_with_SHA384: return 11;
    case NID_ecdsa_with_SHA512: return 12;
    case NID_ED25519: return 16;
    case NID_rsassaPss: break;
    default: return 0;
  }
  const ASN1_OBJECT* id = nullptr;
  int type = 0;
  const void* parameter = nullptr;
  X509_ALGOR_get0(&id, &type, &parameter, algorithm);
  if (type != V_ASN1_SEQUENCE) return 0;
  const auto* string = static_cast<const ASN1_STRING*>(parameter);
  const unsigned char* at = ASN1_STRING_get0_data(string);
  Owned<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> pss(
      d2i_RSA_PSS_PARAMS(nullptr, &at, ASN1_STRING_length(string)));
  if (!pss || pss->hashAlgorithm == nullptr) return 0;
  switch (OBJ_obj2nid(pss->hashAlgorithm->algorithm)) {
    case NID_sha256: return 13;
    case NID_sha384: return 14;
    case NID_sha512: return 15;
    default: return 0;
  }
}

int key_algorithm(EVP_PKEY* key) {
  switch (key == nullptr ? 0 : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return 1;
    case EVP_PKEY_DSA: return 2;
    case EVP_PKEY_EC: return 3;
    case EVP_PKEY_ED25519: return 4;
    default: return 0;
  }
}

}  // namespace signalbox::policy::crypto
