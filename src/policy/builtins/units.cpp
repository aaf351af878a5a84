// units.parse and units.parse_bytes: "10Mi", "1.5KB". Decimal and binary prefixes; exact rational arithmetic.
// The surprise: in units.parse "m" is a thousandth, and as OPA's is the double nearest to 0.001.
#include <gmp.h>

#include <algorithm>
#include <array>
#include <expected>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::size_t kMaxExponentDigits = 6;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Quantity {
  std::string_view number, unit;
};

/// Cuts a quantity where the unit begins; an "e" belongs to the number only with an exponent behind it.
/// Nothing when the exponent is too long.
std::optional<Quantity> cut(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == 'e' || c == 'E') {
      char after = i + 1 < text.size() ? text[i + 1] : '\0';
      if (!is_digit(after) && after != '+' && after != '-')
        return Quantity{text.substr(0, i), text.substr(i)};
      if (!is_digit(after)) ++i;
      std::size_t digits = 0;
      while (i + 1 + digits < text.size() && is_digit(text[i + 1 + digits])) ++digits;
      if (digits > kMaxExponentDigits) return std::nullopt;
    } else if (!is_digit(c) && c != '.' && c != '+' && c != '-') {
      return Quantity{text.substr(0, i), text.substr(i)};
    }
  }
  return Quantity{text, {}};
}

/// The factor of a lower-case unit letter: thousands, or 1024s when binary.
std::optional<Value> factor_of(char letter, bool binary) {
  static constexpr std::string_view kLetters = "kmgtpe";
  std::size_t power = kLetters.find(letter);
  if (power == std::string_view::npos) return std::nullopt;
  std::int64_t factor = 1;
  for (std::size_t i = 0; i <= power; ++i) factor *= binary ? 1024 : 1000;
  return Value::integer(factor);
}

std::unexpected<BuiltinError> failure(std::string_view name, std::string_view what) {
  return builtin_failure(std::string(name) + ": " + std::string(what));
}

/// The checks both functions share: the quantity's parts, or the error.
std::expected<Quantity, BuiltinError> quantity_of(std::string_view name, std::string_view text,
                                                  std::string_view amount) {
  if (text.find(' ') != std::string_view::npos)
    return failure(name, "spaces not allowed in resource strings");
  auto quantity = cut(text);
  if (!quantity) return failure(name, "exponent too large");
  if (quantity->number.empty()) return failure(name, "no " + std::string(amount) + " provided");
  return *quantity;
}

BuiltinResult parse_bytes(BuiltinContext& context, std::string_view raw) {
  constexpr std::string_view kName = "units.parse_bytes";
  if (!charge_bytes(context, raw.size())) return limit_failure();
  std::string text = go::replace_all(go::to_lower(raw), "\"", "");
  auto quantity = quantity_of(kName, text, "byte amount");
  if (!quantity) return std::unexpected(quantity.error());
  std::string_view unit = quantity->unit;
  std::optional<Value> factor = Value::integer(1);
  if (!unit.empty()) {
    std::string_view rest = unit.substr(1);
    bool binary = rest == "i" || rest == "ib";
    factor = binary || rest.empty() || rest == "b" ? factor_of(unit[0], binary) : std::nullopt;
    if (!factor) return failure(kName, "byte unit " + std::string(unit) + " not recognized");
  }
  Value number = parse_number(context.arena, go::json_spelling(quantity->number));
  if (!number) return failure(kName, "could not parse byte amount to a number");
  NumberResult total = multiply(context.arena, number, *factor);
  if (!total) return builtin_failure(std::string(message(total.error())));
  return compare_numbers(*total, Value::integer(0)) < 0 ? round_up(context.arena, *total)
                                                        : round_down(context.arena, *total);
}

