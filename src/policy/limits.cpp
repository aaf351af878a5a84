// Meter: one addition and one comparison per charge; clock, memory and the cancel flag are looked at every
// kCheckEvery steps, so a limit is noticed within microseconds and costs nothing before.
#include "policy/limits.h"

#include <algorithm>

#include "policy/value/work.h"

namespace signalbox::policy {
namespace {
constexpr std::uint64_t kCheckEvery = 4096;

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
}  // namespace

void Meter::start(const Limits& limits, const Arena& arena) {
  limits_ = limits;
  arena_ = &arena;
  used_ = 0;
  hit_ = LimitHit::None;
  deadline_ns_ = limits.time.count() > 0 ? steady_now() + limits.time.count() : 0;
  check_at_ = std::min(kCheckEvery, limits.steps + 1);
}

bool Meter::fits(std::size_t bytes) {
  if (hit_ != LimitHit::None) return false;
  if (bytes <= limits_.memory && arena_->used() <= limits_.memory - bytes) return true;
  stop(LimitHit::Memory);
  return false;
}

bool Meter::slow_check() {
  if (hit_ != LimitHit::None) return false;
  if (used_ > limits_.steps || Work::exhausted()) {
    stop(LimitHit::Steps);
  } else if (arena_ != nullptr && arena_->over(limits_.memory)) {
    stop(LimitHit::Memory);
  } else if (limits_.cancelled != nullptr && limits_.cancelled->load(std::memory_order_relaxed)) {
    stop(LimitHit::Cancelled);
  } else if (deadline_ns_ != 0 && steady_now() > deadline_ns_) {
    stop(LimitHit::Time);
  } else {
    check_at_ = std::min(used_ + kCheckEvery, limits_.steps + 1);
    return true;
  }
  return false;
}

}  // namespace signalbox::policy
