// Bounds on what is under way, set by the action limit: its duration, and the size of its answer.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/hooks/names.h"
#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/session/lane/errands.h"
#include "proxy/session/stop.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

class Bounds {
 public:
  Bounds(Ends& ends, LaneSlot& lane, Errands& errands)
      : ends_(ends), dialogue_(ends.dialogue), lane_(lane), errands_(errands) {}
  ~Bounds();
  Bounds(const Bounds&) = delete;
  Bounds& operator=(const Bounds&) = delete;

  /// The answer to the message at hand may be no larger. The strictest of several holds.
  Task<> cap_answer(AnswerCap cap);
  /// The message at hand, once it goes on, may take no longer.
  void cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error);
  /// It goes on now.
  void begin_duration();
  /// It declares cursors, whose rows are bounded as its own answer.
  void declares(const std::vector<NameChange>& changes);
  /// An Execute goes on with an answer that has been bounded. Why it must wait first.
  std::optional<Stop> resume(std::string_view portal);

  /// A cancel request of ours is on its way: nothing may be sent, the signal would hit it.
  bool is_cancelling() const { return lane_ && lane_->cancelling != nullptr; }
  /// It has reached the server.
  void cancel_arrived();

  /// Before a message of the server passes. On Substitute `instead` takes its place.
  std::optional<Pause> bound(const wire::FrameHeader& header, std::string_view body, bool whole,
                             std::string& instead);

  /// The client takes the transaction for failed, and the server does not.
  bool must_abort() const { return lane_ && lane_->must_abort; }
  /// Makes the server agree. False: the session is ending.
  Task<bool> abort_transaction();

 private:
  void on_duration();
  void cancel_at_server();
  std::optional<Pause> skip_to_ready(const wire::FrameHeader& header, std::string_view body, bool whole,
                                     std::string& instead);
  void cut();
  std::optional<Pause> end_answer(char type, std::string& instead);
  const Portions::Bound* begun_before() const;
  bool note_portal(char type, std::string_view body);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
  Errands& errands_;
};

}  // namespace signalbox::proxy
