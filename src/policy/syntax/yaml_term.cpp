// Numbers keep their spelling as far as JSON has it.
#include "policy/syntax/yaml_term.h"

#include <array>
#include <charconv>

namespace signalbox::policy::ast {
namespace {

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  for (std::string_view candidate : words) {
    if (candidate == word) return true;
  }
  return false;
}

/// The number as JSON writes it; "" when `text` is none.
std::string json_number(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  for (const auto& [prefix, base] : {std::pair{"0x", 16}, {"0o", 8}, {"0b", 2}}) {
    if (!digits.starts_with(prefix)) continue;
    std::uint64_t value = 0;
    const auto [end, problem] =
        std::from_chars(digits.data() + 2, digits.data() + digits.size(), value, base);
    if (problem != std::errc() || end != digits.data() + digits.size()) return {};
    return (negative ? "-" : "") + std::to_string(value);
  }
  const auto scan_digits = [](std::string_view& from) {
    std::size_t count = 0;
    while (count < from.size() && from[count] >= '0' && from[count] <= '9') ++count;
    const std::string_view found = from.substr(0, count);
    from.remove_prefix(count);
    return found;
  };
  std::string out = negative ? "-" : "";
  std::string_view rest = digits;
  std::string_view whole = scan_digits(rest);
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  std::string_view fraction;
  const bool point = rest.starts_with('.');
  if (point) {
    rest.remove_prefix(1);
    fraction = scan_digits(rest);
  }
  if (whole.empty() && fraction.empty()) return {};
  out += whole.empty() ? "0" : whole;
  if (!fraction.empty()) out += '.' + std::string(fraction);
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    out += 'e';
    if (rest.starts_with('+') || rest.starts_with('-')) {
      out += rest.front();
      rest.remove_prefix(1);
    }
    const std::string_view exponent = scan_digits(rest);
    if (exponent.empty()) return {};
    out += exponent;
  }
  return rest.empty() ? out : std::string();
}

}  // namespace

Term scalar_from_yaml(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  static constexpr std::array<std::string_view, 3> kTrue = {"true", "True", "TRUE"};
  static constexpr std::array<std::string_view, 3> kFalse = {"false", "False", "FALSE"};
  if (one_of(text, kNull)) return make_null();
  if (one_of(text, kTrue)) return make_bool(true);
  if (one_of(text, kFalse)) return make_bool(false);
  if (std::string number = json_number(text); !number.empty()) return make_number(std::move(number));
  return make_string(std::string(text));
}

}  // namespace signalbox::policy::ast
