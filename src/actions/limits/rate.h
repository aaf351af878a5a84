// Rates: how often something may happen. Pure: time comes in as nanoseconds of a clock that never goes back.
//
// Token bucket, as the generic cell rate algorithm (ITU-T I.371): one number a key, the time at which the
// bucket would be full again. A key whose time has come is the same as one never seen, so it can be forgotten
// without loss. Sliding window: two counters a key, the last window's weighted by how much of it still
// overlaps; it never admits more than twice the limit in any window and is exact for steady traffic.
#pragma once

#include <algorithm>
#include <cstdint>

namespace signalbox::actions {

struct Rate {
  double per_second = 1;  ///< above 0
  double burst = 1;       ///< at least 1: how many at once after a rest
};

struct RateAnswer {
  bool admitted = false;
  std::int64_t wait_ns = 0;  ///< when not admitted: ask again then; when admitted with a delay: go then
  double remaining = 0;      ///< how many more would be admitted now
};

class TokenBucket {
 public:
  /// `cost` tokens now, or nothing. `max_delay_ns` above 0 admits also what has to wait up to that long
  /// (wait_ns).
  RateAnswer take(const Rate& rate, double cost, std::int64_t now_ns, std::int64_t max_delay_ns = 0) {
    const double interval = 1e9 / rate.per_second;
    const double tolerance = interval * std::max(rate.burst, 1.0);
    const double now = static_cast<double>(now_ns);
    const double full_at = std::max(full_at_ns_, now);
    const double after = full_at + interval * cost;
    const double wait = after - tolerance - now;
    if (wait > static_cast<double>(max_delay_ns))
      return {false, round_up(wait), left(full_at, now, tolerance, interval)};
    full_at_ns_ = after;
    return {true, wait > 0 ? round_up(wait) : 0, left(after, now, tolerance, interval)};
  }
  /// As if never used: may be forgotten.
  bool is_idle(std::int64_t now_ns) const { return full_at_ns_ <= static_cast<double>(now_ns); }

 private:
  static std::int64_t round_up(double ns) { return static_cast<std::int64_t>(std::min(ns, 9e18)) + 1; }
  static double left(double full_at, double now, double tolerance, double interval) {
    return std::max(0.0, (tolerance - (full_at - now)) / interval);
  }
  double full_at_ns_ = 0;
};

struct Window {
  double limit = 1;  ///< at most this many in a window
  std::int64_t length_ns = 1'000'000'000;
};

class SlidingWindow {
 public:
  RateAnswer take(const Window& window, double cost, std::int64_t now_ns) {
    advance(window, now_ns);
    const double into = static_cast<double>(now_ns - start_ns_) / static_cast<double>(window.length_ns);
    const double used = current_ + previous_ * (1 - into);
    if (used + cost > window.limit)
      return {false, wait(window, cost, now_ns), std::max(0.0, window.limit - used)};
    current_ += cost;
    return {true, 0, window.limit - used - cost};
  }
  bool is_idle(const Window& window, std::int64_t now_ns) const {
    return now_ns - start_ns_ >= 2 * window.length_ns;
  }

 private:
  void advance(const Window& window, std::int64_t now_ns) {
    const std::int64_t passed = (now_ns - start_ns_) / window.length_ns;
    if (passed <= 0) return;
    previous_ = passed == 1 ? current_ : 0;
    current_ = 0;
    start_ns_ += passed * window.length_ns;
  }
  /// When the weighted count will have fallen enough, as far as this window and the next can tell.
  std::int64_t wait(const Window& window, double cost, std::int64_t now_ns) const {
    const double length = static_cast<double>(window.length_ns);
    const double room = window.limit - cost;
    if (current_ <= room && previous_ > 0) {
      const double at = 1 - (room - current_) / previous_;
      return std::max<std::int64_t>(1, start_ns_ + static_cast<std::int64_t>(at * length) + 1 - now_ns);
    }
    const double next = current_ > 0 ? std::clamp(1 - room / current_, 0.0, 1.0) : 0;
    return start_ns_ + window.length_ns + static_cast<std::int64_t>(next * length) + 1 - now_ns;
  }

  std::int64_t start_ns_ = 0;
  double previous_ = 0, current_ = 0;
};

}  // namespace signalbox::actions
