// Signing and verifying. The digest of a structured file is that of its compact JSON with sorted keys, which
// is what OPA's recursive walk writes; so white space and key order may change without breaking a signature.
#include "policy/bundle/signature.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include <algorithm>
#include <map>

#include "policy/builtins/crypto/openssl.h"
#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/go/codec.h"
#include "policy/data/yaml.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

using Failure = std::unexpected<std::string>;
constexpr std::string_view kSignatures = ".signatures.json";

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_structured(std::string_view path) {
  const std::string_view name = base_name(path);
  return name == "data.json" || name == "data.yaml" || name == ".manifest";
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::optional<crypto::Digest> digest_named(std::string_view name) {
  if (name == "SHA-256") return crypto::Digest::Sha256;
  if (name == "SHA-384") return crypto::Digest::Sha384;
  if (name == "SHA-512") return crypto::Digest::Sha512;
  return std::nullopt;  // MD5 and SHA-1, which OPA allows, protect nothing any more
}

std::expected<std::string, std::string> digest_of(const ArchiveFile& file, crypto::Digest kind) {
  if (!is_structured(file.path)) return hex(crypto::digest(kind, file.bytes));
  Arena arena;
  const auto value =
      file.path.ends_with(".yaml") ? parse_yaml(arena, file.bytes) : parse_json(arena, file.bytes);
  if (!value) return Failure(fmt::format("{}: {}", file.path, value.error().message));
  return hex(crypto::digest(kind, to_json(*value)));
}

std::expected<crypto::Key, std::string> private_key(const SigningKey& from,
                                                    const crypto::Algorithm& algorithm) {
  crypto::Key key;
  if (algorithm.family == crypto::Algorithm::Family::Hmac) {
    key.secret = from.key;
    key.is_private = true;
    return key;
  }
  const crypto::Owned<BIO, BIO_free_all> text(
      BIO_new_mem_buf(from.key.data(), static_cast<int>(from.key.size())));
  key.pkey = crypto::share(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
  if (!key.pkey) return Failure("the signing key is no PEM private key");
  key.is_private = true;
  using Family = crypto::Algorithm::Family;
  key.kind = algorithm.family == Family::Ecdsa   ? crypto::Key::Kind::Ec
             : algorithm.family == Family::EdDsa ? crypto::Key::Kind::Ed25519
                                                 : crypto::Key::Kind::Rsa;
  return key;
}

std::expected<std::vector<crypto::Key>, std::string> public_keys(const VerificationKey& from,
                                                                 const crypto::Algorithm& algorithm) {
  if (algorithm.family != crypto::Algorithm::Family::Hmac) return crypto::verification_keys(from.key);
  crypto::Key key;
  key.secret = from.key;
  return std::vector{key};
}

std::expected<std::string, std::string> payload_of(std::span<const ArchiveFile> files,
                                                   const SigningKey& key) {
  std::string list = "[";
  for (const ArchiveFile& file : files) {
    const auto digest = digest_of(file, crypto::Digest::Sha256);
    if (!digest) return Failure(digest.error());
    if (list.size() > 1) list += ',';
    list += R"({"name":)" + to_json(Value::string(file.path)) + R"(,"hash":")" + *digest +
            R"(","algorithm":"SHA-256"})";
  }
  std::string out = R"({"files":)" + list + "]";
  if (!key.claims.empty()) {
    Arena arena;
    const auto claims = parse_json(arena, key.claims);
    if (!claims || !claims->is_object()) return Failure("the claims are no JSON object");
    for (const Pair& claim : claims->as_object())
      out += "," + to_json(claim.key) + ":" + to_json(claim.value);
  } else if (!key.id.empty()) {
    out += R"(,"keyid":)" + to_json(Value::string(key.id));
  }
  return out + "}";
}

struct Payload {
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> files;  ///< name: hash, algorithm
  std::string scope;
};

