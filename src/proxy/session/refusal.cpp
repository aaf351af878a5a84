// From the request behind the verdict to ErrorFields. A refusal that no request stands behind (the default,
// an error while deciding) says what it is, without telling the client how policies are made.
#include "proxy/session/refusal.h"

#include "actions/parameters.h"
#include "proxy/hooks/event_input.h"

namespace signalbox::proxy {
namespace {

constexpr std::string_view kInsufficientPrivilege = "42501";

/// The parameter, or the default that its specification documents.
std::string parameter(const actions::Parameters& given, const actions::ActionSpec& spec,
                      std::string_view name) {
  if (auto text = given.text(name)) return *text;
  const actions::ParameterSpec* described = actions::parameter_named(spec, name);
  return described != nullptr ? std::string(described->fallback) : std::string();
}

wire::ErrorFields without_request(const actions::Plan& plan, std::string_view severity) {
  wire::ErrorFields fields;
  fields.severity = severity;
  fields.sqlstate = kInsufficientPrivilege;
  fields.message = plan.reason == actions::Reason::Default ? "permission denied"
                                                           : "permission denied: no decision could be made";
  return fields;
}

wire::ErrorFields refusal_fields(const Ruling& ruling, const actions::Facts& facts,
                                 std::string_view severity) {
  const actions::Plan& plan = ruling.plan;
  if (plan.reason != actions::Reason::Requested || plan.decided_by == actions::kNoRequest) {
    return without_request(plan, severity);
  }
  const policy::ActionRequest& request = ruling.decision.actions[plan.decided_by];
  const actions::ActionSpec* spec = actions::find_action(request.action);
  if (spec == nullptr) return without_request(plan, severity);
  const actions::Parameters given(*spec, request, facts);
  wire::ErrorFields fields;
  fields.severity = given.text_or("severity", severity);
  if (severity == "FATAL") fields.severity = severity;
  fields.sqlstate = parameter(given, *spec, "sqlstate");
  if (fields.sqlstate.size() != 5) fields.sqlstate = kInsufficientPrivilege;
  fields.message = parameter(given, *spec, "message");
  if (fields.message.empty()) fields.message = "permission denied";
  fields.detail = given.text_or("detail", "");
  fields.hint = given.text_or("hint", "");
  fields.where = given.text_or("where", "");
  fields.schema = given.text_or("schema", "");
  fields.table = given.text_or("table", "");
  fields.column = given.text_or("column", "");
  fields.data_type = given.text_or("datatype", "");
  fields.constraint = given.text_or("constraint", "");
  if (const auto position = given.integer("position")) fields.position = std::to_string(*position);
  return fields;
}

/// `deny: {transaction: keep}`
bool keeps_transaction(const Ruling& ruling) {
  const actions::Plan& plan = ruling.plan;
  if (plan.decided_by == actions::kNoRequest) return false;
  const policy::ActionRequest& request = ruling.decision.actions[plan.decided_by];
  const actions::ActionSpec* spec = actions::find_action(request.action);
  if (spec == nullptr) return false;
  const actions::NoFacts none;
  return actions::Parameters(*spec, request, none).text_or("transaction", "abort") == "keep";
}

}  // namespace

Refusal log_is_full() {
  return make_refusal("53100", "the audit log is full");
}

Refusal make_refusal(std::string sqlstate, std::string message) {
  Refusal refusal;
  refusal.fields.sqlstate = std::move(sqlstate);
  refusal.fields.message = std::move(message);
  return refusal;
}

wire::ErrorFields fatal(std::string_view sqlstate, std::string_view message) {
  wire::ErrorFields fields;
  fields.severity = "FATAL";
  fields.sqlstate = sqlstate;
  fields.message = message;
  return fields;
}

Refusal refusal_of(const Ruling& ruling, const Event& event) {
  const EventView view(event);
  const EventInput input(view, ruling.policies->slots());
  Refusal refusal;
  refusal.verdict = ruling.plan.verdict;
  refusal.fields = refusal_fields(ruling, input, actions::ends_session(refusal.verdict) ? "FATAL" : "ERROR");
  refusal.keeps_transaction = keeps_transaction(ruling);
  refusal.by_default = ruling.plan.reason == actions::Reason::Default;
  return refusal;
}

}  // namespace signalbox::proxy
