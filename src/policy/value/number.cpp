// Numbers: int64 where it fits, GMP integers where whole, MPFR with a 64-bit mantissa for the rest (what Go's
// big.Float does in OPA). The surprise: comparison works on the decimal digits themselves, so it is exact and
// linear whatever the exponent, and 1e60000 costs nothing.
#include "policy/value/number.h"

#include <gmp.h>
#include <mpfr.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "policy/value/float_sum.h"

namespace signalbox::policy {
namespace {

constexpr mpfr_prec_t kMantissaBits = 64;
/// Fractions of this magnitude and above print with an exponent.
constexpr std::int64_t kPlainExponents = 6;

/// An mpfr_t that lives for a scope.
class Float {
 public:
  Float() { mpfr_init2(value_, kMantissaBits); }
  explicit Float(const Value& number) : Float() {
    if (number.is_integer()) {
      mpfr_set_sj(value_, number.as_integer(), MPFR_RNDN);
    } else {
      mpfr_strtofr(value_, std::string(number.as_decimal()->view()).c_str(), nullptr, 10, MPFR_RNDN);
    }
  }
  Float(const Float&) = delete;
  Float& operator=(const Float&) = delete;
  ~Float() { mpfr_clear(value_); }
  mpfr_ptr get() { return value_; }

 private:
  mpfr_t value_;
};

class Integer {
 public:
  Integer() { mpz_init(value_); }
  Integer(const Integer&) = delete;
  Integer& operator=(const Integer&) = delete;
  ~Integer() { mpz_clear(value_); }
  mpz_ptr get() { return value_; }
  /// False when `number` is no integer.
  bool assign(const Value& number) {
    if (number.is_integer()) {
      mpz_set_si(value_, number.as_integer());
      return true;
    }
    const auto digits = integer_digits(number);
    return digits && mpz_set_str(value_, digits->c_str(), 10) == 0;
  }

 private:
  mpz_t value_;
};

/// A decimal number taken apart: value = 0.DIGITS x 10^point, digits without zeros at either end; zero has
/// none.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Checks JSON's number grammar and takes the number apart.
std::optional<Decimal> take_apart(std::string_view text) {
  Decimal out;
  std::size_t at = 0;
  const auto digits = [&](std::size_t from) {
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > from;
  };
  if (at < text.size() && text[at] == '-') out.negative = true, ++at;
  const std::size_t whole = at;
  if (!digits(whole)) return std::nullopt;
  if (text[whole] == '0' && at > whole + 1) return std::nullopt;
  out.digits = text.substr(whole, at - whole);
  out.point = static_cast<std::int64_t>(at - whole);
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    if (!digits(fraction)) return std::nullopt;
    out.digits += text.substr(fraction, at - fraction);
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t from = at;
    if (!digits(from)) return std::nullopt;
    std::int64_t exponent = 0;
    const auto [end, failed] = std::from_chars(text.data() + from, text.data() + at, exponent);
    if (failed != std::errc() || exponent > static_cast<std::int64_t>(kMaxNumberDigits)) return std::nullopt;
    out.point += minus ? -exponent : exponent;
  }
  if (at != text.size()) return std::nullopt;
  const std::size_t first = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.point -= static_cast<std::int64_t>(first);
  out.digits.erase(0, first);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  if (out.digits.empty()) out.point = 0;
  return out;
}

bool is_whole(const Decimal& d) {
  return d.point >= static_cast<std::int64_t>(d.digits.size());
}

Value make_decimal(Arena& arena, std::string_view text, bool whole) {
  auto* rep = arena.allocate_array<DecimalRep>(1);
  const std::string_view kept = arena.copy(text);
  double approximate = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), approximate);
  if (failed == std::errc::result_out_of_range) approximate = std::strtod(std::string(text).c_str(), nullptr);
  *rep = {kept.data(), static_cast<std::uint32_t>(kept.size()), whole, approximate};
  return Value::decimal(rep);
}

int compare_decimals(const Decimal& a, const Decimal& b) {
  if (a.digits.empty() || b.digits.empty()) {
    if (a.digits.empty() && b.digits.empty()) return 0;
    return a.digits.empty() ? (b.negative ? 1 : -1) : (a.negative ? -1 : 1);
  }
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int magnitude = a.point != b.point ? (a.point < b.point ? -1 : 1) : a.digits.compare(b.digits);
  const int sign = magnitude < 0 ? -1 : magnitude > 0 ? 1 : 0;
  return a.negative ? -sign : sign;
}

Decimal decimal_of(const Value& number) {
  return take_apart(number_text(number)).value_or(Decimal{});
}

