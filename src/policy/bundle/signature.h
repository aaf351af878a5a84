// Bundle signatures: `.signatures.json` holds one JSON Web Token whose payload lists every file with its
// digest (OPA's format). Structured files are digested by their value, others by their bytes.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "policy/bundle/archive.h"

namespace signalbox::policy {

struct VerificationKey {
  std::string key;  ///< PEM public key or certificate, JWK, or the secret of an HS* algorithm
  std::string algorithm = "RS256";
  std::string scope;  ///< must equal the payload's
};

struct SigningKey {
  std::string key;  ///< PEM private key, or the secret of an HS* algorithm
  std::string algorithm = "RS256";
  std::string claims;  ///< a JSON object of more claims; empty = none
  std::string id;      ///< "kid" of the header and "keyid" of the payload; empty = none
};

/// The text of .signatures.json for `files` (which must not contain it).
std::expected<std::string, std::string> sign_files(std::span<const ArchiveFile> files, const SigningKey& key);

/// Every file must be listed with its digest, and every listed file be there.
std::expected<void, std::string> verify_files(std::span<const ArchiveFile> files, std::string_view signatures,
                                              const VerificationKey& key);

}  // namespace signalbox::policy
