// Float text as Go reads and writes it.
// The surprise: the shortest %g decides for an exponent at precision 6 but keeps every significant digit
// (1.23456789e+08).
#include "policy/builtins/go/number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace signalbox::policy::go {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex_digit(char c) {
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/// Cuts [+-]digits[.digits][exponent]; false when the text is not of that form.
struct FloatText {
  bool negative = false, hex = false;
  std::string_view whole, fraction, exponent;

  bool parse(std::string_view text) {
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
      negative = text[0] == '-';
      text.remove_prefix(1);
    }
    hex = text.size() > 2 && text[0] == '0' && (text[1] | 32) == 'x';
    if (hex) text.remove_prefix(2);
    auto digits = [&](std::string_view& into) {
      std::size_t n = 0;
      while (n < text.size() && (hex ? is_hex_digit(text[n]) : is_digit(text[n]))) ++n;
      into = text.substr(0, n);
      text.remove_prefix(n);
    };
    digits(whole);
    if (!text.empty() && text[0] == '.') {
      text.remove_prefix(1);
      digits(fraction);
    }
    if (whole.empty() && fraction.empty()) return false;
    if (text.empty()) return !hex;
    if ((text[0] | 32) != (hex ? 'p' : 'e')) return false;
    exponent = text.substr(1);
    std::string_view number = exponent;
    if (!number.empty() && (number[0] == '+' || number[0] == '-')) number.remove_prefix(1);
    return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
  }
};

struct Digits {
  std::string text;  ///< significant digits, first one not 0 (unless the value is 0)
  int exponent = 0;  ///< of the first digit
};

/// Digits of a finite, non-negative value; `precision` digits after the first, or the shortest.
Digits digits_of(double value, int precision) {
  std::string buffer(precision < 0 ? 40 : static_cast<std::size_t>(precision) + 40, '\0');
  auto end = precision < 0 ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                           std::chars_format::scientific)
                           : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                           std::chars_format::scientific, precision);
  buffer.resize(static_cast<std::size_t>(end.ptr - buffer.data()));
  auto e = buffer.find('e');
  Digits digits;
  digits.exponent = std::atoi(buffer.c_str() + e + 1);
  for (char c : buffer.substr(0, e))
    if (c != '.') digits.text += c;
  return digits;
}

std::string exponent_text(char marker, int exponent) {
  std::string out(1, marker);
  out += exponent < 0 ? '-' : '+';
  std::string digits = std::to_string(std::abs(exponent));
  if (digits.size() < 2) out += '0';
  return out + digits;
}

std::string scientific(const Digits& digits, char marker) {
  std::string out = digits.text.substr(0, 1);
  if (digits.text.size() > 1) out.append(".").append(digits.text, 1);
  return out + exponent_text(marker, digits.exponent);
}

std::string plain(const Digits& digits) {
  if (digits.exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-digits.exponent - 1), '0') + digits.text;
  auto point = static_cast<std::size_t>(digits.exponent) + 1;
  if (digits.text.size() <= point) return digits.text + std::string(point - digits.text.size(), '0');
  return digits.text.substr(0, point) + "." + digits.text.substr(point);
}

std::string general(double value, char verb, int precision) {
  bool shortest = precision < 0;
  if (precision == 0) precision = 1;
  Digits digits = digits_of(value, shortest ? -1 : precision - 1);
  while (digits.text.size() > 1 && digits.text.back() == '0') digits.text.pop_back();
  bool exponent = digits.exponent < -4 || digits.exponent >= (shortest ? 6 : precision);
  return exponent ? scientific(digits, verb == 'G' ? 'E' : 'e') : plain(digits);
}

std::string fixed(double value, int precision) {
  if (precision < 0) return plain(digits_of(value, -1));
  std::string buffer(static_cast<std::size_t>(precision) + 340, '\0');
  auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, precision);
  buffer.resize(static_cast<std::size_t>(end.ptr - buffer.data()));
  return buffer;
}

std::string hexadecimal(double value, int precision, bool upper) {
  std::string buffer(static_cast<std::size_t>(std::max(precision, 0)) + 40, '\0');
  auto end = precision < 0
                 ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::hex)
                 : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::hex,
                                 precision);
  buffer.resize(static_cast<std::size_t>(end.ptr - buffer.data()));
  auto p = buffer.find('p');
  std::string out = "0x" + buffer.substr(0, p) + exponent_text('p', std::atoi(buffer.c_str() + p + 1));
  if (upper)
    for (char& c : out)
      if (c >= 'a' && c <= 'z') c -= 32;
  return out;
}

std::string mantissa_and_exponent(double value) {
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
  std::uint64_t mantissa = bits & ((1ULL << 52) - 1);
  if (exponent == 0)
    exponent = 1;
  else
    mantissa |= 1ULL << 52;
  exponent -= 1023 + 52;
  return std::to_string(mantissa) + "p" + (exponent >= 0 ? "+" : "") + std::to_string(exponent);
}

}  // namespace

std::string without_underscores(std::string_view text) {
  std::string out;
  const bool signed_text = !text.empty() && (text[0] == '+' || text[0] == '-');
  const std::string_view digits = text.substr(signed_text ? 1 : 0);
  const bool hex = digits.size() > 1 && digits[0] == '0' && (digits[1] | 32) == 'x';
  const std::size_t prefix = (signed_text ? 1U : 0U) + (hex ? 2U : 0U);
  const auto is_part = [&](std::size_t at) {
    return at < text.size() && (hex ? is_hex_digit(text[at]) : is_digit(text[at]));
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i < prefix || !(is_part(i - 1) || (hex && i == prefix)) || !is_part(i + 1)) {
      return std::string(text);
    }
  }
  return out;
}

std::optional<std::string_view> parse_float_problem(std::string_view text) {
  FloatText parts;
  if (!parts.parse(text)) return "invalid syntax";
  std::string copy(text);
  double value = std::strtod(copy.c_str(), nullptr);
  if (std::isinf(value)) return "value out of range";
  return std::nullopt;
}

std::string json_spelling(std::string_view text) {
  FloatText parts;
  if (!parts.parse(text)) return {};
  if (parts.hex) return format_float(std::strtod(std::string(text).c_str(), nullptr), 'g', -1);
  std::string_view whole = parts.whole;
  while (whole.size() > 1 && whole[0] == '0') whole.remove_prefix(1);
  std::string out(parts.negative ? "-" : "");
  out += whole.empty() ? "0" : whole;
  if (!parts.fraction.empty()) out.append(".").append(parts.fraction);
  const bool upper = text.find('E') != std::string_view::npos;
  if (!parts.exponent.empty()) out.append(upper ? "E" : "e").append(parts.exponent);
  return out;
}

std::string format_float(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  std::string sign = std::signbit(value) ? "-" : "";
  value = std::fabs(value);
  if (std::isinf(value)) return sign.empty() ? "+Inf" : "-Inf";
  switch (verb) {
    case 'e':
    case 'E': return sign + scientific(digits_of(value, precision), verb);
    case 'f': return sign + fixed(value, precision);
    case 'b': return sign + mantissa_and_exponent(value);
    case 'x':
    case 'X': return sign + hexadecimal(value, precision, verb == 'X');
    default: return sign + general(value, verb, precision);
  }
}

}  // namespace signalbox::policy::go
