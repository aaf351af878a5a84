// Errands: statements of the gateway's own that run at the server among the client's, which hears nothing of
// them; and the waiting for answers that they and others need.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

class Errands {
 public:
  Errands(Ends& ends, LaneSlot& lane) : ends_(ends), dialogue_(ends.dialogue), lane_(lane) {}

  /// Runs one statement without results. The server's error, or that it did not answer in time.
  Task<std::optional<wire::ErrorFields>> run(std::string sql);
  /// Asks for the settings that say what texts mean, within a pipeline, where the server does not tell them
  /// by itself. False: the session ends.
  Task<bool> learn_settings();
  /// SET, or SET LOCAL, before the message at hand.
  Task<std::optional<Refusal>> set_parameter(std::string name, std::string value, bool local);
  /// Until the server has answered everything; asks it to, because it may be holding answers back. False: the
  /// server is gone.
  Task<bool> until_answered();

  /// A message of the server: does it answer an errand? Then it has been noted, and is not for the client.
  /// Nothing: that cannot be told before all of it is here.
  std::optional<bool> takes(const wire::FrameHeader& header, std::string_view body, bool whole);

 private:
  using Answer = std::expected<std::string, wire::ErrorFields>;  ///< the value that came, if any
  Task<Answer> ask(std::string sql);
  Task<std::optional<wire::ErrorFields>> run_at_login(std::string sql);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
};

}  // namespace signalbox::proxy
