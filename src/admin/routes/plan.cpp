// /gateway/v1/plan: what would happen to a statement. Nothing runs.
#include "admin/evaluations.h"
#include "admin/rehearsal.h"
#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

Response plan(const Context& context, const Request& request) {
  const auto evaluator = context.evaluations->borrow();
  auto answer = rehearse_request(context.policies->current(), *evaluator, context.interlock(), *context.clock,
                                 request.body);
  if (!answer) return refuse(answer.error());
  return reply_text(std::move(*answer));
}

constexpr std::string_view kScene =
    R"({"type": "object", "additionalProperties": false, "properties": {
  "event": {"type": "object", "description": "Instead of all else: an input document, or a decision's record, to be decided as it is."},
  "statement": {"type": "string", "description": "SQL text, as a client would send it."},
  "hook": {"type": "string", "default": "traffic_from_client"},
  "time": {"type": "string", "format": "date-time", "description": "When; now, without it."},
  "protocol": {"type": "string", "enum": ["simple", "extended", "function_call"]},
  "parameters": {"type": "array", "description": "Values bound to $1, $2, ...: each a value, or {type: OID, value}."},
  "prepared": {"type": "object", "description": "NAME: SQL of what EXECUTE may run."},
  "cursors": {"type": "object", "description": "NAME: SQL of what FETCH may read."},
  "policy": {"type": "string", "description": "Only what this policy asks for counts."},
  "session": {"type": "object", "additionalProperties": false, "properties": {
    "user": {"type": "string"}, "database": {"type": "string"}, "application_name": {"type": "string"},
    "transaction": {"type": "string", "enum": ["idle", "active", "failed"]},
    "parameters": {"type": "object"}, "tags": {"type": "object"}}},
  "client": {"type": "object", "additionalProperties": false, "properties": {
    "address": {"type": "string"}, "listener": {"type": "string"}}},
  "signals": {"type": "object", "description": "NAME: VALUE, as plugins would raise them; by a detector's name, what it would remember."},
  "server": {"type": "object", "additionalProperties": false, "properties": {
    "target": {"type": "string"}, "address": {"type": "string"}, "version": {"type": "string"}, "role": {"type": "string"}}}}})";

}  // namespace

std::vector<Route> plan_routes() {
  return {
      {Method::Post,
       "/gateway/v1/plan",
       Role::Read,
       "What would be decided on a statement, why, and what would be done. Nothing runs.",
       plan,
       {},
       kScene,
       R"({"type": "object", "required": ["input", "decision", "rules", "read", "statements"], "properties": {
             "input": {"type": "object"}, "decision": {"type": "object"},
             "rules": {"type": "array", "description": "What became of every rule; failed_at.text is the line of the condition that did not hold.", "items": {"type": "object"}},
             "read": {"type": "object", "description": "What the rules looked at: PATH: VALUE, null where there is none."},
             "statements": {"type": "array", "description": "Each statement that is decided by itself; the strictest verdict holds.",
               "items": {"type": "object"}}}})"}};
}

}  // namespace signalbox::admin
