// Lifecycle: raises the hooks of the gateway's own life: config_loaded, booting, booted, tick, signal,
// shutdown. One worker of a gateway does, on its loop. A verdict means nothing there; what policies ask for
// is async.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "proxy/hooks/decider.h"
#include "proxy/hooks/event.h"
#include "proxy/net/loop.h"
#include "proxy/net/task.h"

namespace signalbox::proxy {

class Lifecycle {
 public:
  struct Facts {
    std::shared_ptr<const GatewayFacts> gateway;
    std::uint64_t sessions = 0;
  };

  /// `facts`: asked each time something is raised.
  Lifecycle(Loop& loop, Decider& decider, std::function<Facts()> facts)
      : loop_(loop), decider_(decider), facts_(std::move(facts)) {}

  /// `signal`: its name, at the hook of that name.
  void raise(actions::Hook hook, std::string signal = {});
  /// Raises `tick` at this interval (0 = never), as long as a policy is about it. To be called again when
  /// policies have changed.
  void tick_every(std::chrono::nanoseconds interval);

 private:
  Task<> decide(actions::Hook hook, std::string signal);
  void tick();

  Loop& loop_;
  Decider& decider_;
  std::function<Facts()> facts_;
  std::chrono::nanoseconds interval_{};
  Timer ticks_{[this] { tick(); }};
};

}  // namespace signalbox::proxy
