// Work: how much walking through values an evaluation may do. A value that holds another twice, which holds
// another twice, and so on is small in memory and endless to compare, hash or print. So whatever walks a
// collection spends its size here; when nothing is left, walks end at once with answers that mean nothing
// (equal in order, unequal in value), and the machine, which looks at exhausted(), makes it a limit error.
#pragma once

#include <cstdint>

namespace signalbox::policy {

class Work {
 public:
  static constexpr std::uint64_t kUnlimited = UINT64_MAX;

  /// False: walk no further.
  static bool spend(std::uint64_t n) {
    if (left_ > n) [[likely]] {
      left_ -= n;
      return true;
    }
    left_ = 0;
    return false;
  }
  static bool exhausted() { return left_ == 0; }
  /// For this thread, until the next call.
  static void allow(std::uint64_t steps) { left_ = steps; }

 private:
  static inline constinit thread_local std::uint64_t left_ = kUnlimited;
};

}  // namespace signalbox::policy
