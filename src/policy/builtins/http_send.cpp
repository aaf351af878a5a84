// http.send: a request to another service, in the middle of a decision.
//
// Two caches stand before it, as in OPA: within one evaluation the same request has one answer, and with
// `cache` or `force_cache` an answer is kept between evaluations as long as its headers (or the request) say,
// and asked for again with its ETag afterwards.
//
// The surprise: it blocks. The gateway therefore leaves it off unless hosts are allowed by name.
#include <charconv>
#include <memory>
#include <thread>
#include <unordered_map>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/go/url.h"
#include "policy/builtins/http/cache_control.h"
#include "policy/builtins/http/client.h"
#include "policy/builtins/http/request.h"
#include "policy/builtins/http_request.h"
#include "policy/builtins/list.h"
#include "policy/builtins/plain_integer.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/data/yaml.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

using Text = std::string_view;

constexpr std::size_t kMaxKept = 256, kMaxKeptBytes = 16 << 20, kMaxBody = 32 << 20;
constexpr int kMaxRedirects = 10;

/// What went wrong, in the two kinds that OPA tells apart where errors are not raised.
struct Trouble {
  BuiltinError error;
  bool network = false;
};
template <class T>
using Attempt = std::expected<T, Trouble>;

std::unexpected<Trouble> internal(std::string message) {
  return std::unexpected(Trouble{{BuiltinError::Kind::Failure, std::move(message)}, false});
}

struct KeptResponse {
  http::Response response;
  std::int64_t expires_ns = 0;
};

/// Answers kept between evaluations, by the text of the request.
struct KeptResponses {
  std::unordered_map<std::string, KeptResponse> by_request;
  std::size_t bytes = 0;

  void keep(const std::string& key, KeptResponse response) {
    drop(key);
    const std::size_t size = key.size() + response.response.body.size();
    if (size > kMaxKeptBytes) return;
    if (by_request.size() >= kMaxKept || bytes + size > kMaxKeptBytes) by_request.clear(), bytes = 0;
    bytes += size;
    by_request.emplace(key, std::move(response));
  }
  void drop(const std::string& key) {
    const auto at = by_request.find(key);
    if (at == by_request.end()) return;
    bytes -= at->first.size() + at->second.response.body.size();
    by_request.erase(at);
  }
};

/// Answers of this evaluation. Their values live in its arena.
struct Answers {
  std::unordered_map<std::string, Attempt<Value>> by_request;
};

// Members that steer the exchange.

Attempt<bool> flag(const Value& request, Text name) {
  const Value value = request.at(name);
  if (!value) return false;
  if (!value.is_boolean()) return internal("invalid value for " + go::quote(name) + " field");
  return value.as_boolean();
}

Attempt<std::int64_t> retries(const Value& request) {
  const Value value = request.at("max_retry_attempts");
  if (!value) return 0;
  const auto count = value.is_number() ? plain_integer(value) : std::nullopt;
  if (!count || *count < 0)
    return internal("invalid value " + to_rego(value) + " for field \"max_retry_attempts\"");
  return *count;
}

struct Caching {
  bool between = false;            ///< keep the answer between evaluations
  std::int64_t force_seconds = 0;  ///< for this long, whatever the headers say
};

Attempt<Caching> caching(const Value& request) {
  auto cache = flag(request, "cache");
  if (!cache) return std::unexpected(cache.error());
  auto force = flag(request, "force_cache");
  if (!force) return std::unexpected(force.error());
  if (!*force) return Caching{*cache, 0};
  const Value seconds = request.at("force_cache_duration_seconds");
  if (!seconds) return internal("'force_cache' set but 'force_cache_duration_seconds' parameter is missing");
  const std::string text = to_rego(seconds);
  std::int32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range)
    return internal("strconv.ParseInt: parsing " + go::quote(text) + ": value out of range");
  if (problem != std::errc() || end != text.data() + text.size())
    return internal("strconv.ParseInt: parsing " + go::quote(text) + ": invalid syntax");
  return Caching{true, value};
}

std::string caching_mode_problem(const Value& request) {
  const Value mode = request.at("caching_mode");
  if (!mode) return {};
  if (!mode.is_string()) return "invalid value for \"caching_mode\" field";
  if (mode.as_string() == "serialized" || mode.as_string() == "deserialized") return {};
  return "invalid value specified for \"caching_mode\" field: " + std::string(mode.as_string());
}

/// The request without the headers that do not tell answers apart.
Attempt<std::string> key_of(BuiltinContext& context, const Value& request) {
  const Value ignored = request.at("cache_ignored_headers"), headers = request.at("headers");
  const bool filters = ignored && headers;
  if (filters && !(ignored.is_array() && std::ranges::all_of(ignored.as_array(), &Value::is_string)))
    return internal("cache_ignored_headers must be an array of strings");
  ObjectBuilder key(context.arena);
  for (const Pair& member : request.as_object())
    if (member.key.as_string() != "cache_ignored_headers" &&
        !(filters && member.key.as_string() == "headers"))
      key.add(member.key, member.value);
  if (filters && headers.is_object()) {
    ObjectBuilder kept(context.arena);
    for (const Pair& header : headers.as_object())
      if (std::ranges::find(ignored.as_array(), header.key) == ignored.as_array().end())
        kept.add(header.key, header.value);
    key.add("headers", kept.finish());
  }
  return to_rego(key.finish());
}

