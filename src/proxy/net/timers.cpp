// The wheel. A timer further away than one turn stays in its slot and is passed over until its tick has come.
// A firing action may arm or disarm any timer, its own included: due timers are unlinked one by one, and the
// slot is looked at again from its head after each.
#include "proxy/net/timers.h"

#include <algorithm>

namespace signalbox::proxy {

void Timer::arm(Timers& timers, std::chrono::nanoseconds after) {
  disarm();
  timers_ = &timers;
  due_tick_ = (timers.now_ns_ + after.count()) / Timers::kTickNs + 1;
  due_tick_ = std::max(due_tick_, timers.done_tick_ + 1);
  timers.link(*this);
}

void Timer::disarm() {
  if (!armed()) return;
  *previous_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  next_ = nullptr;
  previous_ = nullptr;
  --timers_->armed_;
}

void Timers::link(Timer& timer) {
  Timer*& head = slots_[static_cast<std::size_t>(timer.due_tick_ % kSlots)];
  timer.next_ = head;
  timer.previous_ = &head;
  if (head != nullptr) head->previous_ = &timer.next_;
  head = &timer;
  ++armed_;
}

void Timers::advance(std::int64_t now_ns) {
  now_ns_ = now_ns;
  const std::int64_t now_tick = now_ns / kTickNs;
  if (armed_ == 0) {
    done_tick_ = now_tick;
    return;
  }
  const std::int64_t first = std::max(done_tick_ + 1, now_tick - kSlots + 1);
  done_tick_ = now_tick;
  for (std::int64_t tick = first; tick <= now_tick; ++tick) {
    const auto slot = static_cast<std::size_t>(tick % kSlots);
    for (Timer* timer = slots_[slot]; timer != nullptr;) {
      if (timer->due_tick_ > now_tick) {
        timer = timer->next_;
        continue;
      }
      timer->disarm();
      timer->action_();
      timer = slots_[slot];
    }
  }
}

std::optional<int> Timers::idle_ms() const {
  if (armed_ == 0) return std::nullopt;
  for (std::int64_t ahead = 1; ahead <= kSlots; ++ahead) {
    if (slots_[static_cast<std::size_t>((done_tick_ + ahead) % kSlots)] == nullptr) continue;
    const std::int64_t at_ns = (done_tick_ + ahead) * kTickNs;
    return static_cast<int>(std::max<std::int64_t>(0, (at_ns - now_ns_ + 999'999) / 1'000'000));
  }
  return static_cast<int>(kSlots * kTickNs / 1'000'000);
}

}  // namespace signalbox::proxy
