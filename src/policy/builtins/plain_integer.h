// Which numbers OPA takes where it wants a machine integer: those spelled with digits only, or with nothing
// but zeros after the point ("2.0"), of at most 19 characters. Never an exponent: 1e3 is refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "policy/value/number.h"

namespace signalbox::policy::builtins {

inline std::optional<std::int64_t> plain_integer(const Value& number) {
  if (number.is_integer()) return number.as_integer();
  std::string_view text = number.as_decimal()->view();
  if (text.find_first_of("eE") != std::string_view::npos || text.size() > 20) return std::nullopt;
  return to_int64(number);
}

}  // namespace signalbox::policy::builtins
