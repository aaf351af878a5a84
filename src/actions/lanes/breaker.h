// Breaker: one circuit breaker for each sink. After a run of troubles a sink is left alone for a while; then
// one job at a time probes it until one gets through. Pure: time comes in. One thread (the writer's).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace signalbox::actions {

class Breakers {
 public:
  Breakers(int failures, std::int64_t open_us) : failures_(failures), open_us_(open_us) {}

  /// How many more jobs may go to this sink now; 0 while it is left alone.
  std::uint32_t free_slots(std::string_view sink, std::uint32_t max_in_flight, std::int64_t now_us) const;
  /// A job goes to the sink.
  void started(std::string_view sink);
  /// A job that was started is back; `trouble` = the sink's fault.
  void ended(std::string_view sink, bool trouble, std::int64_t now_us);
  /// A job that was started never ran.
  void withdrawn(std::string_view sink);

  /// Sinks that are open or probing.
  std::size_t open_count() const;

 private:
  struct Sink {
    int run_of_failures = 0;
    std::uint32_t in_flight = 0;
    std::int64_t open_until_us = 0;  ///< 0 = closed
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Map = std::unordered_map<std::string, Sink, Hash, std::equal_to<>>;
  void forget_if_idle(Map::iterator sink);

  int failures_;
  std::int64_t open_us_;
  Map sinks_;
};

}  // namespace signalbox::actions
