// The numbers that Go's crypto/x509 gives to algorithms.
#pragma once

#include <openssl/x509.h>

namespace signalbox::policy::crypto {

/// x509.SignatureAlgorithm; 0 = unknown.
int signature_algorithm(int nid, const X509_ALGOR* algorithm);
/// x509.PublicKeyAlgorithm; 0 = unknown.
int key_algorithm(EVP_PKEY* key);

}  // namespace signalbox::policy::crypto
