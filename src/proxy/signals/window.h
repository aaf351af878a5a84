// Window: how much has been counted in the last so many seconds. Two buckets: the present one whole, and of
// the one before it the share that still lies within the window. Exact for steady traffic, never more than
// what two windows hold.
#pragma once

#include <chrono>
#include <cstdint>

namespace signalbox::proxy {

class Window {
 public:
  void add(std::chrono::nanoseconds length, std::int64_t now_ns, std::uint64_t n = 1) {
    const std::int64_t number = now_ns / length.count();
    if (number != number_) {
      before_ = number == number_ + 1 ? now_ : 0;
      now_ = 0;
      number_ = number;
    }
    now_ += n;
  }

  std::uint64_t count(std::chrono::nanoseconds length, std::int64_t now_ns) const {
    const std::int64_t number = now_ns / length.count();
    if (number > number_ + 1) return 0;
    const std::uint64_t before = number == number_ ? before_ : now_;
    const std::uint64_t now = number == number_ ? now_ : 0;
    const double left =
        1.0 - static_cast<double>(now_ns - number * length.count()) / static_cast<double>(length.count());
    return now + static_cast<std::uint64_t>(static_cast<double>(before) * left);
  }

 private:
  std::int64_t number_ = -2;  ///< of the present bucket
  std::uint64_t now_ = 0;
  std::uint64_t before_ = 0;
};

}  // namespace signalbox::proxy
