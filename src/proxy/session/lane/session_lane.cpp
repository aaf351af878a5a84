// What executors ask of the session, where it is more than a line.
#include "proxy/session/lane/session_lane.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

/// How soon a resting session finds out that it is ending.
constexpr std::chrono::milliseconds kNap{50};

}  // namespace

LaneServices SessionLane::services() {
  Shared& shared = ends_.worker.shared();
  return {.limiter = shared.limiter,
          .blocks = shared.blocks,
          .clock = *shared.services.clock,
          .metrics = ends_.metrics(),
          .shared = ends_.worker.shared_limits(),
          .counts_alone = ends_.worker.settings()->options.shared.counts_alone,
          .deadline = ends_.worker.settings()->options.timeouts.action};
}

Task<> SessionLane::rest(std::chrono::nanoseconds time) {
  const std::int64_t until = ends_.loop().now_ns() + time.count();
  while (ends_.phase != Phase::Closing && !ends_.server_gone) {
    const std::chrono::nanoseconds left(until - ends_.loop().now_ns());
    if (left.count() <= 0) break;
    co_await SleepStep{ends_.loop(), std::min<std::chrono::nanoseconds>(left, kNap)};
  }
}

void SessionLane::want_client_encrypted(Refusal otherwise) {
  state.made().client_must_encrypt = std::move(otherwise);
}

void SessionLane::set_at_startup(std::string_view name, std::string_view value) {
  guards.set_at_startup(name, value);
}

Task<SetAnswer> SessionLane::set_parameter(std::string name, std::string value, bool local,
                                           std::chrono::nanoseconds time) {
  return errands.set_parameter(std::move(name), std::move(value), local, time);
}

void SessionLane::end_when_idle(wire::ErrorFields last_words) {
  ends_.last_words = std::make_unique<wire::ErrorFields>(std::move(last_words));
}

bool SessionLane::holds(std::string_view place) const {
  const auto named = [&](const LaneState::Place& one) { return one.first == place; };
  return state && (std::ranges::any_of(state->held, named) || std::ranges::any_of(state->kept, named));
}

void SessionLane::hold(std::string place, actions::Limiter::Ticket ticket, bool for_life) {
  LaneState& made = state.made();
  (for_life ? made.kept : made.held).emplace_back(std::move(place), std::move(ticket));
}

void SessionLane::cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) {
  bounds.cancel_after(time, std::move(error));
}

void SessionLane::wish(RouteWish wish, Deadline deadline) {
  LaneState& made = state.made();
  made.wishes_due = made.wishes.empty() ? deadline : sooner(made.wishes_due, deadline);
  made.wishes.push_back(std::move(wish));
}

const std::vector<std::string>& SessionLane::forward_networks() const {
  return ends_.dialogue.settings->options.routing.forward_networks;
}

}  // namespace signalbox::proxy
