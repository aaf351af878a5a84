// SessionLane: the session as the executors of sync actions see it (proxy/lane), and what these leave behind:
// errands, bounds, moves, guards. Each of those is told of messages where it concerns them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/lane/host.h"
#include "proxy/lane/state.h"
#include "proxy/session/ends.h"
#include "proxy/session/lane/bounds.h"
#include "proxy/session/lane/errands.h"
#include "proxy/session/lane/guards.h"
#include "proxy/session/lane/moves.h"
#include "proxy/session/lane/tags.h"

namespace signalbox::proxy {

class SessionLane final : public LaneHost {
 public:
  explicit SessionLane(Ends& ends)
      : errands(ends, state),
        bounds(ends, state, errands),
        moves(ends, state),
        guards(ends, state),
        tags(ends.dialogue.session),
        ends_(ends) {}

  LaneSlot state;  ///< empty: no action has left anything behind
  Errands errands;
  Bounds bounds;
  Moves moves;
  Guards guards;
  Tags tags;

 private:
  LaneServices services() override;
  Task<> rest(std::chrono::nanoseconds time) override;

  bool client_is_encrypted() const override { return ends_.client_is_encrypted(); }
  bool server_is_encrypted() const override { return ends_.server_is_encrypted(); }
  void want_client_encrypted(Refusal otherwise) override;
  void want_server_encrypted() override { state.made().server_must_encrypt = true; }

  void set_at_startup(std::string_view name, std::string_view value) override;
  Task<SetAnswer> set_parameter(std::string name, std::string value, bool local,
                                std::chrono::nanoseconds time) override;
  std::optional<Refusal> pin(Pin pin) override { return guards.pin(std::move(pin)); }
  bool tag(std::string_view name, std::string_view value) override { return tags.note(name, value); }
  void end_when_idle(wire::ErrorFields last_words) override;

  bool holds(std::string_view place) const override;
  void hold(std::string place, actions::Limiter::Ticket ticket, bool for_life) override;
  Task<> cap_answer(AnswerCap cap) override { return bounds.cap_answer(std::move(cap)); }
  void cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) override;

  bool is_target(const RouteWish& wish) const override { return moves.is_target(wish); }
  void wish(RouteWish wish, Deadline deadline) override;
  const std::vector<std::string>& forward_networks() const override;

  Ends& ends_;
};

}  // namespace signalbox::proxy
