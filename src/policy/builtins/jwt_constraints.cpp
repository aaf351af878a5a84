// io.jwt.decode_verify: signature and claims against the caller's constraints.
// The surprise: what does not verify is [false, {}, {}]; only what cannot be read is an error.
#include <algorithm>

#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/jwt.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using crypto::Key;

struct Constraints {
  jwt::Keys keys;
  std::string_view secret, alg, iss, aud;
  double time_ns = -1;
};

Operand<double> time_of(const Value& value) {
  if (!value.is_number()) return builtin_failure("token time constraint: must be a number");
  double time = to_double(value);
  if (time < 0) return builtin_failure("token time constraint: must not be negative");
  return time;
}

std::expected<void, BuiltinError> read_constraint(BuiltinContext& context, Constraints& out,
                                                  std::string_view name, const Value& value) {
  std::string_view* text = name == "secret" ? &out.secret
                           : name == "alg"  ? &out.alg
                           : name == "iss"  ? &out.iss
                           : name == "aud"  ? &out.aud
                                            : nullptr;
  if (text == nullptr && name != "cert" && name != "time")
    return builtin_failure("unknown token validation constraint: " + std::string(name));
  if (name == "time") {
    auto time = time_of(value);
    if (!time) return std::unexpected(time.error());
    out.time_ns = *time;
    return {};
  }
  if (!value.is_string()) return builtin_failure(std::string(name) + " constraint: must be a string");
  if (text != nullptr) {
    *text = value.as_string();
    return {};
  }
  auto keys = jwt::cached_keys(context, value.as_string());
  if (!keys) return std::unexpected(keys.error());
  out.keys = *keys;
  return {};
}

std::expected<Constraints, BuiltinError> read_constraints(BuiltinContext& context, Object object) {
  Constraints constraints;
  for (const Pair& pair : object.pairs()) {
    std::string name = pair.key.is_string() ? std::string(pair.key.as_string()) : to_rego(pair.key);
    if (auto read = read_constraint(context, constraints, name, pair.value); !read)
      return std::unexpected(read.error());
  }
  if (constraints.time_ns < 0) constraints.time_ns = static_cast<double>(context.now_ns);
  bool secret = !constraints.secret.empty();
  if (constraints.keys && secret) return builtin_failure("duplicate key constraints");
  if (!constraints.keys && !secret) return builtin_failure("no key constraint");
  return constraints;
}

bool signature_verifies(const Constraints& constraints, const jwt::Header& header, const jwt::Token& token,
                        std::string_view signature) {
  const crypto::Algorithm* algorithm = crypto::find_algorithm(header.alg);
  if (algorithm == nullptr) return false;
  if (!constraints.keys) {
    Key key;
    key.secret = constraints.secret;
    return crypto::verify(key, *algorithm, token.signed_text, signature);
  }
  if (!header.kid.empty())
    for (const Key& key : *constraints.keys)
      if (key.id == header.kid) return crypto::verify(key, *algorithm, token.signed_text, signature);
  return std::ranges::any_of(*constraints.keys, [&](const Key& key) {
    return (key.algorithm.empty() || key.algorithm == header.alg) &&
           crypto::verify(key, *algorithm, token.signed_text, signature);
  });
}

bool audience_fits(const Constraints& constraints, const Value& aud) {
  if (!aud) return constraints.aud.empty();
  auto wanted = [&](const Value& value) { return value.is_string() && value.as_string() == constraints.aud; };
  return aud.is_array() ? std::ranges::any_of(aud.as_array(), wanted) : wanted(aud);
}

/// Registered claims; false when one does not fit.
Operand<bool> claims_fit(BuiltinContext& context, const Constraints& constraints, const Value& claims) {
  if (!constraints.iss.empty()) {
    Value iss = claims.at("iss");
    if (!iss.is_string() || iss.as_string() != constraints.iss) return false;
  }
  if (!audience_fits(constraints, claims.at("aud"))) return false;
  Value now = from_double(context.arena, constraints.time_ns / 1'000'000'000);
  if (Value exp = claims.at("exp")) {
    if (!exp.is_number()) return builtin_failure("exp value must be a number");
    if (compare_numbers(now, exp) >= 0) return false;
  }
  if (Value nbf = claims.at("nbf")) {
    if (!nbf.is_number()) return builtin_failure("nbf value must be a number");
    if (compare_numbers(now, nbf) < 0) return false;
  }
  return true;
}

BuiltinResult unverified(BuiltinContext& context) {
  const Value parts[] = {kFalse, kEmptyObject, kEmptyObject};
  return array_of(context, parts);
}

/// The innermost token of a nest, once every layer's signature has verified; undefined when one has not.
struct Verified {
  Value header;
  std::string payload;
};
std::expected<std::optional<Verified>, BuiltinError> verify_layers(BuiltinContext& context, Value value,
                                                                   const Constraints& constraints) {
  constexpr int kMaxNesting = 16;
  for (int depth = 0; depth < kMaxNesting; ++depth) {
    if (!context.meter.charge(256)) return limit_failure();
    auto token = jwt::split(value);
    if (!token) return std::unexpected(token.error());
    auto header = jwt::read_header(context, *token);
    if (!header) return std::unexpected(header.error());
    if (!header->understood) return std::nullopt;
    if (!constraints.alg.empty() && constraints.alg != header->alg) return std::nullopt;
    auto signature = jwt::decode_signature(*token);
    if (!signature) return std::unexpected(signature.error());
    if (!signature_verifies(constraints, *header, *token, *signature)) return std::nullopt;
    auto payload = jwt::decode_payload(*token);
    if (!payload) return std::unexpected(payload.error());
    if (!go::equal_fold_ascii(header->cty, "JWT")) return Verified{header->object, std::move(*payload)};
    value = copy_string(context.arena, *payload);
  }
  return builtin_failure("JWT is nested too deeply");
}

BuiltinResult decode_verify(BuiltinContext& context, Value token, Value wanted) {
  auto object = operand<Object>(wanted, 2);
  if (!object) return std::unexpected(object.error());
  auto constraints = read_constraints(context, *object);
  if (!constraints) return std::unexpected(constraints.error());
  auto verified = verify_layers(context, token, *constraints);
  if (!verified) return std::unexpected(verified.error());
  if (!*verified) return unverified(context);
  auto claims = jwt::object_of(context, (*verified)->payload);
  if (!claims) return std::unexpected(claims.error());
  auto fit = claims_fit(context, *constraints, *claims);
  if (!fit) return std::unexpected(fit.error());
  if (!*fit) return unverified(context);
  const Value parts[] = {kTrue, (*verified)->header, *claims};
  return array_of(context, parts);
}

constexpr Builtin kTable[] = {
    declare("tokens", "io.jwt.decode_verify",
            "(string, object[string: any]) => array<boolean, object[any: any], object[any: any]>",
            typed<decode_verify>, {.nondeterministic = true}),
};

}  // namespace

std::span<const Builtin> jwt_constraints() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
