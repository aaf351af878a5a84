// JWKs (RFC 7517). Their numbers are base64 big-endian integers; OpenSSL 3 takes them as named parameters.
//
// The surprise: a key is checked as the library does that OPA reads it with, in its order and in its words,
// which name that library's Go types; a member that is wrong is reported before one that is missing.
#include <openssl/core_names.h>

#include <algorithm>
#include <array>

#include "policy/builtins/crypto/key.h"
#include "policy/builtins/crypto/openssl.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/json_shape.h"
#include "policy/value/json.h"

namespace signalbox::policy::crypto {
namespace {

using Failure = std::unexpected<std::string>;
using Names = std::span<const std::string_view>;

/// One of the library's types of keys.
struct Form {
  std::string_view type;      ///< as its decoder is called
  std::string_view exported;  ///< as its validation is called
  Names required;             ///< in the order in which they are missed
};

constexpr std::string_view kRsaPublic[] = {"e", "n"}, kRsaPrivate[] = {"d", "e", "n"};
constexpr std::string_view kEcPublic[] = {"crv", "x", "y"}, kEcPrivate[] = {"crv", "d", "x", "y"};
constexpr std::string_view kOkpPublic[] = {"crv", "x"}, kOkpPrivate[] = {"crv", "d", "x"};
constexpr std::string_view kSymmetric[] = {"k"};
constexpr std::string_view kNumbers[] = {"n", "e", "d", "p", "q", "dp", "dq", "qi", "x", "y", "k"};
constexpr std::string_view kTexts[] = {"kid", "use", "x5t", "x5t#S256", "x5u"};
constexpr std::string_view kCurves[] = {"P-256", "P-384", "P-521", "Ed25519", "Ed448", "X25519", "X448"};
/// "alg" may name any algorithm of JWA, not only one that signs.
constexpr std::string_view kAlgorithms[] = {"HS256",
                                            "HS384",
                                            "HS512",
                                            "RS256",
                                            "RS384",
                                            "RS512",
                                            "PS256",
                                            "PS384",
                                            "PS512",
                                            "ES256",
                                            "ES256K",
                                            "ES384",
                                            "ES512",
                                            "EdDSA",
                                            "EdDSAEd25519",
                                            "none",
                                            "RSA1_5",
                                            "RSA-OAEP",
                                            "RSA-OAEP-256",
                                            "RSA-OAEP-384",
                                            "RSA-OAEP-512",
                                            "dir",
                                            "ECDH-ES",
                                            "ECDH-ES+A128KW",
                                            "ECDH-ES+A192KW",
                                            "ECDH-ES+A256KW",
                                            "A128KW",
                                            "A192KW",
                                            "A256KW",
                                            "A128GCMKW",
                                            "A192GCMKW",
                                            "A256GCMKW",
                                            "A128CBC-HS256",
                                            "A192CBC-HS384",
                                            "A256CBC-HS512",
                                            "A128GCM",
                                            "A192GCM",
                                            "A256GCM",
                                            "PBES2-HS256+A128KW",
                                            "PBES2-HS384+A192KW",
                                            "PBES2-HS512+A256KW"};

constexpr Form kForms[] = {{"*jwk.rsaPublicKey", "RSAPublicKey", kRsaPublic},
                           {"*jwk.rsaPrivateKey", "RSAPrivateKey", kRsaPrivate},
                           {"*jwk.ecdsaPublicKey", "ECDSAPublicKey", kEcPublic},
                           {"*jwk.ecdsaPrivateKey", "ECDSAPrivateKey", kEcPrivate},
                           {"*jwk.okpPublicKey", "OKPPublicKey", kOkpPublic},
                           {"*jwk.okpPrivateKey", "OKPPrivateKey", kOkpPrivate},
                           {"*jwk.symmetricKey", "SymmetricKey", kSymmetric}};

bool has(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view go_kind(const Value& value) {
  return value.is_boolean() ? "bool" : kind_name(value.kind());
}

/// Base64 in any of its four spellings.
std::expected<std::string, std::string> decoded(std::string text) {
  const auto uses = [&](const char* digits) { return text.find_first_of(digits) != std::string::npos; };
  const bool mixed = uses("+/") && uses("-_");
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  auto bytes = go::base64_decode(text, text.ends_with('=') ? go::Base64::Url : go::Base64::RawUrl);
  if (mixed || !bytes) return Failure("expected base64 encoded []byte (string)");
  return std::move(*bytes);
}

/// A JWK's members by name, decoded.
class Members {
 public:
  explicit Members(const Form& form) : form_(form) {}

  /// "" when every member is as it has to be.
  std::string read(const Value& jwk) {
    for (const Pair& pair : jwk.as_object()) {
      const std::string_view name = pair.key.as_string();
      const std::string wrong = read(name, pair.value);
      if (!wrong.empty()) return "failed to decode value for key " + std::string(name) + ": " + wrong;
    }
    for (const std::string_view name : form_.required) {
      if (!jwk.at(name)) return "required field " + std::string(name) + " is missing";
    }
    return "";
  }

  std::string_view operator[](std::string_view name) const {
    const auto found = std::ranges::find(values_, name, &std::pair<std::string_view, std::string>::first);
    return found == values_.end() ? std::string_view() : found->second;
  }

 private:
  std::string read(std::string_view name, const Value& value) {
    const bool number = has(kNumbers, name) && (has(form_.required, name) || form_.type == kForms[1].type);
    const bool curve = name == "crv" && has(form_.required, name);
    if (!number && !curve && name != "alg" && !has(kTexts, name)) return "";
    if (!value.is_string() && !value.is_null())
      return std::string(number || has(kTexts, name) ? "error reading next value: "
                         : curve                     ? "failed to unmarshal EllipticCurveAlgorithm: "
                                                     : "") +
             "json: cannot unmarshal " + std::string(go_kind(value)) + " into Go value of type string";
    const std::string_view text = value.is_string() ? value.as_string() : "";
    if (curve && !has(kCurves, text)) return "unknown EllipticCurveAlgorithm: \"" + std::string(text) + "\"";
    if (name == "alg" && !has(kAlgorithms, text))
      return "invalid key value: \"" + std::string(text) + "\": invalid key algorithm";
    auto bytes = number ? decoded(std::string(text)) : std::expected<std::string, std::string>(text);
    if (!bytes) return bytes.error();
    values_.emplace_back(name, std::move(*bytes));
    return "";
  }

  const Form& form_;
  std::vector<std::pair<std::string_view, std::string>> values_;
};

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

using PkeyResult = std::expected<Pkey, std::string>;

PkeyResult rsa_key(const Members& members) {
  static constexpr std::pair<std::string_view, const char*> kNames[] = {
      {"n", OSSL_PKEY_PARAM_RSA_N},          {"e", OSSL_PKEY_PARAM_RSA_E},
      {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
  for (const char* name : {"n", "e"}) {
    if (members[name].find_first_not_of('\0') == std::string_view::npos)
      return Failure("missing \"" + std::string(name) + "\" value");
  }
  if (members["e"].back() % 2 == 0)
    return Failure("invalid rsa public exponent: must be a positive odd integer");
  Parameters parameters;
  for (const auto& [name, parameter] : kNames) parameters.number(parameter, members[name]);
  return parameters.build("RSA", members["d"].empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR);
}

PkeyResult ec_key(const Members& members) {
  const std::string_view curve = members["crv"];
  const bool p256 = curve == "P-256", p384 = curve == "P-384", is_private = !members["d"].empty();
  if (!p256 && !p384 && curve != "P-521")
    return Failure("invalid curve algorithm \"" + std::string(curve) +
                   "\": unknown elliptic curve algorithm: \"" + std::string(curve) + "\"");
  const std::size_t width = p256 ? 32 : p384 ? 48 : 66;
  for (const char* name : {"x", "y", "d"}) {
    const std::size_t length = members[name].size();
    if (length == width || (name[0] == 'd' && !is_private)) continue;
    return Failure("invalid \"" + std::string(name) + "\" length (" + std::to_string(length) +
                   ") for curve \"" + std::string(curve) + "\"");
  }
  if ((std::string(members["x"]) + std::string(members["y"])).find_first_not_of('\0') == std::string::npos)
    return Failure("invalid ECDSA public key: identity point is not a valid public key");
  const std::string point = "\x04" + std::string(members["x"]) + std::string(members["y"]);
  Parameters parameters;  // borrows what it is given
  parameters.text(OSSL_PKEY_PARAM_GROUP_NAME, p256 ? "prime256v1" : p384 ? "secp384r1" : "secp521r1");
  parameters.bytes(OSSL_PKEY_PARAM_PUB_KEY, point);
  parameters.number(OSSL_PKEY_PARAM_PRIV_KEY, members["d"]);
  Pkey key = parameters.build("EC", is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
  if (key) return key;
  return Failure("invalid ECDSA public key: " +
                 std::string(p256   ? "P256"
                             : p384 ? "P384"
                                    : "P521") +
                 " point not on curve");
}

PkeyResult okp_key(const Members& members) {
  const std::string_view x = members["x"], d = members["d"];
  if (x.empty()) return Failure("missing \"x\" field");
  if (members["crv"] != "Ed25519") return Pkey();
  if (x.size() != 32) return Failure("ed25519: wrong public key size");
  if (!d.empty() && d.size() != 32) return Failure("ed25519: wrong private key size");
  EVP_PKEY* key = d.empty() ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size())
                            : EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(d), d.size());
  return key == nullptr ? Pkey() : share(key);
}

PkeyResult pkey_of(Key::Kind kind, const Members& members) {
  switch (kind) {
    case Key::Kind::Rsa: return rsa_key(members);
    case Key::Kind::Ec: return ec_key(members);
    case Key::Kind::Ed25519: return okp_key(members);
    case Key::Kind::Secret: break;
  }
  if (members["k"].empty()) return Failure("missing \"k\" field");
  return Pkey();
}

/// "kty"; the errors are those of Go's encoding/json.
std::expected<std::string, std::string> type_of_key(const Value& jwk) {
  constexpr std::string_view kProbe =
      "jwk.Parse: failed to probe data: probe: failed to unmarshal data: json: cannot unmarshal ";
  if (!jwk.is_object() && !jwk.is_null())
    return Failure(std::string(kProbe) + std::string(go_kind(jwk)) +
                   " into Go value of type struct { Kty string \"json:\\\"kty\\\"\"; D json.RawMessage "
                   "\"json:\\\"d,omitempty\\\"\" }");
  const Value type = jwk.at("kty");
  if (type && !type.is_string() && !type.is_null())
    return Failure(std::string(kProbe) + std::string(go_kind(type)) +
                   " into Go struct field .kty of type string");
  return std::string(type && type.is_string() ? type.as_string() : "");
}

std::expected<Key, std::string> jwk_key(const Value& jwk) {
  const auto type = type_of_key(jwk);
  if (!type) return Failure(type.error());
  const std::string& name = *type;
  static constexpr std::array<std::string_view, 4> kTypes = {"RSA", "EC", "OKP", "oct"};
  const auto found = static_cast<std::size_t>(std::ranges::find(kTypes, name) - kTypes.begin());
  if (found == kTypes.size()) return Failure("invalid key type from JSON (" + name + ")");
  constexpr Key::Kind kKinds[] = {Key::Kind::Rsa, Key::Kind::Ec, Key::Kind::Ed25519, Key::Kind::Secret};
  const bool secret = kKinds[found] == Key::Kind::Secret, is_private = secret || jwk.at("d");
  const Form& form = kForms[found * 2 + (is_private && !secret ? 1 : 0)];
  Members members(form);
  if (const std::string wrong = members.read(jwk); !wrong.empty()) {
    const std::string into = "failed to unmarshal JSON into key (" + std::string(form.type) + "): ";
    return Failure(into + into + wrong);
  }
  PkeyResult pkey = pkey_of(kKinds[found], members);
  if (!pkey)
    return Failure("jwk.Parse: key validation failed: key validation failed: jwk." +
                   std::string(form.exported) + ": " + pkey.error());
  const std::string_view curve = members["crv"];
  const bool other_curve = !*pkey && name == "OKP" && curve != "Ed25519";
  if (!*pkey && !secret && !other_curve) return Failure("invalid " + name + " key");
  Key out{kKinds[found],
          *pkey,
          std::string(members["k"]),
          is_private,
          std::string(members["alg"]),
          std::string(members["kid"]),
          form.type,
          {}};
  if (other_curve && curve != "X25519")
    out.unusable = "jwk.Export: failed to export jwk.Key to raw format: jwk." + std::string(form.exported) +
                   ": failed to build public key: invalid curve algorithm " + std::string(curve);
  return out;
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
  if (set && !set.is_array()) {
    const std::string found = set.is_object() ? "{" : set.is_null() ? "<nil>" : to_json(set);
    return Failure(
        "jwk.Parse: failed to unmarshal JWK set: failed to decode \"keys\": expected '[' but got " +
        (set.is_string() ? std::string(set.as_string()) : found));
  }
  if (!set) {
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

}  // namespace signalbox::policy::crypto
