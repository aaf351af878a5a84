// Rehearsing what was recorded: the input document is put together of what the record has, and decided as it
// is.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "actions/record.h"
#include "admin/outcomes.h"
#include "admin/rehearsal.h"
#include "base/json_depth.h"
#include "policy/value/json.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::ptrdiff_t kLongestPath = 64;

void put(Json& document, std::string_view path, const Json& value) {
  Json* at = &document;
  for (;;) {
    const auto dot = path.find('.');
    Json& next = (*at)[std::string(path.substr(0, dot))];
    if (dot == std::string_view::npos) {
      next = value;
      return;
    }
    if (!next.is_object()) next = Json::object();
    at = &next;
    path.remove_prefix(dot + 1);
  }
}

/// A record's facts are paths with their values; what a record says besides them is the session's.
Json input_of_record(const Json& record) {
  Json input = {{"version", 1}, {"hook", record["hook"]}};
  if (record.contains("user")) put(input, "session.user", record["user"]);
  if (record.contains("database")) put(input, "session.database", record["database"]);
  for (const auto& [path, value] : record["facts"].items()) put(input, path, value);
  return input;
}

Result<Json> input_of(std::string_view json) {
  Json document = Json::parse(if_shallow(json), nullptr, false);
  if (!document.is_object()) return fail(ErrorCode::InvalidArgument, "the event is not a JSON object");
  if (document.contains("input") && document["input"].is_object()) document = Json(document["input"]);
  if (document.contains("facts") && document["facts"].is_object() && document.contains("hook")) {
    for (const auto& [path, value] : document["facts"].items())
      if (std::ranges::count(path, '.') > kLongestPath)
        return fail(ErrorCode::InvalidArgument, "a fact's path is too long");
    document = input_of_record(document);
  }
  if (!document.contains("hook") || !document["hook"].is_string())
    return fail(ErrorCode::InvalidArgument,
                "the event is no input document and no record of a decision: it names no hook");
  return document;
}

}  // namespace

Result<std::string> rehearse_recorded(const std::shared_ptr<const policy::PolicySet>& set,
                                      policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                                      const Clock& clock, std::string_view json) {
  const auto input = input_of(json);
  if (!input) return std::unexpected(input.error());
  const std::string hook_name = (*input)["hook"];
  const auto hook = actions::hook_named(hook_name);
  if (!hook) return fail(ErrorCode::InvalidArgument, "there is no hook \"" + hook_name + "\"");
  const std::string text = input->dump(-1, ' ', false, Json::error_handler_t::replace);
  policy::Arena arena;
  const auto document = policy::parse_json(arena, text);
  if (!document) return fail(ErrorCode::InvalidArgument, document.error().message);
  policy::Explanation why;
  const std::int64_t began = clock.steady_ns();
  if (set) why = evaluator.explain(*set, policy::JsonInput(*document, set->input_paths()), {});
  const actions::Plan plan = actions::interlock(why.decision, *hook, options);
  actions::DecisionRecordView record;
  record.time_ns = clock.wall_ns();
  record.hook = *hook;
  record.revision = set ? set->revision() : std::string_view();
  record.engine = "embedded";
  record.latency_ns = clock.steady_ns() - began;
  record.decision = &why.decision;
  record.plan = &plan;
  std::string take = R"("input":)" + text + R"(,"decision":)";
  actions::append_json(record, take);
  append_outcomes(why, set.get(), hook_name, take);
  return "{" + take + R"(,"statements":[{)" + take + "}]}";
}

Result<std::string> rehearse_request(const std::shared_ptr<const policy::PolicySet>& set,
                                     policy::Evaluator& evaluator, const actions::InterlockOptions& options,
                                     const Clock& clock, std::string_view json) {
  const Json request = Json::parse(if_shallow(json), nullptr, false);
  if (request.is_object() && request.size() == 1 && request.contains("event"))
    return rehearse_recorded(set, evaluator, options, clock, request["event"].dump());
  const auto scene = scene_from_json(json);
  if (!scene) return std::unexpected(scene.error());
  return rehearse(set, evaluator, options, clock, *scene);
}

}  // namespace signalbox::admin
