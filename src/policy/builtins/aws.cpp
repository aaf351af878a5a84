// providers.aws.sign_req: AWS Signature Version 4 over a request object.
// The surprise: header values of a request are texts; anything else signs as the empty text, as in OPA.
#include <map>

#include "policy/builtins/crypto/digest.h"
#include "policy/builtins/declare.h"
#include "policy/builtins/go/codec.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/time.h"
#include "policy/builtins/go/url.h"
#include "policy/builtins/http_request.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using crypto::Digest;

std::string_view text_at(const Value& object, std::string_view name) {
  Value value = object.at(name);
  return value.is_string() ? value.as_string() : std::string_view();
}

struct Signing {
  std::string_view access_key, secret, region, service, token;
  bool unsigned_payload = false;
  std::string date, timestamp;  ///< 20151228 and 20151228T140825Z
};

std::expected<Signing, BuiltinError> signing_of(BuiltinContext& context, const Value& config,
                                                std::int64_t ns) {
  static constexpr std::string_view kRequired[] = {"aws_access_key", "aws_region", "aws_secret_access_key",
                                                   "aws_service"};
  SetBuilder missing(context.arena), invalid(context.arena);
  for (std::string_view name : kRequired) {
    Value value = config.at(name);
    if (!value)
      missing.add(Value::string(name));
    else if (!value.is_string())
      invalid.add(Value::string(name));
  }
  if (Value names = missing.finish(); names.size() > 0)
    return operand_complaint(2, "missing required AWS config parameters(s): " + to_rego(names));
  if (Value names = invalid.finish(); names.size() > 0)
    return operand_complaint(2, "invalid values for required AWS config parameters(s): " + to_rego(names));
  go::Time time = go::Time::from_unix_ns(ns);
  return Signing{text_at(config, "aws_access_key"),    text_at(config, "aws_secret_access_key"),
                 text_at(config, "aws_region"),        text_at(config, "aws_service"),
                 text_at(config, "aws_session_token"), false,
                 go::format_time(time, "20060102"),    go::format_time(time, "20060102T150405Z")};
}

std::string sha256_hex(std::string_view text) {
  return go::hex_encode(crypto::digest(Digest::Sha256, text));
}

using Headers = std::map<std::string, std::string>;

/// The headers that signing adds.
Headers aws_headers(const Signing& signing, const go::Url& url, const std::string& content_hash) {
  Headers headers{{"host", url.host}, {"x-amz-date", signing.timestamp}};
  if (signing.service == "s3" || signing.service == "glacier") headers["x-amz-content-sha256"] = content_hash;
  if (!signing.token.empty()) headers["x-amz-security-token"] = signing.token;
  return headers;
}

std::string authorization(const Signing& signing, std::string_view method, const go::Url& url,
                          Headers headers, const Headers& given, const std::string& content_hash) {
  for (const auto& [name, value] : given) {
    std::string lower = go::to_lower(name);
    if (lower != "authorization" && lower != "user-agent" && lower != "x-amzn-trace-id")
      headers[lower] = value;
  }
  std::string request = std::string(method) + "\n" + url.escaped_path() + "\n" + url.raw_query + "\n", names;
  for (const auto& [name, value] : headers) {
    request += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  request += "\n" + names + "\n" + content_hash;
  std::string scope =
      signing.date + "/" + std::string(signing.region) + "/" + std::string(signing.service) + "/aws4_request";
  std::string to_sign = "AWS4-HMAC-SHA256\n" + signing.timestamp + "\n" + scope + "\n" + sha256_hex(request);
  std::string key = "AWS4" + std::string(signing.secret);
  for (std::string_view part :
       {std::string_view(signing.date), signing.region, signing.service, std::string_view("aws4_request")})
    key = crypto::hmac(Digest::Sha256, key, part);
  return "AWS4-HMAC-SHA256 Credential=" + std::string(signing.access_key) + "/" + scope +
         ",SignedHeaders=" + names +
         ",Signature=" + go::hex_encode(crypto::hmac(Digest::Sha256, key, to_sign));
}

std::string body_of(const Value& request) {
  if (Value raw = request.at("raw_body")) return raw.is_string() ? std::string(raw.as_string()) : "";
  Value body = request.at("body");
  return body ? to_json(body, EscapeHtml::Yes) : "";
}

std::expected<void, BuiltinError> check_request(BuiltinContext& context, const Value& request) {
  if (auto checked = check_http_request(context, request, 1); !checked) return checked;
  SetBuilder invalid(context.arena);
  for (std::string_view name : {std::string_view("url"), std::string_view("method")})
    if (!request.at(name).is_string()) invalid.add(Value::string(name));
  if (Value names = invalid.finish(); names.size() > 0)
    return operand_complaint(1, "invalid values for required request parameters(s): " + to_rego(names));
  return {};
}

BuiltinResult sign_request(BuiltinContext& context, Value request, Value config, Value when) {
  if (!request.is_object()) return operand_error(1, "object", request);
  if (!config.is_object()) return operand_error(1, "object", config);
  if (!charge_value(context, request)) return limit_failure();
  auto ns = when.is_number() ? plain_integer(when) : std::nullopt;
  auto signing = signing_of(context, config, ns.value_or(0));
  if (!signing) return std::unexpected(signing.error());
  if (!when.is_number()) return operand_error(1, "number", when);
  if (!ns) return operand_complaint(3, "could not convert time_ns value into a unix timestamp");
  Value headers_value = request.at("headers");
  if (headers_value && !headers_value.is_object()) return operand_error(0, "object", headers_value);
  if (auto checked = check_request(context, request); !checked) return std::unexpected(checked.error());
  auto url = go::parse_url(text_at(request, "url"));
  if (!url) return builtin_failure(url.error().message);
  if (Value unsigned_payload = config.at("disable_payload_signing")) {
    if (!unsigned_payload.is_boolean())
      return operand_complaint(2, "invalid value for 'disable_payload_signing' in AWS config");
    signing->unsigned_payload = unsigned_payload.as_boolean();
  }
  Headers given;
  if (headers_value)
    for (const Pair& pair : headers_value.as_object())
      given[pair.key.is_string() ? std::string(pair.key.as_string()) : ""] =
          pair.value.is_string() ? pair.value.as_string() : "";
  std::string hash = signing->unsigned_payload ? "UNSIGNED-PAYLOAD" : sha256_hex(body_of(request));
  Headers added = aws_headers(*signing, *url, hash);
  Headers all = given;
  all["Authorization"] = authorization(*signing, text_at(request, "method"), *url, added, given, hash);
  for (const auto& [name, value] : added) all[name] = value;
  ObjectBuilder headers(context.arena), out(context.arena);
  for (const auto& [name, value] : all)
    headers.add(copy_string(context.arena, name), copy_string(context.arena, value));
  for (const Pair& pair : request.as_object())
    if (!(pair.key.is_string() && pair.key.as_string() == "headers")) out.add(pair.key, pair.value);
  out.add("headers", headers.finish());
  return out.finish();
}

constexpr Builtin kTable[] = {
    declare("providers.aws", "providers.aws.sign_req",
            "(object[string: any], object[string: any], number) => object[any: any]", typed<sign_request>),
};

}  // namespace

std::span<const Builtin> aws() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
