// Durations and sizes as people write them: "250ms", "5m", "64KiB", "1GB". A bare number other than 0 has no
// unit and is refused: nobody remembers whether a timeout is in seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::app {

using Duration = std::chrono::nanoseconds;

struct Size {
  std::uint64_t bytes = 0;
  bool operator==(const Size&) const = default;
};

/// "0", or a number (fractions allowed) and one of ns, us, ms, s, m, h, d. Empty when it is neither.
std::optional<Duration> parse_duration(std::string_view text);
/// "0", or a number and one of B, KiB, MiB, GiB, TiB (powers of 1024), kB, MB, GB, TB (powers of 1000).
std::optional<Size> parse_size(std::string_view text);

/// The shortest exact spelling: 90s is "90s", 120s is "2m".
std::string to_text(Duration duration);
std::string to_text(Size size);

}  // namespace signalbox::app
