// Gate: the hooks of a session itself. Before it may go on (connecting, startup, authenticated) policies are
// asked, and who is blocked does not come in; at its end they are told. Hooks of messages are judged
// elsewhere (judge/).
#pragma once

#include <optional>
#include <string_view>

#include "actions/hook.h"
#include "actions/lanes/job.h"
#include "proxy/hooks/decider.h"
#include "proxy/lane/host.h"
#include "proxy/net/task.h"
#include "proxy/session/ends.h"

namespace signalbox::proxy {

class Gate {
 public:
  /// `host`: on which the sync actions of these hooks work.
  Gate(Ends& ends, LaneHost& host)
      : ends_(ends), dialogue_(ends.dialogue), host_(host), result_decided_(ends.loop()) {}

  /// Why the session may not go on; nothing when it may.
  Task<std::optional<Refusal>> ask(actions::Hook hook);
  /// The same, and carried out. False = refused: the client has been told, the session ends.
  Task<bool> passes(actions::Hook hook);
  Task<> turn_away(Refusal refusal);
  /// A hook at which nothing can be refused any more: what policies ask for is queued and recorded.
  Task<> notify(actions::Hook hook);
  /// action_result: an async action that this session asked for has ended. Nobody waits for what policies say
  /// to it, but the session itself when it ends.
  void on_result(const actions::JobResult& result);
  Task<> results_decided();

  /// Why this client may not be here; nothing when it may.
  std::optional<Refusal> blocked() const;

 private:
  std::optional<Refusal> judge(const Event& event, const Ruling& ruling, std::string_view outcome = {});

  Task<> decide(actions::JobResult result);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneHost& host_;
  unsigned results_ = 0;  ///< that are being decided
  Wakeup result_decided_;
};

}  // namespace signalbox::proxy
