// What arithmetic with numbers of thousands of digits costs.
#pragma once

#include <cstdint>

#include "policy/value/number.h"

namespace signalbox::policy::builtins {

inline std::uint64_t digits_of(const Value& v) {
  return v.is_number() && !v.is_integer() ? v.as_decimal()->length : 1;
}

/// Steps of one operation: reading both, and about the product of their lengths.
inline std::uint64_t cost_of_digits(const Value& a, const Value& b) {
  const std::uint64_t m = digits_of(a), n = digits_of(b);
  return (m + n) / 8 + m * n / 1024;
}

}  // namespace signalbox::policy::builtins