// The exchange.

std::string operation(Text method) {
  return std::string(method.substr(0, 1)) + go::to_lower(method.substr(1));
}

std::unexpected<Trouble> network(const http::Request& request, const std::string& message) {
  return std::unexpected(
      Trouble{{BuiltinError::Kind::Failure,
               operation(request.method) + " " + go::quote(request.url.text()) + ": " + message},
              true});
}

Attempt<http::Response> send_once(const http::Request& request) {
  const bool known = request.url.scheme == "http" || request.url.scheme == "https";
  if (!known) return network(request, "unsupported protocol scheme " + go::quote(request.url.scheme));
  if (request.url.host.empty()) return network(request, "http: no Host in request URL");
  auto response = http::send(request);
  if (!response) return network(request, response.error().message);
  return std::move(*response);
}

/// Redirects turn into GET except 307 and 308, and may lead only where the first request might go.
Attempt<http::Response> follow(const BuiltinHost& host, http::Request request, http::Response response) {
  for (int hop = 0; response.status / 100 == 3 && response.status != 304; ++hop) {
    const Text location = response.header("location");
    if (location.empty()) break;
    if (hop == kMaxRedirects) return network(request, "stopped after 10 redirects");
    auto next = go::parse_url(location);
    if (!next) return network(request, "failed to parse Location header " + go::quote(location));
    request.url = request.url.resolve(*next);
    if (auto wrong = http::host_problem(host, request.url); !wrong.empty()) return network(request, wrong);
    if (response.status != 307 && response.status != 308 && request.method != "HEAD") {
      request.method = "GET";
      request.body.clear();
    }
    auto answer = send_once(request);
    if (!answer) return answer;
    response = std::move(*answer);
  }
  return response;
}

