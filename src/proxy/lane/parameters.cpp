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
  auto error = co_await call.host.set_parameter(std::move(name), std::move(value), local);
  if (error && call.with.text_or("on_error", "deny") == "continue")
    co_return LaneOutcome{.failed = error->fields.message};
  co_return LaneOutcome{.refusal = std::move(error)};
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
