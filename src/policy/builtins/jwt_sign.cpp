// io.jwt.encode_sign and encode_sign_raw.
#include "policy/builtins/crypto/signature.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

struct Names {
  std::string alg;
  std::optional<std::string> typ;
};

/// "alg" and "typ" of a header. The errors are those of the JSON parser that OPA's library uses.
std::expected<Names, BuiltinError> names_of(std::string_view header) {
  Arena arena;
  auto object = parse_json(arena, header);
  auto failed = [](const std::string& why) {
    return builtin_failure("missing or invalid 'alg' header: " + why);
  };
  if (!object)
    return failed(header.empty() ? "cannot parse JSON: cannot parse empty string; unparsed tail: \"\""
                                 : "cannot parse JSON: " + json_complaint(header));
  Value alg = object->at("alg"), typ = object->at("typ");
  if (!alg) return failed("jwsbb: header \"alg\" not found");
  if (!alg.is_string())
    return failed("value doesn't contain string; it contains " + std::string(kind_name(alg.kind())));
  Names names{std::string(alg.as_string()), std::nullopt};
  if (typ.is_string()) names.typ = typ.as_string();
  return names;
}

BuiltinResult sign(BuiltinContext& context, std::string_view header, std::string_view payload,
                   std::string_view jwk) {
  if (!charge_bytes(context, header.size() + payload.size() + jwk.size()) || !context.meter.charge(1024))
    return limit_failure();
  auto keys = crypto::jwk_keys(jwk);
  if (!keys) return builtin_failure(keys.error());
  if (keys->empty()) return builtin_failure("no keys found in JWK set");
  auto names = names_of(header);
  if (!names) return std::unexpected(names.error());
  const crypto::Algorithm* algorithm = crypto::find_algorithm(names->alg);
  if (algorithm == nullptr) return builtin_failure("unknown JWS algorithm: " + names->alg);
  if ((!names->typ || *names->typ == "JWT") && !is_valid_json(payload))
    return builtin_failure("type is JWT but payload is not JSON");
  std::string text =
      go::base64_encode(header, go::Base64::RawUrl) + "." + go::base64_encode(payload, go::Base64::RawUrl);
  auto signature = crypto::sign(keys->front(), *algorithm, text);
  if (!signature) return builtin_failure(signature.error());
  return owned_string(context, text + "." + go::base64_encode(*signature, go::Base64::RawUrl));
}

BuiltinResult encode_sign(BuiltinContext& context, Value header, Value payload, Value key) {
  if (!charge_value(context, header) || !charge_value(context, payload) || !charge_value(context, key))
    return limit_failure();
  return sign(context, to_json(header, EscapeHtml::Yes), to_json(payload, EscapeHtml::Yes),
              to_json(key, EscapeHtml::Yes));
}

BuiltinResult encode_sign_raw(BuiltinContext& context, std::span<const Value> args) {
  auto key = operand<std::string_view>(args[2], 3);
  if (!key) return std::unexpected(key.error());
  auto header = operand<std::string_view>(args[0], 1);
  if (!header) return std::unexpected(header.error());
  auto payload = operand<std::string_view>(args[1], 2);
  if (!payload) return std::unexpected(payload.error());
  return sign(context, *header, *payload, *key);
}

constexpr Builtin kTable[] = {
    declare("tokensign", "io.jwt.encode_sign",
            "(object[string: any], object[string: any], object[string: any]) => string", typed<encode_sign>,
            {.nondeterministic = true}),
    declare("tokensign", "io.jwt.encode_sign_raw", "(string, string, string) => string", encode_sign_raw,
            {.nondeterministic = true}),
};

}  // namespace

std::span<const Builtin> jwt_signers() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
