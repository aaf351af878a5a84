// upgrade, reauth: who is at the other end, and how sure of it the gateway is.
#include "proxy/lane/lane.h"

namespace signalbox::proxy {

Task<LaneOutcome> run_upgrade(LaneCall call) {
  Refusal refusal = refusal_for(call);
  if (call.with.text_or("side", "client") == "server") {
    if (is_opening(call.event) && call.event.server == nullptr) {
      call.host.want_server_encrypted();
      co_return LaneOutcome{};
    }
    if (call.host.server_is_encrypted()) co_return LaneOutcome{};
    co_return LaneOutcome{.refusal = std::move(refusal)};
  }
  if (refusal.fields.hint.empty()) refusal.fields.hint = "Connect with sslmode=require.";
  if (call.event.hook == actions::Hook::Connecting) {
    call.host.want_client_encrypted(std::move(refusal));
    co_return LaneOutcome{.said = "required"};
  }
  if (call.host.client_is_encrypted()) co_return LaneOutcome{};
  co_return LaneOutcome{.refusal = std::move(refusal)};
}

Task<LaneOutcome> run_reauth(LaneCall call) {
  Refusal refusal = refusal_for(call);
  refusal.fields.hint = text_of(call, "hint");
  refusal.fields.severity = "FATAL";
  refusal.verdict = actions::Verdict::Disconnect;
  if (call.with.text_or("when", "idle") == "now") co_return LaneOutcome{.refusal = std::move(refusal)};
  call.host.end_when_idle(std::move(refusal.fields));
  co_return LaneOutcome{.said = "when idle"};
}

}  // namespace signalbox::proxy