/// A decimal "12.5e3" as an exact fraction; false when it is not one.
bool set_rational(mpq_t out, std::string_view text) {
  std::string json = go::json_spelling(text);
  if (json.empty()) return false;
  std::size_t e = std::min(json.find_first_of("eE"), json.size());
  long exponent = e < json.size() ? std::atol(json.c_str() + e + 1) : 0;
  std::string digits = json.substr(0, e);
  if (std::size_t point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<long>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  mpz_set_str(mpq_numref(out), digits.c_str(), 10);
  mpz_set_ui(mpq_denref(out), 1);
  mpz_ptr scaled = exponent < 0 ? mpq_denref(out) : mpq_numref(out);
  mpz_t power;
  mpz_init(power);
  mpz_ui_pow_ui(power, 10, static_cast<unsigned long>(std::labs(exponent)));
  mpz_mul(scaled, scaled, power);
  mpz_clear(power);
  mpq_canonicalize(out);
  return true;
}

std::string digits_of(mpz_srcptr z) {
  std::string out(mpz_sizeinbase(z, 10) + 2, '\0');
  mpz_get_str(out.data(), 10, z);
  out.resize(out.find('\0'));
  return out;
}

/// An integer as it is; otherwise ten decimals, half away from zero (big.Rat's FloatString(10)).
std::string rational_text(mpq_srcptr q) {
  constexpr std::size_t kDecimals = 10;
  if (mpz_cmp_ui(mpq_denref(q), 1) == 0) return digits_of(mpq_numref(q));
  mpz_t scaled, twice;
  mpz_inits(scaled, twice, nullptr);
  mpz_ui_pow_ui(scaled, 10, kDecimals);
  mpz_mul(scaled, scaled, mpq_numref(q));
  mpz_abs(scaled, scaled);
  mpz_mul_ui(scaled, scaled, 2);
  mpz_add(scaled, scaled, mpq_denref(q));
  mpz_mul_ui(twice, mpq_denref(q), 2);
  mpz_fdiv_q(scaled, scaled, twice);
  std::string digits = digits_of(scaled);
  mpz_clears(scaled, twice, nullptr);
  if (digits.size() <= kDecimals) digits.insert(0, kDecimals + 1 - digits.size(), '0');
  digits.insert(digits.size() - kDecimals, ".");
  return (mpq_sgn(q) < 0 ? "-" : "") + digits;
}

BuiltinResult parse(BuiltinContext& context, std::string_view raw) {
  constexpr std::string_view kName = "units.parse";
  constexpr double kMilli = 0.001;
  if (!charge_bytes(context, raw.size())) return limit_failure();
  std::string text = go::replace_all(raw, "\"", "");
  auto quantity = quantity_of(kName, text, "amount");
  if (!quantity) return std::unexpected(quantity.error());
  std::string unit(quantity->unit);
  for (std::size_t i = 1; i < unit.size(); ++i)
    unit[i] = static_cast<char>(go::rune_to_lower(static_cast<unsigned char>(unit[i])));
  std::optional<Value> factor = Value::integer(1);
  if (!unit.empty() && unit != "m") {
    auto letter = static_cast<char>(go::rune_to_lower(static_cast<unsigned char>(unit[0])));
    bool known = unit.size() == 1 || unit.substr(1) == "i";
    factor = known ? factor_of(letter, unit.size() > 1) : std::nullopt;
    if (!factor) return failure(kName, "unit " + unit + " not recognized");
  }
  if (!charge_bytes(context, 1 << 12)) return limit_failure();
  mpq_t number, by;
  mpq_inits(number, by, nullptr);
  bool valid = set_rational(number, quantity->number);
  if (unit == "m")
    mpq_set_d(by, kMilli);
  else
    mpq_set_si(by, factor->as_integer(), 1);
  mpq_mul(number, number, by);
  std::string result = valid ? rational_text(number) : std::string();
  mpq_clears(number, by, nullptr);
  if (!valid) return failure(kName, "could not parse amount to a number");
  Value value = parse_number(context.arena, result);
  if (!value) return builtin_failure(std::string(message(NumberError::TooLarge)));
  return value;
}

constexpr Builtin kTable[] = {
    declare("units", "units.parse", "(string) => number", typed<parse>),
    declare("units", "units.parse_bytes", "(string) => number", typed<parse_bytes>),
};

}  // namespace

std::span<const Builtin> units() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
