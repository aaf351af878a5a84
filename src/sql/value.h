// Literal: a value that a statement's text or a bound parameter states outright.
// The facts never evaluate an expression: what is not a plain constant is Unknown, and Unknown equals
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace signalbox::sql {

struct Literal {
  enum class Kind : std::uint8_t {
    Unknown,    ///< there is a value, the text does not say which (an expression, a sub-select)
    Null,       ///< NULL
    Boolean,    ///< `boolean`
    Integer,    ///< `integer`
    Decimal,    ///< `text`: a JSON number that does not fit std::int64_t or has a fraction, digits as written
    String,     ///< `text`
    Parameter,  ///< $n, `integer` is n, `text` the casts on it (casts.h); bind_parameters() puts in its value
  };

  Kind kind = Kind::Unknown;
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;

  bool operator==(const Literal&) const = default;

  static Literal unknown() { return {}; }
  static Literal null() { return {.kind = Kind::Null, .text = {}}; }
  static Literal of(bool value) { return {.kind = Kind::Boolean, .boolean = value, .text = {}}; }
  static Literal of(std::int64_t value) { return {.kind = Kind::Integer, .integer = value, .text = {}}; }
  static Literal string(std::string value) { return {.kind = Kind::String, .text = std::move(value)}; }
  static Literal parameter(std::int64_t n) { return {.kind = Kind::Parameter, .integer = n, .text = {}}; }
  /// What a float4 or float8 holds; Unknown where it equals more than one integer (from 2^53 on).
  static Literal real(float value);
  static Literal real(double value);
  /// A number as SQL spells it ("42", "1.50", "1e3", "0x1F", "1_000", "-7"); Unknown when it is none.
  static Literal number(std::string_view digits);
};

}  // namespace signalbox::sql
