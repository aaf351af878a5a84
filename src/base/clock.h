// Clock: the two times the product needs, behind an interface so that tests can move them.
#pragma once

#include <chrono>
#include <cstdint>

namespace signalbox {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since the Unix epoch, UTC. May jump.
  virtual std::int64_t wall_ns() const = 0;
  /// Nanoseconds since an arbitrary start. Never goes back.
  virtual std::int64_t steady_ns() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t wall_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::int64_t steady_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

class ManualClock final : public Clock {
 public:
  std::int64_t wall_ns() const override { return wall_; }
  std::int64_t steady_ns() const override { return steady_; }
  void advance(std::chrono::nanoseconds by) { wall_ += by.count(), steady_ += by.count(); }
  void jump_wall_to(std::int64_t ns) { wall_ = ns; }

 private:
  std::int64_t wall_ = 1'700'000'000'000'000'000;
  std::int64_t steady_ = 1'000'000'000;
};

}  // namespace signalbox
