// DecisionSource: who decides, when it is not the embedded engine. Asynchronous: asking suspends the one
// session that asks, on its own loop.
#pragma once

#include "policy/decision.h"
#include "proxy/hooks/event_input.h"
#include "proxy/hooks/policies.h"
#include "proxy/net/task.h"

namespace signalbox::proxy {

class DecisionSource {
 public:
  virtual ~DecisionSource() = default;
  /// Never fails: what went wrong is Decision::error. `policies` says what to send; `view` and it must
  /// outlive the answer.
  virtual Task<policy::Decision> decide(const EventView& view, std::shared_ptr<const Policies> policies) = 0;
};

}  // namespace signalbox::proxy
