// What arithmetic with numbers of thousands of digits costs.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "policy/value/number.h"

namespace signalbox::policy::builtins {

/// Digits when it is written out: 1e100 has about a hundred.
inline std::uint64_t digits_of(const Value& v) {
  if (!v.is_number() || v.is_integer()) return 1;
  const std::string_view text = v.as_decimal()->view();
  const std::size_t sign = text.find_first_of("eE") + 1;  // 0: no exponent
  if (sign == 0) return text.size();
  const bool signed_exponent = text.find_first_of("+-", sign) == sign;
  std::uint64_t exponent = 0;
  std::from_chars(text.data() + sign + (signed_exponent ? 1 : 0), text.data() + text.size(), exponent);
  return text.size() + std::min<std::uint64_t>(exponent, kMaxNumberDigits);
}

/// Steps of one operation: reading both, and about the product of their lengths.
inline std::uint64_t cost_of_digits(const Value& a, const Value& b) {
  const std::uint64_t m = digits_of(a), n = digits_of(b);
  return (m + n) / 8 + m * n / 1024;
}

}  // namespace signalbox::policy::builtins
