// Hooks of the gateway, not of a session: an event without a client.
#include "proxy/hooks/lifecycle.h"

namespace signalbox::proxy {

void Lifecycle::raise(actions::Hook hook, std::string signal) {
  if (decider_.wants(hook)) spawn(decide(hook, std::move(signal)));
}

Task<> Lifecycle::decide(actions::Hook hook, std::string signal) {
  const Facts facts = facts_();
  const LifeFacts life{.signal = signal, .sessions = facts.sessions};
  Event event{.hook = hook, .time_ns = decider_.wall_ns(), .gateway = facts.gateway.get(), .life = &life};
  const RulingPtr ruling = co_await ruling_on(decider_, event);
  decider_.dispatch(*ruling, event);
}

void Lifecycle::tick_every(std::chrono::nanoseconds interval) {
  interval_ = interval;
  ticks_.disarm();
  if (interval_.count() > 0 && decider_.wants(actions::Hook::Tick)) ticks_.arm(loop_.timers(), interval_);
}

void Lifecycle::tick() {
  tick_every(interval_);
  raise(actions::Hook::Tick);
}

}  // namespace signalbox::proxy