NumberResult from_integer(Arena& arena, mpz_srcptr value) {
  if (mpz_fits_slong_p(value) != 0) return Value::integer(mpz_get_si(value));
  const std::size_t room = mpz_sizeinbase(value, 10) + 2;
  if (room > kMaxNumberDigits) return std::unexpected(NumberError::TooLarge);
  std::string text(room, '\0');
  mpz_get_str(text.data(), 10, value);
  text.resize(std::strlen(text.c_str()));
  return make_decimal(arena, text, true);
}

/// The digits of mantissa * 2^exponent, exactly, without zeros at the end, and the decimal point before them.
std::string exact_digits(mpz_srcptr mantissa, mpfr_exp_t exponent, mpfr_exp_t& point) {
  Integer scaled;
  if (exponent >= 0) {
    mpz_mul_2exp(scaled.get(), mantissa, static_cast<mp_bitcnt_t>(exponent));
  } else {
    mpz_ui_pow_ui(scaled.get(), 5, static_cast<unsigned long>(-exponent));
    mpz_mul(scaled.get(), scaled.get(), mantissa);
  }
  std::string digits(mpz_sizeinbase(scaled.get(), 10) + 2, '\0');
  mpz_get_str(digits.data(), 10, scaled.get());
  digits.resize(std::strlen(digits.c_str()));
  point = static_cast<mpfr_exp_t>(digits.size()) + std::min<mpfr_exp_t>(exponent, 0);
  digits.erase(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1));
  return digits;
}

/// The first `count` digits, one up in the last place.
void round_up(std::string& digits, std::size_t count, mpfr_exp_t& point) {
  while (count > 0 && digits[count - 1] == '9') --count;
  if (count == 0) {
    digits = "1";
    ++point;
    return;
  }
  digits.resize(count);
  ++digits.back();
}

/// Digits of a decimal that reads back as the same float, found as Go's big.Float finds them: the first place
/// where the value stands apart from the ends of the interval that rounds to it.
std::string shortest_digits(mpfr_srcptr value, mpfr_exp_t& point) {
  Integer mantissa, end;
  mpfr_exp_t exponent = mpfr_get_z_2exp(mantissa.get(), value) - 1;
  mpz_abs(mantissa.get(), mantissa.get());
  const bool inclusive = mpz_even_p(mantissa.get()) != 0;
  mpz_mul_2exp(mantissa.get(), mantissa.get(), 1);  // the last bit is now half a unit in the last place
  std::string digits = exact_digits(mantissa.get(), exponent, point);
  mpfr_exp_t ignored = 0;
  mpz_sub_ui(end.get(), mantissa.get(), 1);
  const std::string lower = exact_digits(end.get(), exponent, ignored);
  mpz_add_ui(end.get(), mantissa.get(), 1);
  const std::string upper = exact_digits(end.get(), exponent, ignored);
  const auto digit = [](const std::string& of, std::size_t at) { return at < of.size() ? of[at] : '0'; };
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char l = digit(lower, i), m = digits[i], u = digit(upper, i);
    const bool down = l != m || (inclusive && i + 1 == lower.size());
    const bool up = m != u && (inclusive || m + 1 < u || i + 1 < upper.size());
    if (!down && !up) continue;
    const std::size_t count = i + 1;
    if (count >= digits.size()) break;
    const bool half = digits[count] == '5' && count + 1 == digits.size();
    const bool nearest_up = half ? (digits[count - 1] - '0') % 2 != 0 : digits[count] >= '5';
    if (up && (!down || nearest_up)) {
      round_up(digits, count, point);
    } else {
      digits.resize(count);
    }
    break;
  }
  digits.erase(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1));
  return digits;
}

std::string scientific(const std::string& digits, std::int64_t exponent) {
  std::string out = digits.substr(0, 1);
  if (digits.size() > 1) out += "." + digits.substr(1);
  const std::string magnitude = std::to_string(std::abs(exponent));
  return out + (exponent < 0 ? "e-" : "e+") + (magnitude.size() < 2 ? "0" : "") + magnitude;
}

std::string positional(const std::string& digits, std::int64_t point) {
  if (point <= 0) return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  const auto whole = static_cast<std::size_t>(point);
  if (whole >= digits.size()) return digits + std::string(whole - digits.size(), '0');
  return digits.substr(0, whole) + "." + digits.substr(whole);
}

