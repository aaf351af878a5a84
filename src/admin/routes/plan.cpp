// /gateway/v1/plan: what would happen to a statement. Nothing runs.
#include "admin/evaluations.h"
#include "admin/rehearsal.h"
#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

Response plan(const Context& context, const Request& request) {
  const auto scene = scene_from_json(request.body);
  if (!scene) return refuse(scene.error());
  const auto evaluator = context.evaluations->borrow();
  return reply_text(
      rehearse(context.policies->current(), *evaluator, context.interlock(), *context.clock, *scene));
}

constexpr std::string_view kScene =
    R"({"type": "object", "required": ["statement"], "additionalProperties": false, "properties": {
  "statement": {"type": "string", "description": "SQL text, as a client would send it."},
  "hook": {"type": "string", "default": "traffic_from_client"},
  "protocol": {"type": "string", "enum": ["simple", "extended"]},
  "session": {"type": "object", "additionalProperties": false, "properties": {
    "user": {"type": "string"}, "database": {"type": "string"}, "application_name": {"type": "string"},
    "transaction": {"type": "string", "enum": ["idle", "active", "failed"]},
    "parameters": {"type": "object"}, "tags": {"type": "object"}}},
  "client": {"type": "object", "additionalProperties": false, "properties": {
    "address": {"type": "string"}, "listener": {"type": "string"}}},
  "server": {"type": "object", "additionalProperties": false, "properties": {
    "target": {"type": "string"}, "address": {"type": "string"}, "version": {"type": "string"}, "role": {"type": "string"}}}}})";

}  // namespace

std::vector<Route> plan_routes() {
  return {{Method::Post,
           "/gateway/v1/plan",
           Role::Read,
           "What would be decided on a statement, why, and what would be done. Nothing runs.",
           plan,
           {},
           kScene,
           R"({"type": "object", "required": ["input", "decision", "statements"], "properties": {
             "input": {"type": "object"}, "decision": {"type": "object"},
             "statements": {"type": "array", "description": "Each statement that is decided by itself; the strictest verdict holds.",
               "items": {"type": "object"}}}})"}};
}

}  // namespace signalbox::admin
