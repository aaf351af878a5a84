// authentication_failure: somebody is trying passwords. Failures are counted by address and by user, so that
// both one client with many users and many clients with one user stand out.
#include "proxy/signals/failures.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {

extern const Detector kAuthenticationFailure;
const Detector kAuthenticationFailure{
    .name = "authentication_failure",
    .path = "signals.authentication_failure",
    .summary =
        "Logins from the client's address, or as the session's user, have failed in the last 5 minutes.",
    .raised = "at every hook of a session, from `connecting` on, while there are any",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "integer", "description": "failures of the client's address"},
    "user": {"type": "integer", "description": "failures of the session's user, from any address"}
  }
})",
    .depends_on = DependsOn::Moment,
    .signal = [](const EventView& view,
                 policy::Arena& arena) { return remembered(kAuthenticationFailure, view, arena); },
    .sights = {Sight::LoginFailed},
    .memory = []() -> std::unique_ptr<DetectorMemory> {
      return std::make_unique<Failures>(std::chrono::minutes(5));
    },
    .bounds = kFailuresBounds};

}  // namespace signalbox::proxy
