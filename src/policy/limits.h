// Limits of one evaluation, and the Meter that loops and built-ins charge. Exceeding one is an error of the
// evaluation ("eval_cancel_error"), never a crash: hostile policies end in bounded time and memory.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "policy/value/arena.h"

namespace signalbox::policy {

struct Limits {
  std::uint64_t steps = 10'000'000;              ///< VM instructions plus what built-ins charge
  std::size_t memory = 256u << 20;               ///< bytes of the evaluation's arena
  std::uint32_t depth = 512;                     ///< nested rule and function calls
  std::chrono::nanoseconds time{0};              ///< wall clock; 0 = none
  const std::atomic<bool>* cancelled = nullptr;  ///< set from any thread to stop; may be null
};

enum class LimitHit : std::uint8_t { None, Steps, Memory, Depth, Time, Cancelled };

/// Counts down one evaluation's limits. One thread.
class Meter {
 public:
  Meter() = default;
  void start(const Limits& limits, const Arena& arena);
  /// Charges `n` steps; false when a limit is hit and the caller must stop. Looks at clock, memory and the
  /// cancel flag every few thousand steps only.
  bool charge(std::uint64_t n = 1) {
    used_ += n;
    return used_ < check_at_ || slow_check();
  }
  /// For a built-in about to allocate `bytes`: false when they would exceed the memory limit.
  bool fits(std::size_t bytes);
  LimitHit hit() const { return hit_; }
  void stop(LimitHit why) { hit_ = why, check_at_ = 0; }
  std::uint64_t steps() const { return used_; }
  const Limits& limits() const { return limits_; }

 private:
  bool slow_check();
  Limits limits_;
  const Arena* arena_ = nullptr;
  std::uint64_t used_ = 0;
  std::uint64_t check_at_ = 0;
  std::int64_t deadline_ns_ = 0;
  LimitHit hit_ = LimitHit::None;
};

}  // namespace signalbox::policy
