// protocol_violation: a client that speaks the protocol wrongly is broken, or is probing.
#include "proxy/signals/failures.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {

extern const Detector kProtocolViolation;
const Detector kProtocolViolation{
    .name = "protocol_violation",
    .path = "signals.protocol_violation",
    .summary = "Clients at the session's address have broken the protocol in the last 10 minutes.",
    .raised =
        "at every hook of a session, from `connecting` on, while there are any; of the session's own the "
        "first chance to act is `closing`",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "integer", "description": "violations by the client's address"},
    "user": {"type": "integer", "description": "violations by sessions of the same user"}
  }
})",
    .depends_on = DependsOn::Moment,
    .signal = [](const EventView& view,
                 policy::Arena& arena) { return remembered(kProtocolViolation, view, arena); },
    .sights = {Sight::Violation},
    .memory = []() -> std::unique_ptr<DetectorMemory> {
      return std::make_unique<Failures>(std::chrono::minutes(10));
    },
    .bounds = kFailuresBounds};

}  // namespace signalbox::proxy
