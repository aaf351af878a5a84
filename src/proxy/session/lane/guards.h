// Guards: what earlier actions have left behind for later messages to meet: parameters that are pinned,
// statements that are blocked.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/hooks/query_statements.h"
#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/session/judge/at_hand.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {

class Guards {
 public:
  Guards(Ends& ends, LaneSlot& lane) : ends_(ends), dialogue_(ends.dialogue), lane_(lane) {}

  /// Something here looks at messages of this type, also where no policy does.
  bool watch(char type) const;
  /// Query, Parse, Bind: whole. Why it may not pass as it is.
  std::optional<Stop> check(const wire::FrameHeader& header, std::string_view body, AtHand& at_hand);

  /// A parameter of the startup packet, before that is sent to a server.
  void set_at_startup(std::string_view name, std::string_view value);
  /// At startup: what the client asks for there is refused or left out as well.
  std::optional<Refusal> pin(Pin pin);

 private:
  std::optional<Stop> look(const wire::FrameHeader& header, std::string_view body, AtHand& at_hand);
  std::optional<Refusal> blocked(const QueryStatements& statements) const;
  std::optional<Stop> keep_pins(const wire::FrameHeader& header, std::string_view body,
                                const QueryStatements& statements, AtHand& at_hand);
  std::optional<Refusal> pin_startup(const Pin& pin);
  template <class Edit>
  void edit_startup(Edit edit);

  Ends& ends_;
  Dialogue& dialogue_;
  LaneSlot& lane_;
};

}  // namespace signalbox::proxy
