// /gateway/v1/policies: which policies decide, and loading them again.
#include <nlohmann/json.hpp>

#include "admin/reply.h"
#include "admin/routes/list.h"
#include "policy/engine.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

Json diagnostics_json(const Diagnostics& diagnostics) {
  Json list = Json::array();
  for (const auto& d : diagnostics) list.push_back(as_json(d));
  return list;
}

Json rules_json(const policy::PolicySet& set) {
  Json list = Json::array();
  for (const auto& rule : set.rule_reads()) {
    Json inputs = Json::array();
    for (const policy::SlotRead& read : rule.slots) {
      std::string path;
      for (const auto& key : set.input_paths()[read.slot]) path += (path.empty() ? "" : ".") + key;
      inputs.push_back(path);
    }
    list.push_back({{"policy", rule.policy},
                    {"rule", rule.rule},
                    {"file", rule.at.file},
                    {"row", rule.at.row},
                    {"hooks", rule.hooks},
                    {"reads", std::move(inputs)}});
  }
  return list;
}

Json status_json(const PolicyStatus& status) {
  Json body{{"directory", status.directory}, {"revision", status.revision}, {"files", status.files}};
  if (!status.revision.empty()) body["loaded"] = time_text(status.loaded_ns);
  body["loads"] = status.loads;
  body["failures"] = status.failures;
  if (status.last_failure) {
    body["last_failure"] = {{"time", time_text(status.last_failure->at_ns)},
                            {"errors", diagnostics_json(status.last_failure->diagnostics)}};
  }
  return body;
}

Response show(const Context& context, const Request&) {
  Json body = status_json(context.policies->status());
  if (const auto set = context.policies->current()) {
    body["warnings"] = diagnostics_json(set->warnings());
    body["rules"] = rules_json(*set);
  }
  return reply(body);
}

Response reload(const Context& context, const Request&) {
  if (const auto loaded = context.policies->reload(); !loaded) {
    return refuse(400, kInvalidParameter, "the policies have errors; the last good ones stay in use",
                  loaded.error());
  }
  return reply(status_json(context.policies->status()));
}

constexpr std::string_view kAnswer =
    R"({"type": "object", "required": ["directory", "revision"], "properties": {
  "directory": {"type": "string"}, "revision": {"type": "string"}, "files": {"type": "integer"},
  "loaded": {"type": "string", "format": "date-time"}, "loads": {"type": "integer"}, "failures": {"type": "integer"},
  "last_failure": {"type": "object"}, "warnings": {"type": "array"}, "rules": {"type": "array"}}})";

}  // namespace

std::vector<Route> policies_routes() {
  return {
      {Method::Get,
       "/gateway/v1/policies",
       Role::Read,
       "The policies in use, their rules and what those read.",
       show,
       {},
       {},
       kAnswer},
      {Method::Post,
       "/gateway/v1/policies/reload",
       Role::Operate,
       "Load the policy directory again. On any error the policies in use stay.",
       reload,
       {},
       {},
       kAnswer},
  };
}

}  // namespace signalbox::admin
