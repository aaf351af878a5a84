// Replies: server to client. It repeats: scan the messages that have been read (no waiting), send on the run
// of bytes that may pass from where it was read, act on what stopped the scan. Rows pass by their header;
// what ends a request is told to the book. Policies' say in answers is Answers' business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/session/ends.h"
#include "proxy/session/lane/session_lane.h"
#include "proxy/session/replies/answers.h"
#include "proxy/session/stop.h"

namespace signalbox::proxy {

class Replies {
 public:
  Replies(Ends& ends, SessionLane& lane)
      : ends_(ends), dialogue_(ends.dialogue), lane_(lane), answers_(ends) {}

  /// Until the server's side is at its end.
  Task<> relay();

 private:
  struct Run {
    std::size_t bytes = 0;  ///< this many may pass
    Pause pause = Pause::More;
  };

  // replies.cpp: the scan, and what passes
  Run scan();
  std::optional<Pause> on_reply(const wire::FrameHeader& header, std::string_view available);
  std::optional<Pause> on_lane_reply(const wire::FrameHeader& header, std::string_view available);
  std::optional<Pause> note(const wire::FrameHeader& header, std::string_view body, bool whole);
  void note_parameters(std::string_view body);
  std::optional<Pause> note_error(const wire::FrameHeader& header, std::string_view body, bool whole);
  std::optional<Pause> note_complete(std::string_view body, bool whole);
  void expect_tag(const Pending& head);
  bool answers_matter() const;

  Task<bool> send(std::size_t size);

  // pauses.cpp: what stopped the scan. Each returns false when the session ends
  Task<bool> act_on(Pause pause);
  Task<bool> swallow();
  Task<bool> substitute();
  bool fail_copy();
  bool end_out_of_step();
  Task<> on_bad_message();

  Ends& ends_;
  Dialogue& dialogue_;
  SessionLane& lane_;
  Answers answers_;
  std::uint64_t reply_left_ = 0;  ///< bytes that are still to pass of a message begun
  bool copy_took_sync_ = false;   ///< the COPY at hand has swallowed a Sync
  std::string instead_;           ///< takes the place of the message at the front; "" = nothing does
};

}  // namespace signalbox::proxy
