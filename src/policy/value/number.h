// Numbers as OPA has them: the text is kept as written, integers are exact at any size, everything else
// computes with a 64-bit mantissa (Go's big.Float default) and prints the shortest decimal that reads back
// the same. A number is an inline int64 (Value::is_integer) or a DecimalRep: any other spelling or size.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "policy/value/value.h"

namespace signalbox::policy {

struct DecimalRep {
  const char* text;      ///< a JSON number, as it is printed
  std::uint32_t length;  ///< of text
  bool whole;            ///< the value is an integer, however it is spelled (1.0, 1e3, 2^70)
  double approximate;    ///< nearest double; +-inf when out of range
  std::string_view view() const { return {text, length}; }
};

/// Why an operation has no result: the messages are OPA's.
enum class NumberError : std::uint8_t {
  DivideByZero,  ///< "divide by zero"
  ModuloByZero,  ///< "modulo by zero"
  NotInteger,    ///< "modulo on floating-point number"
  TooLarge,      ///< the result would need more than kMaxNumberDigits digits
};
std::string_view message(NumberError error);
using NumberResult = std::expected<Value, NumberError>;

/// Longest number text, in bytes, and largest decimal exponent, that is accepted or produced.
inline constexpr std::size_t kMaxNumberDigits = 65'536;

/// Reads one JSON number (the whole text). Undefined when it is not one or exceeds the bounds above.
Value parse_number(Arena& arena, std::string_view text);
/// A double as OPA would spell the JSON number; NaN and infinities give undefined.
Value from_double(Arena& arena, double value);
Value from_uint64(Arena& arena, std::uint64_t value);

/// The text OPA prints.
std::string number_text(const Value& number);
void append_number(std::string& out, const Value& number);
/// Nearest double.
double to_double(const Value& number);
/// The value when it is an integer within int64, however it is spelled: 1.0 -> 1.
std::optional<std::int64_t> to_int64(const Value& number);
/// The exact digits ("-?[0-9]+") when the value is an integer, however it is spelled: 1e3 -> "1000". For
/// big-integer work.
std::optional<std::string> integer_digits(const Value& number);

int compare_numbers(const Value& a, const Value& b);

NumberResult add(Arena& arena, const Value& a, const Value& b);
NumberResult subtract(Arena& arena, const Value& a, const Value& b);
NumberResult multiply(Arena& arena, const Value& a, const Value& b);
NumberResult divide(Arena& arena, const Value& a, const Value& b);
/// Truncated division's remainder, as Go's %: the sign follows the dividend. Integers only.
NumberResult remainder(Arena& arena, const Value& a, const Value& b);
Value absolute(Arena& arena, const Value& a);
Value round_half_away(Arena& arena, const Value& a);
Value round_up(Arena& arena, const Value& a);
Value round_down(Arena& arena, const Value& a);

}  // namespace signalbox::policy