/// Go's big.Float.Text: 'f' for whole numbers, else 'g', both shortest.
NumberResult from_float(Arena& arena, mpfr_srcptr value) {
  if (mpfr_zero_p(value) != 0) {
    if (mpfr_signbit(value) != 0) return make_decimal(arena, "-0", true);
    return Value::integer(0);
  }
  if (mpfr_number_p(value) == 0) return std::unexpected(NumberError::TooLarge);
  const bool whole = mpfr_integer_p(value) != 0;
  if (whole && mpfr_fits_slong_p(value, MPFR_RNDN) != 0) return Value::integer(mpfr_get_si(value, MPFR_RNDN));
  // In bits, before anything is spelled out: a decimal digit takes 3.3.
  constexpr mpfr_exp_t kMaxBits = 4 * static_cast<mpfr_exp_t>(kMaxNumberDigits);
  if (std::abs(mpfr_get_exp(value)) > kMaxBits) return std::unexpected(NumberError::TooLarge);
  mpfr_exp_t point = 0;
  const std::string digits = shortest_digits(value, point);
  if (std::abs(point) > static_cast<mpfr_exp_t>(kMaxNumberDigits))
    return std::unexpected(NumberError::TooLarge);
  const std::int64_t exponent = point - 1;
  const bool as_scientific = !whole && (exponent < -4 || exponent >= kPlainExponents);
  std::string text = mpfr_signbit(value) != 0 ? "-" : "";
  text += as_scientific ? scientific(digits, exponent) : positional(digits, point);
  return make_decimal(arena, text, whole);
}

using IntegerOp = void (*)(mpz_ptr, mpz_srcptr, mpz_srcptr);
using FloatOp = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

bool within_bounds(std::size_t bits) {
  return bits / 3 < kMaxNumberDigits;
}

NumberResult compute(Arena& arena, const Value& a, const Value& b, IntegerOp on_integers, FloatOp on_floats) {
  Integer x, y;
  if (x.assign(a) && y.assign(b)) {
    if (!within_bounds(mpz_sizeinbase(x.get(), 2) + mpz_sizeinbase(y.get(), 2))) {
      return std::unexpected(NumberError::TooLarge);
    }
    Integer result;
    on_integers(result.get(), x.get(), y.get());
    return from_integer(arena, result.get());
  }
  Float f(a), g(b), result;
  on_floats(result.get(), f.get(), g.get(), MPFR_RNDN);
  return from_float(arena, result.get());
}

template <class Rounding>
Value round_with(Arena& arena, const Value& a, Rounding rounding) {
  if (a.is_integer()) return a;
  Float f(a), result;
  rounding(result.get(), f.get());
  return from_float(arena, result.get()).value_or(a);
}

}  // namespace

std::string_view message(NumberError error) {
  switch (error) {
    case NumberError::DivideByZero: return "divide by zero";
    case NumberError::ModuloByZero: return "modulo by zero";
    case NumberError::NotInteger: return "modulo on floating-point number";
    case NumberError::TooLarge: return "number too large";
  }
  return "";
}

Value parse_number(Arena& arena, std::string_view text) {
  std::int64_t small = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), small);
  if (failed == std::errc() && end == text.data() + text.size()) {
    const bool odd = (text[0] == '0' && text.size() > 1) || text.starts_with("-0");
    if (!odd) return Value::integer(small);
  }
  if (text.size() > kMaxNumberDigits) return Value::undefined();
  const auto parts = take_apart(text);
  return parts ? make_decimal(arena, text, is_whole(*parts)) : Value::undefined();
}

Value from_double(Arena& arena, double value) {
  if (!std::isfinite(value)) return Value::undefined();
  if (value == std::floor(value) && std::abs(value) < 9e18)
    return Value::integer(static_cast<std::int64_t>(value));
  Float f;
  mpfr_set_d(f.get(), value, MPFR_RNDN);
  char text[40];
  const auto [end, failed] = std::to_chars(text, text + sizeof text, value);
  // The shortest decimal of the double, spelled as the shortest decimal of a big.Float would be.
  mpfr_strtofr(f.get(), std::string(text, end).c_str(), nullptr, 10, MPFR_RNDN);
  return from_float(arena, f.get()).value_or(Value::undefined());
}

Value from_uint64(Arena& arena, std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(INT64_MAX)) return Value::integer(static_cast<std::int64_t>(value));
  return make_decimal(arena, std::to_string(value), true);
}

void append_number(std::string& out, const Value& number) {
  if (!number.is_integer()) {
    out += number.as_decimal()->view();
    return;
  }
  char text[24];
  const auto [end, failed] = std::to_chars(text, text + sizeof text, number.as_integer());
  out.append(text, end);
}

std::string number_text(const Value& number) {
  std::string out;
  append_number(out, number);
  return out;
}

double to_double(const Value& number) {
  return number.is_integer() ? static_cast<double>(number.as_integer()) : number.as_decimal()->approximate;
}

std::optional<std::string> integer_digits(const Value& number) {
  if (number.is_integer()) return number_text(number);
  if (!number.as_decimal()->whole) return std::nullopt;
  const Decimal d = decimal_of(number);
  if (d.digits.empty()) return "0";
  return (d.negative ? "-" : "") + d.digits +
         std::string(static_cast<std::size_t>(d.point) - d.digits.size(), '0');
}

