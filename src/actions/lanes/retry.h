// When a failed job runs again: min(cap, base * 2^(n-1)) with full jitter, and never before the sink said.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace signalbox::actions {

/// `attempt` counts from 1; `random` is uniform over all 64 bits. Microseconds from now.
inline std::int64_t retry_delay_us(std::uint32_t attempt, std::chrono::milliseconds base,
                                   std::chrono::milliseconds cap,
                                   std::optional<std::chrono::milliseconds> not_before,
                                   std::uint64_t random) {
  const std::int64_t base_us = std::max<std::int64_t>(base.count(), 1) * 1000;
  const std::int64_t cap_us = std::max(cap.count() * 1000, base_us);
  const std::uint32_t doublings = std::min(attempt > 0 ? attempt - 1 : 0, 40u);
  const std::int64_t ceiling = base_us > cap_us >> doublings ? cap_us : base_us << doublings;
  const auto jittered = static_cast<std::int64_t>(random % static_cast<std::uint64_t>(ceiling + 1));
  return not_before ? std::max(jittered, std::min(not_before->count() * 1000, cap_us)) : jittered;
}

}  // namespace signalbox::actions
