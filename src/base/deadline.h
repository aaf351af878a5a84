// Deadline: until when something may be waited for. A value that is handed down to whoever waits; there it
// bounds the patience that each wait has anyway.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "base/clock.h"

namespace signalbox {

class Deadline {
 public:
  /// Never.
  Deadline() = default;
  /// `clock` must live as long.
  Deadline(const Clock& clock, std::chrono::nanoseconds from_now)
      : clock_(&clock), due_ns_(clock.steady_ns() + from_now.count()) {}

  bool over() const { return clock_ != nullptr && clock_->steady_ns() >= due_ns_; }
  /// What is left of it, and of `patience` from now on. Never negative.
  std::chrono::nanoseconds within(std::chrono::nanoseconds patience) const {
    if (clock_ == nullptr) return patience;
    const std::int64_t left = std::max<std::int64_t>(due_ns_ - clock_->steady_ns(), 0);
    return std::min(patience, std::chrono::nanoseconds(left));
  }

  friend const Deadline& sooner(const Deadline& a, const Deadline& b) {
    return a.due_ns_ <= b.due_ns_ ? a : b;
  }

 private:
  const Clock* clock_ = nullptr;
  std::int64_t due_ns_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace signalbox
