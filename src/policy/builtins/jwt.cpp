// io.jwt.decode and io.jwt.verify_*.
#include "policy/builtins/jwt.h"

#include <algorithm>
#include <unordered_map>

#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace jwt {

std::expected<Token, BuiltinError> split(const Value& value) {
  auto text = operand<std::string_view>(value, 1);
  if (!text) return std::unexpected(text.error());
  if (text->find('.') == std::string_view::npos)
    return builtin_failure("encoded JWT had no period separators");
  auto parts = go::split(*text, ".");
  if (parts.size() != 3)
    return builtin_failure("encoded JWT must have 3 sections, found " + std::to_string(parts.size()));
  return Token{parts[0], parts[1], parts[2], text->substr(0, parts[0].size() + 1 + parts[1].size())};
}

std::expected<Value, BuiltinError> object_of(BuiltinContext& context, std::string_view json) {
  if (!charge_bytes(context, json.size() * 4)) return limit_failure();
  auto value = parse_json(context.arena, json);
  if (!value) return builtin_failure("invalid JSON: " + json_complaint(json));
  if (!value->is_object()) return builtin_failure("decoded JSON type was not an Object");
  return *value;
}

std::expected<Value, BuiltinError> header_object(BuiltinContext& context, const Token& token) {
  auto json = go::base64url_decode_lax(token.header);
  if (!json) return builtin_failure("JWT header had invalid encoding: " + json.error().message);
  auto object = object_of(context, *json);
  if (!object) {
    object.error().message.insert(0, "bad JWT header: ");
    return std::unexpected(object.error());
  }
  if (object->at("enc")) return builtin_failure("JWT is a JWE object, which is not supported");
  return object;
}

namespace {

/// RFC 7515 section 4.1.11: names that must be understood.
std::expected<std::vector<std::string_view>, BuiltinError> critical_names(const Value& crit) {
  if (!crit.is_array()) return builtin_failure("crit: must be a list");
  std::vector<std::string_view> names;
  for (const Value& name : crit.as_array())
    if (name.is_string())
      names.push_back(name.as_string());
    else
      break;
  if (names.empty()) return builtin_failure("crit: must be a nonempty list");
  return names;
}

}  // namespace

std::expected<Header, BuiltinError> read_header(BuiltinContext& context, const Token& token) {
  auto object = header_object(context, token);
  if (!object) return std::unexpected(object.error());
  Header header{.object = *object, .alg = {}, .kid = {}, .cty = {}};
  std::vector<std::string_view> unknown, critical;
  for (const Pair& pair : object->as_object()) {
    std::string_view name = pair.key.as_string();
    std::string_view ignored;
    std::string_view* into = name == "alg"   ? &header.alg
                             : name == "kid" ? &header.kid
                             : name == "cty" ? &header.cty
                             : name == "typ" ? &ignored
                                             : nullptr;
    if (into != nullptr) {
      if (!pair.value.is_string()) return builtin_failure(std::string(name) + ": must be a string");
      *into = pair.value.as_string();
    } else if (name == "crit") {
      auto names = critical_names(pair.value);
      if (!names) return std::unexpected(names.error());
      critical = *names;
    } else {
      unknown.push_back(name);
    }
  }
  header.understood = !header.alg.empty() && std::ranges::none_of(unknown, [&](std::string_view name) {
    return std::ranges::find(critical, name) != critical.end();
  });
  return header;
}

std::expected<std::string, BuiltinError> decode_payload(const Token& token) {
  auto payload = go::base64url_decode_lax(token.payload);
  if (!payload) return builtin_failure("JWT payload had invalid encoding: " + payload.error().message);
  return *payload;
}

std::expected<std::string, BuiltinError> decode_signature(const Token& token) {
  auto signature = go::base64url_decode_lax(token.signature);
  if (!signature) return builtin_failure(signature.error().message);
  return *signature;
}

namespace {

constexpr std::size_t kMaxKeyTexts = 64;

struct KeyCache {
  std::unordered_map<std::string, Keys> parsed;
};

}  // namespace

std::expected<Keys, BuiltinError> cached_keys(BuiltinContext& context, std::string_view text) {
  if (!charge_bytes(context, text.size())) return limit_failure();
  auto& cache = context.kept.of<KeyCache>().parsed;
  if (auto found = cache.find(std::string(text)); found != cache.end()) return found->second;
  auto keys = crypto::verification_keys(text);
  if (!keys) return builtin_failure(keys.error());
  if (cache.size() >= kMaxKeyTexts) cache.clear();
  return cache.emplace(text, std::make_shared<const std::vector<crypto::Key>>(std::move(*keys)))
      .first->second;
}

}  // namespace jwt

