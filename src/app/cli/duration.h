// Durations on the command line and in reports, as Go writes them: 5s, 1m30s, 250ms, 1.5µs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::app::cli {

/// "0", or numbers with units one after another: ns us ms s m h.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// As time.Duration prints: "573.551µs", "1.5s", "2m0s".
std::string to_go_text(std::chrono::nanoseconds duration);

}  // namespace signalbox::app::cli
