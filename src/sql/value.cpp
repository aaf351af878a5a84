// Literal::number: the spellings of numbers that PostgreSQL's lexer knows, as values that JSON can hold.
// Surprise: a number is kept as text when a double could not hold it exactly; policies compare decimals
// exactly.
#include "sql/value.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace signalbox::sql {
namespace {

int radix_of(std::string_view digits) {
  if (digits.size() < 3 || digits[0] != '0') return 10;
  switch (digits[1]) {
    case 'x':
    case 'X': return 16;
    case 'o':
    case 'O': return 8;
    case 'b':
    case 'B': return 2;
    default: return 10;
  }
}

bool is_decimal(std::string_view digits) {
  bool digit = false, point = false;
  std::size_t i = 0;
  for (; i < digits.size(); ++i) {
    const char c = digits[i];
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (!digit) return false;
  if (i == digits.size()) return true;
  if (digits[i] != 'e' && digits[i] != 'E') return false;
  if (++i < digits.size() && (digits[i] == '+' || digits[i] == '-')) ++i;
  return i < digits.size() && digits.find_first_not_of("0123456789", i) == std::string_view::npos;
}

constexpr double kIntegersEnd = 9007199254740992.0;  ///< 2^53

template <class Real>
Literal held(Real value) {
  if (!std::isfinite(value))
    return Literal::string(std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity");
  if (std::abs(value) >= kIntegersEnd) return Literal::unknown();
  if (std::trunc(value) == value) return Literal::of(static_cast<std::int64_t>(value));
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return Literal::number({digits, static_cast<std::size_t>(end - digits)});
}

/// PostgreSQL's ".5", "5." and "007" are not JSON numbers: "0.5", "5", "7".
std::string as_json(bool negative, std::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
    digits.remove_prefix(1);
  std::string out = negative ? "-" : "";
  if (digits.front() == '.') out += '0';
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool bare_point =
        digits[i] == '.' && (i + 1 == digits.size() || digits[i + 1] < '0' || digits[i + 1] > '9');
    if (!bare_point) out += digits[i];
  }
  return out;
}

}  // namespace

Literal Literal::real(float value) {
  return held(value);
}

Literal Literal::real(double value) {
  return held(value);
}

Literal Literal::number(std::string_view digits) {
  bool negative = false;
  if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) {
    negative = digits[0] == '-';
    digits.remove_prefix(1);
  }
  std::string plain;
  if (digits.find('_') != std::string_view::npos) {
    for (const char c : digits)
      if (c != '_') plain += c;
    digits = plain;
  }
  if (digits.empty() || digits.size() > 1000) return unknown();
  const int radix = radix_of(digits);
  const std::string_view body = radix == 10 ? digits : digits.substr(2);
  std::string signed_body = negative ? "-" : "";
  signed_body += body;
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(signed_body.data(), signed_body.data() + signed_body.size(), value, radix);
  const bool has_digit = !body.empty() && body[0] != '-' && body[0] != '+';
  if (has_digit && error == std::errc{} && end == signed_body.data() + signed_body.size()) return of(value);
  if (radix != 10 || !is_decimal(digits)) return unknown();
  return {.kind = Kind::Decimal, .text = as_json(negative, digits)};
}

}  // namespace signalbox::sql
