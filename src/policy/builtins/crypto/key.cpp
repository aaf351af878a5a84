// Key parsing. JWK numbers are base64url big-endian integers; OpenSSL 3 takes them as named parameters.
#include "policy/builtins/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "policy/builtins/crypto/openssl.h"
#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/json_shape.h"
#include "policy/value/json.h"

namespace signalbox::policy::crypto {
namespace {

using Failure = std::unexpected<std::string>;

/// A member of a JWK, decoded; empty when absent. The error is Go's about base64.
std::expected<std::string, std::string> member(const Value& jwk, std::string_view name) {
  Value value = jwk.at(name);
  if (!value) return "";
  if (!value.is_string())
    return Failure("failed to unmarshal JWK: invalid value for \"" + std::string(name) + "\"");
  std::string_view text = value.as_string();
  while (text.ends_with('=')) text.remove_suffix(1);
  auto bytes = go::base64_decode(text, go::Base64::RawUrl);
  if (!bytes)
    return Failure("failed to decode base64 data for \"" + std::string(name) +
                   "\": " + bytes.error().message);
  return *bytes;
}

/// Collects named numbers for EVP_PKEY_fromdata.
class Parameters {
 public:
  Parameters() : builder_(OSSL_PARAM_BLD_new()) {}
  void number(const char* name, std::string_view bytes) {
    if (bytes.empty()) return;
    numbers_.push_back(big_number(bytes));
    OSSL_PARAM_BLD_push_BN(builder_.get(), name, numbers_.back().get());
  }
  void text(const char* name, const char* value) {
    OSSL_PARAM_BLD_push_utf8_string(builder_.get(), name, value, 0);
  }
  void bytes(const char* name, std::string_view value) {
    OSSL_PARAM_BLD_push_octet_string(builder_.get(), name, value.data(), value.size());
  }
  Pkey build(const char* type, int selection) {
    PkeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    Params params(OSSL_PARAM_BLD_to_param(builder_.get()));
    EVP_PKEY* key = nullptr;
    if (!context || !params || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
      return nullptr;
    return share(key);
  }

 private:
  ParamBuilder builder_;
  std::vector<BigNumber> numbers_;
};

using Members = std::vector<std::pair<std::string_view, std::string>>;

std::expected<Members, std::string> members(const Value& jwk, std::initializer_list<std::string_view> names) {
  Members out;
  for (std::string_view name : names) {
    auto bytes = member(jwk, name);
    if (!bytes) return Failure(bytes.error());
    out.emplace_back(name, *bytes);
  }
  return out;
}

std::expected<Key, std::string> rsa_key(const Value& jwk) {
  auto parts = members(jwk, {"n", "e", "d", "p", "q", "dp", "dq", "qi"});
  if (!parts) return Failure(parts.error());
  static constexpr const char* kNames[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                           OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                           OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                           OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  if ((*parts)[0].second.empty() || (*parts)[1].second.empty())
    return Failure("required field n or e is missing");
  Parameters parameters;
  for (std::size_t i = 0; i < parts->size(); ++i) parameters.number(kNames[i], (*parts)[i].second);
  bool is_private = !(*parts)[2].second.empty();
  Pkey key = parameters.build("RSA", is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
  if (!key) return Failure("invalid RSA key");
  return Key{Key::Kind::Rsa, key, {}, is_private, {}, {}};
}

std::expected<Key, std::string> ec_key(const Value& jwk) {
  auto parts = members(jwk, {"x", "y", "d"});
  if (!parts) return Failure(parts.error());
  Value curve = jwk.at("crv");
  std::string_view name = curve.is_string() ? curve.as_string() : "";
  const char* group = name == "P-256"   ? "prime256v1"
                      : name == "P-384" ? "secp384r1"
                      : name == "P-521" ? "secp521r1"
                                        : nullptr;
  if (group == nullptr) return Failure("invalid curve algorithm " + std::string(name));
  std::size_t width = name == "P-256" ? 32 : name == "P-384" ? 48 : 66;
  std::string point = "\x04";
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string& coordinate = (*parts)[i].second;
    if (coordinate.size() > width) return Failure("invalid EC point");
    point += std::string(width - coordinate.size(), '\0') + coordinate;
  }
  Parameters parameters;
  parameters.text(OSSL_PKEY_PARAM_GROUP_NAME, group);
  parameters.bytes(OSSL_PKEY_PARAM_PUB_KEY, point);
  const std::string& d = (*parts)[2].second;
  parameters.number(OSSL_PKEY_PARAM_PRIV_KEY, d);
  Pkey key = parameters.build("EC", d.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
  if (!key) return Failure("invalid EC key");
  return Key{Key::Kind::Ec, key, {}, !d.empty(), {}, {}};
}

std::expected<Key, std::string> okp_key(const Value& jwk) {
  auto parts = members(jwk, {"x", "d"});
  if (!parts) return Failure(parts.error());
  Value curve = jwk.at("crv");
  if (!curve.is_string() || curve.as_string() != "Ed25519") return Failure("invalid curve algorithm");
  const auto& [x, d] = std::pair((*parts)[0].second, (*parts)[1].second);
  EVP_PKEY* key =
      d.empty()
          ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(std::string_view(x)), x.size())
          : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(std::string_view(d)), d.size());
  if (key == nullptr) return Failure("invalid Ed25519 key");
  return Key{Key::Kind::Ed25519, share(key), {}, !d.empty(), {}, {}};
}

std::expected<Key, std::string> jwk_key(const Value& jwk) {
  Value type = jwk.at("kty");
  if (!type) return Failure("invalid key type from JSON ()");
  if (!type.is_string())
    return Failure(
        "jwk.Parse: failed to probe data: probe: failed to unmarshal data: json: cannot unmarshal " +
        std::string(type.is_boolean() ? "bool" : kind_name(type.kind())) +
        " into Go struct field .kty of type string");
  std::string_view name = type.as_string();
  std::expected<Key, std::string> key = Failure("invalid key type from JSON (" + std::string(name) + ")");
  if (name == "RSA") key = rsa_key(jwk);
  if (name == "EC") key = ec_key(jwk);
  if (name == "OKP") key = okp_key(jwk);
  if (name == "oct") {
    auto secret = member(jwk, "k");
    if (!secret) return Failure(secret.error());
    key = Key{Key::Kind::Secret, nullptr, *secret, true, {}, {}};
  }
  if (!key) return key;
  if (Value alg = jwk.at("alg"); alg.is_string()) key->algorithm = alg.as_string();
  if (Value kid = jwk.at("kid"); kid.is_string()) key->id = kid.as_string();
  return key;
}

std::expected<std::vector<Key>, std::string> pem_key(const PemBlock& block) {
  if (!block.rest.empty()) return Failure("extra data after a PEM certificate block");
  const unsigned char* at = bytes_of(std::string_view(block.bytes));
  EVP_PKEY* key = nullptr;
  if (block.type == "CERTIFICATE") {
    Owned<X509, X509_free> certificate(d2i_X509(nullptr, &at, static_cast<long>(block.bytes.size())));
    if (!certificate) return Failure("failed to parse a PEM certificate: x509: malformed certificate");
    key = X509_get_pubkey(certificate.get());
  } else if (block.type == "PUBLIC KEY") {
    key = d2i_PUBKEY(nullptr, &at, static_cast<long>(block.bytes.size()));
  } else {
    return Failure("failed to extract a Key from the PEM certificate");
  }
  if (key == nullptr) return Failure("failed to parse a PEM public key: asn1: structure error");
  int type = EVP_PKEY_get_base_id(key);
  auto kind = type == EVP_PKEY_RSA  ? Key::Kind::Rsa
              : type == EVP_PKEY_EC ? Key::Kind::Ec
                                    : Key::Kind::Ed25519;
  return std::vector{Key{kind, share(key), {}, false, {}, {}}};
}

}  // namespace

std::expected<std::vector<Key>, std::string> jwk_keys(std::string_view json) {
  constexpr std::string_view kSole = "jwk.Parse: failed to parse sole key: jwk.ParseKey: ";
  Arena arena;
  auto document = parse_json(arena, json);
  if (!document)
    return Failure(std::string(kSole) + "jwk.Parse: failed to probe data: probe: failed to unmarshal data: " +
                   builtins::json_complaint(json));
  const Value set = document->is_object() ? document->at("keys") : Value();
  std::vector<Key> keys;
  if (!set.is_array()) {
    auto key = jwk_key(*document);
    if (!key) return Failure(std::string(kSole) + key.error());
    keys.push_back(std::move(*key));
    return keys;
  }
  for (std::size_t i = 0; i < set.size(); ++i) {
    auto key = jwk_key(set.as_array()[i]);
    if (!key)
      return Failure("jwk.Parse: failed to unmarshal JWK set: failed to decode key #" + std::to_string(i) +
                     " in \"keys\": jwk.ParseKey: " + key.error());
    keys.push_back(std::move(*key));
  }
  return keys;
}

std::expected<std::vector<Key>, std::string> verification_keys(std::string_view text) {
  if (PemBlock block = first_pem_block(text); !block.type.empty()) return pem_key(block);
  auto keys = jwk_keys(text);
  if (!keys)
    return Failure("failed to parse a JWK key (set): jwk.ParseString: failed to parse string: " +
                   keys.error());
  std::erase_if(*keys, [](const Key& key) {
    return !key.algorithm.empty() && find_algorithm(key.algorithm) == nullptr;
  });
  return keys;
}

PemBlock first_pem_block(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kDashes = "-----";
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;
    std::string_view rest = text.substr(at + kBegin.size());
    std::size_t line_end = std::min(rest.find('\n'), rest.size());
    std::string_view type = go::trim_right(rest.substr(0, line_end), " \t\r");
    if (!type.ends_with(kDashes)) continue;
    type.remove_suffix(kDashes.size());
    rest = rest.substr(std::min(line_end + 1, rest.size()));
    std::string end = std::string(kEnd) + std::string(type) + std::string(kDashes);
    std::size_t stop = rest.find(end);
    if (stop == std::string_view::npos) continue;
    std::string_view body = rest.substr(0, stop);
    while (body.substr(0, body.find('\n')).find(':') !=
           std::string_view::npos) {  // headers, then an empty line
      std::size_t n = body.find('\n');
      body = n == std::string_view::npos ? std::string_view() : body.substr(n + 1);
    }
    std::string compact;
    for (char c : body)
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') compact += c;
    auto bytes = go::base64_decode(compact);
    if (!bytes) continue;
    rest = rest.substr(stop + end.size());
    std::size_t after = std::min(rest.find_first_not_of(" \t\r"), rest.size());
    if (after < rest.size() && rest[after] == '\n') ++after;
    return {std::string(type), std::move(*bytes), rest.substr(after)};
  }
  return {{}, {}, text};
}

}  // namespace signalbox::policy::crypto
