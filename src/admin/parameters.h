// What several resources read from a request's parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "admin/http.h"

namespace signalbox::admin {

/// "2026-11-22T20:00:00Z", with a fraction or an offset ("+02:00") if need be -> milliseconds since the
/// epoch.
std::optional<std::int64_t> parse_time_ms(std::string_view text);

/// ?limit=, 100 when absent; empty when it is no number from 1 to `most`.
std::optional<std::uint32_t> limit_of(const Request& request, std::uint32_t most);

}  // namespace signalbox::admin
