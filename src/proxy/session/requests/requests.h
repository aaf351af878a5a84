// Requests: client to server. It repeats: scan the messages that have been read (no waiting), send on the run
// of bytes that may pass from where it was read, act on what stopped the scan. A request that passes is
// entered in the book. Policies' say comes from Judge; what an action has left behind, from SessionLane.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/ends.h"
#include "proxy/session/judge/judge.h"
#include "proxy/session/lane/session_lane.h"
#include "proxy/session/stop.h"

namespace signalbox::proxy {

class Requests {
 public:
  Requests(Ends& ends, SessionLane& lane, Judge& judge)
      : ends_(ends), dialogue_(ends.dialogue), lane_(lane), judge_(judge), at_hand_(judge.at_hand()) {}

  /// Until the client's side is at its end.
  Task<> relay();

 private:
  struct Run {
    std::size_t bytes = 0;  ///< this many may pass
    Stop stop = Stop::More;
  };

  // requests.cpp: the scan, and what passes
  Run scan();
  std::optional<Stop> on_request(const wire::FrameHeader& header, std::string_view available);
  std::optional<Stop> on_describe(const wire::FrameHeader& header, std::string_view body, bool whole);
  std::optional<Stop> on_statement(const wire::FrameHeader& header, std::string_view body, bool whole);
  std::optional<Stop> must_wait(char type);
  bool must_describe(std::string_view body);
  void passes(char type, std::string_view body, bool whole);
  std::unique_ptr<Companion> companion_of(char type, std::string_view body, bool whole);
  Task<bool> send(std::size_t size);
  void client_leaves();

  // path.cpp: what becomes of the search_path
  void follow_path(char type, std::string_view body);
  void follow_bind(std::string_view body);

  // stops.cpp: what stopped the scan. Each returns false when the client's side is at its end
  Task<bool> act_on(Stop stop);
  Task<> on_bad_message();
  Task<bool> policies_changed();
  Task<bool> ask();
  Task<bool> describe_portal();
  Task<bool> learn_types();
  Task<bool> send_rewritten();
  Task<bool> send_replacement();
  Task<bool> send_instead(std::string message, std::unique_ptr<Companion> companion);
  Task<bool> swallow();

  // acting.cpp: what a plan asks for beside its verdict
  Task<bool> act();

  // refusing.cpp: a refusal is carried out
  Task<bool> refuse();
  Task<bool> fail_at_server(char type);

  Ends& ends_;
  Dialogue& dialogue_;
  SessionLane& lane_;
  Judge& judge_;
  AtHand& at_hand_;
  std::optional<std::string> described_;  ///< the portal whose description has just been asked for
  bool prepares_moves_ = false;           ///< something prepared may move the search_path
  /// What the unnamed portal does to it; null: nothing.
  std::shared_ptr<const std::vector<PathChange>> bound_path_;
};

}  // namespace signalbox::proxy
