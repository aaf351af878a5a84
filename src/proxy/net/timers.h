// Timers: deadlines of one loop, coarse and cheap. A hashed wheel: arming and disarming are list operations,
// without system calls; a deadline fires at most one tick late.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace signalbox::proxy {

class Timers;

/// One deadline. Owned by whoever waits; disarms itself when destroyed. Not movable: the wheel points at it.
class Timer {
 public:
  explicit Timer(std::function<void()> action) : action_(std::move(action)) {}
  ~Timer() { disarm(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces an earlier deadline.
  void arm(Timers& timers, std::chrono::nanoseconds after);
  void disarm();
  bool armed() const { return previous_ != nullptr; }

 private:
  friend class Timers;
  std::function<void()> action_;
  std::int64_t due_tick_ = 0;
  Timer* next_ = nullptr;
  Timer** previous_ = nullptr;  ///< the pointer that points at this timer
  Timers* timers_ = nullptr;
};

class Timers {
 public:
  static constexpr std::int64_t kTickNs = 10'000'000;

  /// Fires what is due. `now_ns` is steady time and also becomes the base of later arm() calls.
  void advance(std::int64_t now_ns);
  /// How long nothing is due, in milliseconds; nothing when no timer is armed.
  std::optional<int> idle_ms() const;

 private:
  friend class Timer;
  static constexpr std::int64_t kSlots = 512;
  void link(Timer& timer);

  std::array<Timer*, kSlots> slots_{};
  std::size_t armed_ = 0;
  std::int64_t now_ns_ = 0;
  std::int64_t done_tick_ = 0;  ///< every slot up to here has been looked at
};

}  // namespace signalbox::proxy
