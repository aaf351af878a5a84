// The texts that parameters are written in, beyond JSON's own types.
#pragma once

#include <optional>
#include <string_view>

namespace signalbox::policy {
class Value;
}

namespace signalbox::actions {

/// "250ms", "1.5h": a decimal number and one of us, ms, s, m, h, d. In seconds.
std::optional<double> parse_duration_seconds(std::string_view text);
/// The same, or a number of seconds.
std::optional<double> duration_seconds(const policy::Value& value);

/// Five characters of A-Z and 0-9, not a success class (00).
bool is_sqlstate(std::string_view text);
/// http or https, a host, no user information, no control characters or blanks.
bool is_http_url(std::string_view text);

}  // namespace signalbox::actions
