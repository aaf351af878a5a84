// Errands: statements of the gateway's own that run at the server among the client's, which hears nothing of
// them; and the waiting for answers that they and others need.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

class Errands {
 public:
  Errands(Ends& ends, LaneSlot& lane) : ends_(ends), dialogue_(ends.dialogue), lane_(lane) {}

  struct Outcome {
    std::optional<wire::ErrorFields> error = std::nullopt;  ///< the server's, or that there is none any more
    bool late = false;                                      ///< it has not answered; it may still do it
    std::string value = {};                                 ///< the last that came, if any
  };
  /// Runs one statement, whose result is one value or none. `time` counts from when the server has answered
  /// what was sent before.
  Task<Outcome> run(std::string sql, std::chrono::nanoseconds time = kPatience);
  /// Asks for the settings that say what texts mean, within a pipeline, where the server does not tell them
  /// by itself. False: the session ends.
  Task<bool> learn_settings();
  /// Asks what types a prepared statement's parameters have. The book's request has its name, so that
  /// whoever sees the answer knows of what it is.
  Task<Outcome> describe(std::string statement);
  /// SET, or SET LOCAL, before the message at hand.
  Task<SetAnswer> set_parameter(std::string name, std::string value, bool local,
                                std::chrono::nanoseconds time);
  /// Until the server has answered everything; asks it to, because it may be holding answers back. False: the
  /// server is gone.
  Task<bool> until_answered();

  /// A message of the server: does it answer an errand? Then it has been noted, and is not for the client.
  /// Nothing: that cannot be told before all of it is here.
  std::optional<bool> takes(const wire::FrameHeader& header, std::string_view body, bool whole);

 private:
  static constexpr std::chrono::seconds kPatience{30};
  Task<Outcome> run(std::string messages, std::vector<Pending> requests, std::chrono::nanoseconds time);
  bool is_next(const Errand& errand) const;
  Task<Outcome> run_at_login(std::string sql, std::chrono::nanoseconds time);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
};

}  // namespace signalbox::proxy
