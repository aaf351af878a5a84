// Go's duration texts.
#include "app/cli/duration.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace signalbox::app::cli {
namespace {

std::optional<double> unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "µs") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  if (unit == "m") return 60e9;
  if (unit == "h") return 3600e9;
  return std::nullopt;
}

/// 1500, 1000 -> "1.5": without trailing zeros.
std::string fraction(std::int64_t value, std::int64_t per) {
  std::string out = fmt::format("{}", value / per);
  std::string rest = fmt::format("{:0{}}", value % per, std::to_string(per).size() - 1);
  while (rest.ends_with('0')) rest.pop_back();
  return rest.empty() ? out : out + "." + rest;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double total = 0;
  while (!text.empty()) {
    double number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, text.find_first_of("0123456789."));
    const auto ns = unit_ns(unit);
    if (!ns) return std::nullopt;
    total += number * *ns;
    text.remove_prefix(unit.size());
  }
  if (total > 9e18) return std::nullopt;
  return std::chrono::nanoseconds(std::llround(total));
}

std::string to_go_text(std::chrono::nanoseconds duration) {
  const std::int64_t ns = duration.count();
  if (ns == 0) return "0s";
  if (ns < 1'000) return fmt::format("{}ns", ns);
  if (ns < 1'000'000) return fraction(ns, 1'000) + "µs";
  if (ns < 1'000'000'000) return fraction(ns, 1'000'000) + "ms";
  const std::int64_t minutes = ns / 60'000'000'000;
  const std::string seconds = fraction(ns % 60'000'000'000, 1'000'000'000) + "s";
  if (minutes == 0) return seconds;
  if (minutes < 60) return fmt::format("{}m{}", minutes, seconds);
  return fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

}  // namespace signalbox::app::cli