namespace {

using crypto::Algorithm;
using crypto::Key;

BuiltinResult decode(BuiltinContext& context, Value value) {
  constexpr int kMaxNesting = 16;
  std::string nested;
  for (int depth = 0; depth < kMaxNesting; ++depth) {
    auto token = jwt::split(value);
    if (!token) return std::unexpected(token.error());
    auto header = jwt::header_object(context, *token);
    if (!header) return std::unexpected(header.error());
    auto payload = jwt::decode_payload(*token);
    if (!payload) return std::unexpected(payload.error());
    if (Value cty = header->at("cty"); cty.is_string() && cty.as_string() == "JWT") {
      value = Value::string(context.arena.copy(go::trim_right(go::trim_left(*payload, "\"'"), "\"'")));
      continue;
    }
    auto claims = jwt::object_of(context, *payload);
    if (!claims) return std::unexpected(claims.error());
    auto signature = go::base64url_decode_lax(token->signature);
    if (!signature)
      return builtin_failure("JWT signature had invalid encoding: " + signature.error().message);
    const Value parts[] = {*header, *claims, copy_string(context.arena, go::hex_encode(*signature))};
    return array_of(context, parts);
  }
  return builtin_failure("JWT is nested too deeply");
}

bool verifies(const Key& key, const Algorithm& algorithm, const jwt::Token& token,
              std::string_view signature) {
  return !key.is_private && crypto::verify(key, algorithm, token.signed_text, signature);
}

BuiltinResult verify(BuiltinContext& context, Value value, Value key_text, std::string_view name) {
  const Algorithm& algorithm = *crypto::find_algorithm(name);
  auto token = jwt::split(value);
  if (!token) return std::unexpected(token.error());
  auto text = operand<std::string_view>(key_text, 2);
  if (!text) return std::unexpected(text.error());
  auto keys = jwt::cached_keys(context, *text);
  if (!keys) return std::unexpected(keys.error());
  auto signature = jwt::decode_signature(*token);
  if (!signature) return std::unexpected(signature.error());
  auto header = jwt::read_header(context, *token);
  if (!header) return std::unexpected(header.error());
  if (!context.meter.charge(256)) return limit_failure();
  if (!header->kid.empty())
    for (const Key& key : **keys)
      if (key.id == header->kid) return Value::boolean(verifies(key, algorithm, *token, *signature));
  return Value::boolean(std::ranges::any_of(**keys, [&](const Key& key) {
    return (key.algorithm.empty() || key.algorithm == header->alg) &&
           verifies(key, algorithm, *token, *signature);
  }));
}

BuiltinResult verify_secret(BuiltinContext& context, std::string_view text, std::string_view secret,
                            std::string_view name) {
  if (!charge_bytes(context, text.size() + secret.size())) return limit_failure();
  auto token = jwt::split(Value::string(text));
  if (!token) return std::unexpected(token.error());
  auto signature = jwt::decode_signature(*token);
  if (!signature) return std::unexpected(signature.error());
  Key key;
  key.secret = secret;
  return Value::boolean(crypto::verify(key, *crypto::find_algorithm(name), token->signed_text, *signature));
}

enum class Name : std::uint8_t {
  RS256,
  RS384,
  RS512,
  PS256,
  PS384,
  PS512,
  ES256,
  ES384,
  ES512,
  HS256,
  HS384,
  HS512,
  EdDSA
};
constexpr std::string_view kNames[] = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
                                       "ES384", "ES512", "HS256", "HS384", "HS512", "EdDSA"};

template <Name N>
BuiltinResult verify_by_key(BuiltinContext& context, Value token, Value keys) {
  return verify(context, token, keys, kNames[static_cast<std::size_t>(N)]);
}
template <Name N>
BuiltinResult verify_by_secret(BuiltinContext& context, std::string_view token, std::string_view secret) {
  return verify_secret(context, token, secret, kNames[static_cast<std::size_t>(N)]);
}

constexpr Builtin row(std::string_view name, BuiltinFn fn) {
  return declare("tokens", name, "(string, string) => boolean", fn);
}

constexpr Builtin kTable[] = {
    declare("tokens", "io.jwt.decode", "(string) => array<object[any: any], object[any: any], string>",
            typed<decode>),
    row("io.jwt.verify_eddsa", typed<verify_by_key<Name::EdDSA>>),
    row("io.jwt.verify_es256", typed<verify_by_key<Name::ES256>>),
    row("io.jwt.verify_es384", typed<verify_by_key<Name::ES384>>),
    row("io.jwt.verify_es512", typed<verify_by_key<Name::ES512>>),
    row("io.jwt.verify_hs256", typed<verify_by_secret<Name::HS256>>),
    row("io.jwt.verify_hs384", typed<verify_by_secret<Name::HS384>>),
    row("io.jwt.verify_hs512", typed<verify_by_secret<Name::HS512>>),
    row("io.jwt.verify_ps256", typed<verify_by_key<Name::PS256>>),
    row("io.jwt.verify_ps384", typed<verify_by_key<Name::PS384>>),
    row("io.jwt.verify_ps512", typed<verify_by_key<Name::PS512>>),
    row("io.jwt.verify_rs256", typed<verify_by_key<Name::RS256>>),
    row("io.jwt.verify_rs384", typed<verify_by_key<Name::RS384>>),
    row("io.jwt.verify_rs512", typed<verify_by_key<Name::RS512>>),
};

}  // namespace

std::span<const Builtin> jwt_readers() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
