// Units of time and size. Both are a number followed by a unit from a table.
#include "app/config/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace signalbox::app {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first: printing takes the first that divides.
constexpr std::array kTimes{Unit{"d", 86'400'000'000'000},
                            Unit{"h", 3'600'000'000'000},
                            Unit{"m", 60'000'000'000},
                            Unit{"s", 1'000'000'000},
                            Unit{"ms", 1'000'000},
                            Unit{"us", 1'000},
                            Unit{"ns", 1}};
constexpr std::array kSizes{Unit{"TiB", 1LL << 40},    Unit{"GiB", 1LL << 30}, Unit{"MiB", 1LL << 20},
                            Unit{"KiB", 1LL << 10},    Unit{"B", 1},           Unit{"TB", 1'000'000'000'000},
                            Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000},  Unit{"kB", 1'000}};

template <std::size_t N>
std::optional<std::int64_t> parse(std::string_view text, const std::array<Unit, N>& units) {
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return number == 0 ? std::optional<std::int64_t>(0) : std::nullopt;
  for (const auto& [name, factor] : units) {
    if (unit != name) continue;
    const double total = number * static_cast<double>(factor);
    if (total >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(std::llround(total));
  }
  return std::nullopt;
}

template <std::size_t N>
std::string print(std::int64_t value, const std::array<Unit, N>& units) {
  if (value == 0) return "0";
  for (const auto& [name, factor] : units) {
    if (value % factor == 0) return fmt::format("{}{}", value / factor, name);
  }
  return fmt::to_string(value);  // not reached: every table holds factor 1
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  return parse(text, kTimes).transform([](std::int64_t ns) { return Duration(ns); });
}

std::optional<Size> parse_size(std::string_view text) {
  return parse(text, kSizes).transform([](std::int64_t bytes) {
    return Size{static_cast<std::uint64_t>(bytes)};
  });
}

std::string to_text(Duration duration) {
  return print(duration.count(), kTimes);
}
std::string to_text(Size size) {
  return print(static_cast<std::int64_t>(size.bytes), kSizes);
}

}  // namespace signalbox::app
