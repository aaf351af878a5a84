// The JSON form of a decision record. Written by hand into a reused string: this runs on the data path.
#include "actions/record.h"

#include "actions/json_text.h"
#include "actions/plan.h"
#include "policy/decision.h"
#include "policy/value/json.h"

namespace signalbox::actions {

namespace {

void append_request(const policy::ActionRequest& request, std::string& out) {
  JsonObject object(out);
  object.text("action", request.action);
  object.text("policy", request.policy);
  object.text_unless_empty("rule", request.rule);
  if (!request.at.file.empty()) {
    object.text("file", request.at.file);
    object.number("row", request.at.row);
    object.number("col", request.at.col);
  }
  if (request.priority != 0) object.number("priority", request.priority);
  if (request.final) object.boolean("final", true);
  if (request.shadow) object.boolean("shadow", true);
  if (request.parameters.is_object() && request.parameters.size() != 0) {
    policy::append_json(object.key("parameters"), request.parameters);
  }
}

template <class List, class Append>
void append_list(const List& list, std::string& out, Append append) {
  out += '[';
  for (const auto& element : list) {
    if (out.back() != '[') out += ',';
    append(element);
  }
  out += ']';
}

void append_actions(const std::vector<PlannedAction>& actions, std::string& out) {
  append_list(actions, out, [&](const PlannedAction& action) {
    JsonObject object(out);
    object.text("action", action.spec->name);
    object.number("request", action.request);
  });
}

void append_set_aside(const Plan& plan, bool conflicts, std::string& out) {
  out += '[';
  for (const SetAside& aside : plan.set_aside) {
    if ((aside.fate == Fate::Conflict) != conflicts) continue;
    if (out.back() != '[') out += ',';
    JsonObject object(out);
    object.number("request", aside.request);
    object.text("fate", name(aside.fate));
    if (aside.because != kNoRequest) object.number("because", aside.because);
  }
  out += ']';
}

void append_plan(const Plan& plan, std::string& out) {
  JsonObject object(out);
  object.text("verdict", name(plan.verdict));
  object.text("reason", name(plan.reason));
  if (plan.decided_by != kNoRequest) object.number("decided_by", plan.decided_by);
  append_actions(plan.sync, object.key("sync"));
  append_actions(plan.async, object.key("async"));
}

void append_step(const SyncStep& step, std::string& out) {
  JsonObject object(out);
  object.text("action", step.action);
  object.text("outcome", step.outcome);
  object.number("at_ns", step.at_ns);
  object.number("took_ns", step.took_ns);
}

void append_error(const policy::EvalError& error, std::string& out) {
  JsonObject object(out);
  object.text("code", error.code);
  object.text("message", error.message);
}

}  // namespace

void append_json(const DecisionRecordView& record, std::string& out) {
  JsonObject object(out);
  object.key("id") += '"';
  record.id.append_text(out);
  out += '"';
  object.key("time") += '"';
  append_time(out, record.time_ns);
  out += '"';
  object.text("hook", name(record.hook));
  object.number("session", static_cast<std::int64_t>(record.session));
  object.text_unless_empty("user", record.user);
  object.text_unless_empty("database", record.database);
  object.text_unless_empty("client", record.client);
  object.text_unless_empty("target", record.target);
  object.text_unless_empty("revision", record.revision);
  object.text_unless_empty("engine", record.engine);
  object.text_unless_empty("passed_over", record.passed_over);
  object.number("latency_ns", record.latency_ns);
  if (record.memoised) object.boolean("memoised", true);
  if (record.decision != nullptr) {
    append_list(record.decision->actions, object.key("requests"),
                [&](const auto& request) { append_request(request, out); });
    if (record.decision->error) append_error(*record.decision->error, object.key("error"));
  }
  if (record.plan != nullptr) {
    append_plan(*record.plan, object.key("plan"));
    append_set_aside(*record.plan, true, object.key("conflicts"));
    append_set_aside(*record.plan, false, object.key("set_aside"));
  }
  object.raw("facts", record.facts.empty() ? "{}" : record.facts);
  object.text_unless_empty("outcome", record.outcome);
  if (!record.steps.empty())
    append_list(record.steps, object.key("steps"), [&](const SyncStep& step) { append_step(step, out); });
  object.text_unless_empty("traceparent", record.traceparent);
}

}  // namespace signalbox::actions