/// The payload of the one token, once its signature holds.
std::expected<Payload, std::string> verified_payload(std::string_view signatures, const VerificationKey& by) {
  Arena arena;
  const auto document = parse_json(arena, signatures);
  const Value tokens = document ? document->at("signatures") : Value();
  if (!tokens.is_array() || tokens.size() != 1 || !tokens.as_array()[0].is_string())
    return Failure(".signatures.json must hold exactly one JSON Web Token");
  const std::string_view token = tokens.as_array()[0].as_string();
  const auto first = token.find('.'), last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return Failure(".signatures.json: malformed token");
  const auto signature = go::base64_decode(token.substr(last + 1), go::Base64::RawUrl);
  const auto text = go::base64_decode(token.substr(first + 1, last - first - 1), go::Base64::RawUrl);
  const crypto::Algorithm* algorithm = crypto::find_algorithm(by.algorithm);
  if (!signature || !text) return Failure(".signatures.json: malformed token");
  if (algorithm == nullptr) return Failure("unknown signature algorithm: " + by.algorithm);
  const auto keys = public_keys(by, *algorithm);
  if (!keys) return Failure(keys.error());
  const bool good = std::ranges::any_of(*keys, [&](const crypto::Key& key) {
    return crypto::verify(key, *algorithm, token.substr(0, last), *signature);
  });
  if (!good) return Failure("the bundle's signature does not hold");
  const auto payload = parse_json(arena, *text);
  Payload out;
  const Value files = payload ? payload->at("files") : Value();
  if (!files.is_array()) return Failure(".signatures.json: the payload lists no files");
  for (const Value& file : files.as_array()) {
    const Value name = file.at("name"), hash = file.at("hash"), kind = file.at("algorithm");
    if (!name.is_string() || !hash.is_string() || !kind.is_string())
      return Failure(".signatures.json: a listed file lacks name, hash or algorithm");
    out.files[std::string(name.as_string())] = {std::string(hash.as_string()), std::string(kind.as_string())};
  }
  if (const Value scope = payload->at("scope"); scope.is_string()) out.scope = scope.as_string();
  return out;
}

}  // namespace

std::expected<std::string, std::string> sign_files(std::span<const ArchiveFile> files,
                                                   const SigningKey& key) {
  const crypto::Algorithm* algorithm = crypto::find_algorithm(key.algorithm);
  if (algorithm == nullptr) return Failure("unknown signature algorithm: " + key.algorithm);
  const auto secret = private_key(key, *algorithm);
  if (!secret) return Failure(secret.error());
  const auto payload = payload_of(files, key);
  if (!payload) return Failure(payload.error());
  std::string header = R"({"alg":")" + key.algorithm + "\"";
  if (!key.id.empty()) header += R"(,"kid":)" + to_json(Value::string(key.id));
  std::string token = go::base64_encode(header + "}", go::Base64::RawUrl) + "." +
                      go::base64_encode(*payload, go::Base64::RawUrl);
  const auto signature = crypto::sign(*secret, *algorithm, token);
  if (!signature) return Failure(signature.error());
  token += "." + go::base64_encode(*signature, go::Base64::RawUrl);
  return R"({"signatures":[")" + token + R"("]})";
}

std::expected<void, std::string> verify_files(std::span<const ArchiveFile> files, std::string_view signatures,
                                              const VerificationKey& key) {
  auto payload = verified_payload(signatures, key);
  if (!payload) return Failure(payload.error());
  if (payload->scope != key.scope) return Failure("the signature is for another scope");
  for (const ArchiveFile& file : files) {
    if (file.path == kSignatures) continue;
    const auto listed = payload->files.find(file.path);
    if (listed == payload->files.end())
      return Failure(fmt::format("file {} is not included in the bundle's signature", file.path));
    const auto kind = digest_named(listed->second.second);
    if (!kind)
      return Failure(fmt::format("{}: unsupported hashing algorithm {}", file.path, listed->second.second));
    const auto digest = digest_of(file, *kind);
    if (!digest) return Failure(digest.error());
    if (*digest != listed->second.first) return Failure(fmt::format("{}: digest mismatch", file.path));
    payload->files.erase(listed);
  }
  if (!payload->files.empty())
    return Failure(fmt::format("file {} is signed but not in the bundle", payload->files.begin()->first));
  return {};
}

}  // namespace signalbox::policy
