// set, noset: session parameters.
#include <algorithm>

#include "proxy/lane/lane.h"

namespace signalbox::proxy {
namespace {

/// As PostgreSQL compares names of parameters: letter case does not matter.
std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// The server owes an answer, and whether the parameter is set is not known: such a session is of no use.
Refusal unknown_state() {
  Refusal refusal = make_refusal("57014", "the server did not answer in time");
  refusal.fields.severity = "FATAL";
  refusal.verdict = actions::Verdict::Disconnect;
  return refusal;
}

}  // namespace

Task<LaneOutcome> run_set(LaneCall call) {
  std::string name = lower(call.with.text_or("name", ""));
  std::string value = call.with.text_or("value", "");
  if (name.empty() || value.find('\0') != std::string::npos)
    co_return LaneOutcome{.failed = "no such parameter or value"};
  if (call.event.hook == actions::Hook::Startup) {
    call.host.set_at_startup(name, value);
    co_return LaneOutcome{};
  }
  const bool local = call.with.text_or("scope", "session") == "transaction";
  const bool goes_on = call.with.text_or("on_error", "deny") == "continue";
  SetAnswer answer = co_await call.host.set_parameter(std::move(name), std::move(value), local, call.time);
  if (answer.late) {
    LaneOutcome outcome = overdue(call);
    if (!goes_on || is_opening(call.event)) outcome.refusal = unknown_state();
    co_return outcome;
  }
  if (answer.refusal && goes_on) co_return LaneOutcome{.failed = answer.refusal->fields.message};
  co_return LaneOutcome{.refusal = std::move(answer.refusal)};
}

Task<LaneOutcome> run_noset(LaneCall call) {
  Pin pin;
  pin.name = lower(call.with.text_or("name", ""));
  pin.ignores = call.with.text_or("on_set", "refuse") == "ignore";
  pin.refuses_hidden = call.with.text_or("on_hidden", "refuse") == "refuse";
  pin.is_default = call.event.hook == actions::Hook::Startup;
  pin.refusal = refusal_for(call, "parameter \"" + pin.name + "\" cannot be changed");
  co_return LaneOutcome{.refusal = call.host.pin(std::move(pin))};
}

}  // namespace signalbox::proxy