std::optional<std::int64_t> to_int64(const Value& number) {
  if (number.is_integer()) return number.as_integer();
  const DecimalRep& rep = *number.as_decimal();
  if (!rep.whole || std::abs(rep.approximate) > 1e19) return std::nullopt;
  const auto digits = integer_digits(number);
  std::int64_t out = 0;
  const auto [end, failed] = std::from_chars(digits->data(), digits->data() + digits->size(), out);
  if (failed != std::errc()) return std::nullopt;
  return out;
}

int compare_numbers(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) {
    return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer() ? 1 : 0;
  }
  // Rounding to double never swaps two numbers, so a difference there decides.
  const double x = to_double(a), y = to_double(b);
  if (x < y) return -1;
  if (x > y) return 1;
  const bool fractions =
      !a.is_integer() && !b.is_integer() && !a.as_decimal()->whole && !b.as_decimal()->whole;
  if (fractions && std::isfinite(x)) return 0;  // OPA: equal as float64 is equal
  return compare_decimals(decimal_of(a), decimal_of(b));
}

NumberResult add(Arena& arena, const Value& a, const Value& b) {
  std::int64_t sum = 0;
  if (a.is_integer() && b.is_integer() && !__builtin_add_overflow(a.as_integer(), b.as_integer(), &sum)) {
    return Value::integer(sum);
  }
  return compute(arena, a, b, mpz_add, mpfr_add);
}

NumberResult sum_of_floats(Arena& arena, std::span<const Value> terms) {
  Float sum;
  mpfr_set_zero(sum.get(), 1);
  for (const Value& term : terms) mpfr_add(sum.get(), sum.get(), Float(term).get(), MPFR_RNDN);
  return from_float(arena, sum.get());
}

NumberResult product_of_floats(Arena& arena, std::span<const Value> factors) {
  Float product;
  mpfr_set_prec(product.get(), 53);
  mpfr_set_si(product.get(), 1, MPFR_RNDN);
  for (const Value& factor : factors) mpfr_mul(product.get(), product.get(), Float(factor).get(), MPFR_RNDN);
  return from_float(arena, product.get());
}

NumberResult subtract(Arena& arena, const Value& a, const Value& b) {
  std::int64_t difference = 0;
  if (a.is_integer() && b.is_integer() &&
      !__builtin_sub_overflow(a.as_integer(), b.as_integer(), &difference)) {
    return Value::integer(difference);
  }
  return compute(arena, a, b, mpz_sub, mpfr_sub);
}

NumberResult multiply(Arena& arena, const Value& a, const Value& b) {
  std::int64_t product = 0;
  if (a.is_integer() && b.is_integer() && !__builtin_mul_overflow(a.as_integer(), b.as_integer(), &product)) {
    return Value::integer(product);
  }
  return compute(arena, a, b, mpz_mul, mpfr_mul);
}

NumberResult divide(Arena& arena, const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer() && b.as_integer() > 0 && a.as_integer() % b.as_integer() == 0) {
    return Value::integer(a.as_integer() / b.as_integer());
  }
  Float x(a), y(b), result;
  if (mpfr_zero_p(y.get()) != 0) return std::unexpected(NumberError::DivideByZero);
  mpfr_div(result.get(), x.get(), y.get(), MPFR_RNDN);
  return from_float(arena, result.get());
}

NumberResult remainder(Arena& arena, const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer() && b.as_integer() != 0 && b.as_integer() != -1) {
    return Value::integer(a.as_integer() % b.as_integer());
  }
  Integer x, y, result;
  if (!x.assign(a) || !y.assign(b)) return std::unexpected(NumberError::NotInteger);
  if (mpz_sgn(y.get()) == 0) return std::unexpected(NumberError::ModuloByZero);
  mpz_tdiv_r(result.get(), x.get(), y.get());
  return from_integer(arena, result.get());
}

Value absolute(Arena& arena, const Value& a) {
  if (a.is_integer() && a.as_integer() >= 0) return a;
  Float f(a), result;
  mpfr_abs(result.get(), f.get(), MPFR_RNDN);
  return from_float(arena, result.get()).value_or(a);
}

Value round_half_away(Arena& arena, const Value& a) {
  return round_with(arena, a, [](mpfr_ptr to, mpfr_ptr from) { mpfr_round(to, from); });
}

Value round_up(Arena& arena, const Value& a) {
  return round_with(arena, a, [](mpfr_ptr to, mpfr_ptr from) { mpfr_ceil(to, from); });
}

Value round_down(Arena& arena, const Value& a) {
  return round_with(arena, a, [](mpfr_ptr to, mpfr_ptr from) { mpfr_floor(to, from); });
}

}  // namespace signalbox::policy
