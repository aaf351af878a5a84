// /v1/compile: OPA's Compile API. A query is evaluated as far as what is known goes; what is left are
// conditions over the unknowns, as the tree in JSON, from which callers make filters. A reader may ask any
// query, so it may not send requests (http.send), as in OPA.
#include <chrono>
#include <nlohmann/json.hpp>

#include "admin/reply.h"
#include "admin/routes/list.h"
#include "policy/partial/partial.h"
#include "policy/syntax/parsing.h"
#include "policy/value/json.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;
using policy::Value;

constexpr policy::Limits kLimits{
    .steps = 10'000'000, .memory = 256u << 20, .depth = 512, .time = std::chrono::seconds(5)};

struct Asked {
  std::string query;
  policy::PartialOptions options;
};

/// The answer to a request that cannot be read.
using Refused = std::unexpected<Response>;

Refused bad_request(const std::string& message) {
  return Refused(refuse(400, kInvalidParameter, message));
}

Refused undecodable(const std::string& message) {
  return bad_request("error(s) occurred while decoding request: " + message);
}

/// References, each of which must be one.
std::expected<std::vector<std::string>, Response> references(const Value& list, std::string_view name) {
  std::vector<std::string> out;
  if (!list || list.is_null()) return out;
  if (!list.is_array()) return undecodable(std::string(name) + " must be an array of strings");
  for (const Value& item : list.as_array()) {
    if (!item.is_string()) return undecodable(std::string(name) + " must be an array of strings");
    const auto source = policy::ast::make_source("", std::string(item.as_string()));
    if (const auto parsed = policy::ast::parse_ref(source); !parsed) {
      return Refused(refuse(400, kInvalidParameter,
                            "error(s) occurred while parsing " + std::string(name) + ": " + source->text,
                            parsed.error()));
    }
    out.push_back(source->text);
  }
  return out;
}

std::expected<std::string, Response> query_of(const Value& request) {
  const Value query = request.at("query");
  if (query && !query.is_null() && !query.is_string()) return undecodable("query must be a string");
  if (!query || query.is_null() || query.as_string().empty())
    return bad_request("missing required 'query' value");
  std::string text(query.as_string());
  const auto parsed = policy::ast::parse_query(policy::ast::make_source("", text));
  if (!parsed)
    return Refused(refuse(400, kInvalidParameter, "error(s) occurred while parsing query", parsed.error()));
  return text;
}

std::expected<Asked, Response> read_request(const std::string& body) {
  policy::Arena arena;
  const auto read = policy::parse_json(arena, body);
  if (!read) return undecodable(read.error().message);
  if (!read->is_object()) return undecodable("the body must be an object");
  Asked out;
  out.options.limits = kLimits;
  out.options.unsafe_builtins = {"http.send"};
  auto query = query_of(*read);
  if (!query) return std::unexpected(std::move(query.error()));
  out.query = std::move(*query);
  if (const Value input = read->at("input")) out.options.input = policy::to_json(input);
  const Value unknowns = read->at("unknowns");
  auto names = references(unknowns, "unknowns");
  if (!names) return std::unexpected(std::move(names.error()));
  if (unknowns && !unknowns.is_null()) out.options.unknowns = std::move(*names);
  const Value options = read->at("options");
  if (!options || options.is_null()) return out;
  if (!options.is_object()) return undecodable("options must be an object");
  auto paths = references(options.at("disableInlining"), "disableInlining");
  if (!paths) return std::unexpected(std::move(paths.error()));
  out.options.disable_inlining = std::move(*paths);
  const Value called = options.at("nondeterministicBuiltins");
  out.options.nondeterministic_builtins = called && called.is_boolean() && called.as_boolean();
  return out;
}

Response compile(const Context& context, const Request& request) {
  const auto asked = read_request(request.body);
  if (!asked) return asked.error();
  auto set = context.policies->current();
  if (!set) {
    auto empty = policy::PolicySet::load({}, {}, {});
    if (!empty) return refuse(500, kInternalError, "no policies");
    set = *empty;
  }
  const std::int64_t before = context.clock->steady_ns();
  const auto result = policy::PartialProgram(set).evaluate(asked->query, asked->options);
  if (!result) {
    const bool stopped = result.error().front().code.starts_with("eval_");
    return stopped ? refuse(500, kInternalError, "error(s) occurred while evaluating query", result.error())
                   : refuse(400, kInvalidParameter, "error(s) occurred while compiling module(s)",
                            result.error());
  }
  std::string out = "{\"result\":" + policy::to_json(*result);
  if (request.flag("metrics")) {
    out += ",\"metrics\":" + Json{{"timer_rego_partial_eval_ns", context.clock->steady_ns() - before}}.dump();
  }
  out += "}";
  if (!request.flag("pretty")) return reply_text(std::move(out));
  policy::Arena arena;
  const auto whole = policy::parse_json(arena, out);
  return reply_text(whole ? policy::to_json_pretty(*whole) : out);
}

}  // namespace

std::vector<Route> compile_routes() {
  return {
      {Method::Post,
       "/v1/compile",
       Role::Read,
       "A query evaluated as far as what is known goes: the conditions over the unknowns that are left.",
       compile,
       {{"pretty", "boolean", "Indent the answer."},
        {"metrics", "boolean", "Add how long the evaluation took."}},
       R"({"type": "object", "required": ["query"], "properties": {
             "query": {"type": "string"}, "input": {},
             "unknowns": {"type": "array", "items": {"type": "string"}, "description": "References; [\"input\"] without."},
             "options": {"type": "object", "properties": {
               "disableInlining": {"type": "array", "items": {"type": "string"}},
               "nondeterministicBuiltins": {"type": "boolean"}}}}})",
       R"({"type": "object", "required": ["result"], "properties": {"result": {"type": "object", "properties": {
             "queries": {"type": "array", "items": {"type": "array"}}, "support": {"type": "array"}}},
             "metrics": {"type": "object"}}})"}};
}

}  // namespace signalbox::admin
