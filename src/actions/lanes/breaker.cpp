// A sink that is closed and idle is forgotten, so the map holds no more than what is in flight or in trouble.
#include "actions/lanes/breaker.h"

#include <algorithm>

namespace signalbox::actions {

std::uint32_t Breakers::free_slots(std::string_view sink, std::uint32_t max_in_flight,
                                   std::int64_t now_us) const {
  const auto found = sinks_.find(sink);
  if (found == sinks_.end()) return max_in_flight;
  const Sink& state = found->second;
  if (now_us < state.open_until_us) return 0;
  const std::uint32_t allowed = state.open_until_us != 0 ? 1 : max_in_flight;  // one at a time probes
  return allowed - std::min(allowed, state.in_flight);
}

void Breakers::started(std::string_view sink) {
  auto found = sinks_.find(sink);
  if (found == sinks_.end()) found = sinks_.emplace(std::string(sink), Sink{}).first;
  ++found->second.in_flight;
}

void Breakers::ended(std::string_view sink, bool trouble, std::int64_t now_us) {
  const auto found = sinks_.find(sink);
  if (found == sinks_.end()) return;
  Sink& state = found->second;
  if (state.in_flight > 0) --state.in_flight;
  if (!trouble) {
    state.run_of_failures = 0;
    state.open_until_us = 0;
  } else if (++state.run_of_failures >= failures_) {
    state.open_until_us = now_us + open_us_;
  }
  forget_if_idle(found);
}

void Breakers::withdrawn(std::string_view sink) {
  const auto found = sinks_.find(sink);
  if (found == sinks_.end()) return;
  if (found->second.in_flight > 0) --found->second.in_flight;
  forget_if_idle(found);
}

void Breakers::forget_if_idle(Map::iterator sink) {
  const Sink& state = sink->second;
  if (state.in_flight == 0 && state.run_of_failures == 0 && state.open_until_us == 0) sinks_.erase(sink);
}

std::size_t Breakers::open_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sinks_, [](const auto& s) { return s.second.open_until_us != 0; }));
}

}  // namespace signalbox::actions