Attempt<http::Response> exchange(BuiltinContext& context, const Value& object, const http::Response* stale) {
  auto request = http::read_request(context.host, object);
  if (!request) return std::unexpected(Trouble{std::move(request.error()), false});
  request->max_body = std::min(kMaxBody, context.meter.limits().memory / 4);
  if (stale != nullptr && !stale->header("etag").empty())
    request->headers["If-None-Match"] = stale->header("etag");
  if (stale != nullptr && !stale->header("last-modified").empty())
    request->headers["If-Modified-Since"] = stale->header("last-modified");
  auto again = retries(object);
  if (!again) return std::unexpected(again.error());
  constexpr auto kMinDelay = std::chrono::milliseconds(100), kMaxDelay = std::chrono::milliseconds(60'000);
  auto delay = kMinDelay;
  for (std::int64_t i = 0;; ++i) {
    auto response = send_once(*request);
    if (response && object.at("enable_redirect").is_true())
      response = follow(context.host, *request, std::move(*response));
    if (response || i >= *again || !context.meter.charge(1)) return response;
    std::this_thread::sleep_for(delay);
    delay = std::min(delay * 2, kMaxDelay);
  }
}

// Answers.

bool is_json_type(Text content_type) {
  std::string type = go::to_lower(go::trim_space(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json") && type.find('/') == type.rfind('/'));
}

Value body_of(BuiltinContext& context, const http::Response& response, bool force_json, bool force_yaml) {
  const Text type = response.header("content-type");
  if (force_json || is_json_type(type))
    return parse_json(context.arena, response.body).value_or(Value::null());
  if (force_yaml || type.contains("application/yaml") || type.contains("application/x-yaml")) {
    auto document = parse_yaml(context.arena, context.arena.copy(Text(response.body)));
    return document ? *document : Value::null();
  }
  return Value::null();
}

Attempt<Value> answer_of(BuiltinContext& context, const Value& request, const http::Response& response) {
  auto force_json = flag(request, "force_json_decode");
  if (!force_json) return std::unexpected(force_json.error());
  auto force_yaml = flag(request, "force_yaml_decode");
  if (!force_yaml) return std::unexpected(force_yaml.error());
  if (!charge_bytes(context, 2 * response.body.size()))
    return std::unexpected(Trouble{limit_failure().error(), false});
  const auto text = [&](Text value) { return copy_string(context.arena, value); };
  ObjectBuilder headers(context.arena);
  for (auto at = response.headers.begin(); at != response.headers.end();) {
    const auto range = response.headers.equal_range(at->first);
    ArrayBuilder values(context.arena);
    for (auto one = range.first; one != range.second; ++one) values.add(text(one->second));
    headers.add(text(at->first), values.finish());
    at = range.second;
  }
  ObjectBuilder out(context.arena);
  out.add("status", text(std::to_string(response.status) + " " + response.reason));
  out.add("status_code", Value::integer(response.status));
  out.add("body", body_of(context, response, *force_json, *force_yaml));
  out.add("raw_body", text(response.body));
  out.add("headers", headers.finish());
  return out.finish();
}

constexpr std::int64_t kSecond = 1'000'000'000;

void keep(BuiltinContext& context, const std::string& key, const Caching& caching, http::Response response) {
  if (!http::is_cacheable(response.status) || (caching.force_seconds <= 0 && !http::may_store(response)))
    return;
  const auto expires =
      caching.force_seconds > 0 ? context.now_ns + caching.force_seconds * kSecond : http::expiry(response);
  if (expires) context.kept.of<KeptResponses>().keep(key, {std::move(response), *expires});
}

/// The kept answer if it is still good, asking the server when it has grown old. Undefined: nothing is kept.
Attempt<Value> kept_answer(BuiltinContext& context, const Value& request, const std::string& key,
                           const Caching& caching) {
  auto& store = context.kept.of<KeptResponses>();
  const auto found = store.by_request.find(key);
  if (found == store.by_request.end()) return Value();
  if (context.now_ns < found->second.expires_ns) return answer_of(context, request, found->second.response);
  http::Response stale = std::move(found->second.response);
  store.drop(key);
  if (stale.header("etag").empty() && stale.header("last-modified").empty()) return Value();
  auto fresh = exchange(context, request, &stale);
  if (!fresh) return std::unexpected(fresh.error());
  if (fresh->status == 304) {
    for (const auto& header : fresh->headers) stale.headers.erase(header.first);
    for (const auto& header : fresh->headers) stale.headers.insert(header);
    auto answer = answer_of(context, request, stale);
    keep(context, key, caching, std::move(stale));
    return answer;
  }
  if (fresh->status != 200) return Value();
  auto answer = answer_of(context, request, *fresh);
  keep(context, key, caching, std::move(*fresh));
  return answer;
}

Attempt<Value> answer(BuiltinContext& context, const Value& request) {
  auto key = key_of(context, request);
  if (!key) return std::unexpected(key.error());
  auto caching_wanted = caching(request);
  if (!caching_wanted) return std::unexpected(caching_wanted.error());
  auto& answers = context.evaluation.of<Answers>().by_request;
  if (auto found = answers.find(*key); found != answers.end()) return found->second;
  if (caching_wanted->between) {
    auto kept = kept_answer(context, request, *key, *caching_wanted);
    if (!kept || *kept) return answers.emplace(*key, kept).first->second;
  }
  auto response = exchange(context, request, nullptr);
  if (!response) {
    if (response.error().network) answers.emplace(*key, std::unexpected(response.error()));
    return std::unexpected(response.error());
  }
  auto value = answer_of(context, request, *response);
  if (!value) return value;
  if (caching_wanted->between || http::is_cacheable(response->status)) answers.emplace(*key, value);
  if (caching_wanted->between && caching_mode_problem(request).empty())
    keep(context, *key, *caching_wanted, std::move(*response));
  return value;
}

/// What stands for an error that is not to be raised.
Value error_value(BuiltinContext& context, const Trouble& trouble) {
  std::string message = trouble.error.message;
  if (!trouble.network) {
    const Text code =
        trouble.error.kind == BuiltinError::Kind::Type ? "eval_type_error" : "eval_builtin_error";
    message = std::string(context.location) + ": " + std::string(code) + ": http.send: " + message;
  }
  ObjectBuilder error(context.arena);
  error.add("code", Value::string(trouble.network ? "eval_http_send_network_error"
                                                  : "eval_http_send_internal_error"));
  error.add("message", copy_string(context.arena, message));
  ObjectBuilder out(context.arena);
  out.add("status_code", Value::integer(0));
  out.add("error", error.finish());
  return out.finish();
}

BuiltinResult send(BuiltinContext& context, Object operand) {
  const Value& request = operand.value;
  const Value raise = request.at("raise_error");
  if (raise && !raise.is_boolean()) return builtin_failure("invalid value for raise_error field");
  if (!context.meter.charge(1 + request.size())) return limit_failure();
  auto checked = check_http_request(context, request, 1);
  auto result = checked ? answer(context, request) : std::unexpected(Trouble{checked.error(), false});
  if (result) return *result;
  Trouble& trouble = result.error();
  if (trouble.error.kind == BuiltinError::Kind::Halt) return std::unexpected(trouble.error);
  if (!raise || raise.is_true()) {
    // A timeout reads as one, not as what the network layer made of it.
    if (const auto deadline = trouble.error.message.find(": context deadline exceeded");
        deadline != std::string::npos)
      trouble.error.message =
          go::replace_all(trouble.error.message.substr(0, deadline), "\"", "") + ": request timed out";
    return std::unexpected(trouble.error);
  }
  return error_value(context, trouble);
}

constexpr Builtin kTable[] = {
    declare("http", "http.send", "(object[string: any]) => object[any: any]", typed<send>,
            {.nondeterministic = true}),
};

}  // namespace

std::span<const Builtin> http_send() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
