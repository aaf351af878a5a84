// /gateway/v1/limits: what police and limit have counted, by key.
#include <nlohmann/json.hpp>

#include "actions/limits/limiter.h"
#include "admin/parameters.h"
#include "admin/reply.h"
#include "admin/routes/list.h"
#include "base/json_depth.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

Response list(const Context& context, const Request& request) {
  const auto limit = limit_of(request, 1000);
  if (!limit) return refuse(400, kInvalidParameter, "limit is a number from 1 to 1000");
  Json rows = Json::array();
  for (const actions::LimiterRow& row : context.limiter->list(*limit)) {
    rows.push_back({{"key", row.key},
                    {"admitted", row.admitted},
                    {"refused", row.refused},
                    {"in_flight", row.in_flight}});
  }
  return reply({{"keys", context.limiter->keys()}, {"limits", std::move(rows)}});
}

Response reset(const Context& context, const Request& request) {
  const Json body = Json::parse(if_shallow(request.body), nullptr, false);
  if (!body.is_object() || !body.contains("key") || !body["key"].is_string())
    return refuse(400, kInvalidParameter, "the body is an object with a key");
  const std::string key = body["key"];
  if (!context.limiter->reset(key)) return refuse(404, kNotFound, "there is no such key");
  return reply({{"reset", key}});
}

}  // namespace

std::vector<Route> limits_routes() {
  return {
      {Method::Get,
       "/gateway/v1/limits",
       Role::Read,
       "Keys of police and limit with what they were admitted and refused, the most refused first.",
       list,
       {{"limit", "integer", "At most this many, 100 by default."}},
       {},
       R"({"type": "object", "properties": {"keys": {"type": "integer"}, "limits": {"type": "array", "items": {"type": "object"}}}})"},
      {Method::Post,
       "/gateway/v1/limits/reset",
       Role::Operate,
       "Forget what a key has used up; places in use stay taken.",
       reset,
       {},
       R"({"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}})",
       R"({"type": "object", "properties": {"reset": {"type": "string"}}})"},
  };
}

}  // namespace signalbox::admin
