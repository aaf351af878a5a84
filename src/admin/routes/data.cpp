// /v1/data: OPA's Data API over the loaded policies, so that OPA's clients and SDKs can ask the gateway. Base
// documents and rules answer alike. Writing data is not offered: policies come from the policy directory.
// The surprise: as in OPA, an undefined document is a 200 without `result`.
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "admin/evaluations.h"
#include "admin/reply.h"
#include "admin/routes/list.h"
#include "policy/value/json.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;
using policy::Value;

constexpr policy::Limits kLimits{
    .steps = 100'000'000, .memory = 256u << 20, .depth = 512, .time = std::chrono::seconds(5)};

bool is_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

// data["a"]["b"][0]: as in OPA, a segment that is an integer is one, every other is a string.
std::string reference(const std::vector<std::string>& segments) {
  std::string out = "data";
  for (const auto& segment : segments) {
    const std::string text = Json(segment).dump(-1, ' ', false, Json::error_handler_t::replace);
    out += "[" + (is_integer(segment) ? std::to_string(std::stoll(segment)) : text) + "]";
  }
  return out;
}

Response evaluation_failed(const policy::EvalError& error) {
  return refuse(500, kInternalError, "error(s) occurred while evaluating query",
                Diagnostics{{Severity::Error, error.code, error.message, error.at, {}, {}}});
}

struct Answer {
  Value result;
  std::int64_t nanoseconds = 0;
};

std::string body_of(const Context& context, const Request& request, const Answer& answer,
                    bool input_missing) {
  const bool pretty = request.flag("pretty");
  std::string out = "{";
  const auto member = [&](std::string_view name, const std::string& json) {
    out += out.size() > 1 ? "," : "";
    out += pretty ? "\n  " : "";
    out += '"' + std::string(name) + (pretty ? "\": " : "\":") + json;
  };
  if (request.flag("metrics"))
    member("metrics", Json{{"timer_rego_query_eval_ns", answer.nanoseconds}}.dump());
  if (request.flag("provenance")) {
    const auto status = context.policies->status();
    member("provenance", Json{{"version", context.version},
                              {"bundles", {{status.directory, {{"revision", status.revision}}}}}}
                             .dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (answer.result)
    member("result", pretty ? policy::to_json_pretty(answer.result) : policy::to_json(answer.result));
  if (input_missing) {
    member("warning", R"({"code":"api_usage_warning","message":"'input' key missing from the request"})");
  }
  return out + (pretty ? "\n}" : "}");
}

Response evaluate(const Context& context, const Request& request, Value input, bool input_missing) {
  const auto set = context.policies->current();
  if (!set) return reply(Json::object());
  const auto query = context.evaluations->prepared(set, reference(request.segments));
  if (!query) return refuse(400, kInvalidParameter, "error(s) occurred while compiling query", query.error());
  const auto evaluator = context.evaluations->borrow();
  const policy::JsonInput facts(input, set->input_paths());
  const policy::QueryOptions options{.strict_builtin_errors = request.flag("strict-builtin-errors")};
  const std::int64_t before = context.clock->steady_ns();
  const auto result = evaluator->value(**query, facts, kLimits, options);
  if (!result) return evaluation_failed(result.error());
  return reply_text(body_of(context, request, {*result, context.clock->steady_ns() - before}, input_missing));
}

Response bad_json(const policy::JsonError& error) {
  return refuse(
      400, kInvalidParameter,
      "body contains malformed JSON: " + error.message + " at byte " + std::to_string(error.offset));
}

Response get_data(const Context& context, const Request& request) {
  policy::Arena arena;
  Value input;
  if (const auto text = request.parameter("input")) {
    const auto parsed = policy::parse_json(arena, *text);
    if (!parsed)
      return refuse(400, kInvalidParameter,
                    "parameter input contains malformed JSON: " + parsed.error().message);
    input = *parsed;
  }
  return evaluate(context, request, input, false);
}

Response post_data(const Context& context, const Request& request) {
  policy::Arena arena;
  Value input;
  if (!request.body.empty()) {
    const auto parsed = policy::parse_json(arena, request.body);
    if (!parsed) return bad_json(parsed.error());
    if (!parsed->is_object()) return refuse(400, kInvalidParameter, "body must be a JSON object");
    input = parsed->at("input");
  }
  return evaluate(context, request, input, input.is_undefined() || input.is_null());
}

// The webhook form: the body is the input, the answer is the result.
Response post_data_v0(const Context& context, const Request& request) {
  policy::Arena arena;
  const auto parsed = policy::parse_json(arena, request.body.empty() ? "null" : request.body);
  if (!parsed) return bad_json(parsed.error());
  const auto set = context.policies->current();
  const std::string path = reference(request.segments);
  if (!set) return refuse(404, "undefined_document", "document missing: " + path);
  const auto query = context.evaluations->prepared(set, path);
  if (!query) return refuse(400, kInvalidParameter, "error(s) occurred while compiling query", query.error());
  const auto evaluator = context.evaluations->borrow();
  const auto result = evaluator->value(**query, policy::JsonInput(*parsed, set->input_paths()), kLimits);
  if (!result) return evaluation_failed(result.error());
  if (!*result) return refuse(404, "undefined_document", "document undefined: " + path);
  return reply_text(policy::to_json(*result));
}

constexpr std::string_view kRequest = R"({"type": "object", "properties": {"input": {}}})";
constexpr std::string_view kAnswer =
    R"({"type": "object", "properties": {"result": {}, "warning": {"type": "object"},
  "metrics": {"type": "object"}, "provenance": {"type": "object"}}})";

std::vector<QueryParameter> options() {
  return {{"pretty", "boolean", "Indent the answer."},
          {"metrics", "boolean", "Add how long the evaluation took."},
          {"provenance", "boolean", "Add the version and the policies' revision."},
          {"strict-builtin-errors", "boolean", "An error of a built-in function fails the query."}};
}

}  // namespace

std::vector<Route> data_routes() {
  auto get = options();
  get.insert(get.begin(), {"input", "string", "The input document, as JSON."});
  return {
      {Method::Get,
       "/v1/data/{path...}",
       Role::Read,
       "The document at the path.",
       get_data,
       get,
       {},
       kAnswer},
      {Method::Post, "/v1/data/{path...}", Role::Read, "The document at the path, for an input.", post_data,
       options(), kRequest, kAnswer},
      {Method::Post,
       "/v0/data/{path...}",
       Role::Read,
       "The webhook form: the body is the input, the answer is the document.",
       post_data_v0,
       {},
       "{}",
       {}},
  };
}

}  // namespace signalbox::admin
