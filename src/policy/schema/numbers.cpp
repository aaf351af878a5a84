// Exact fractions by GMP; their shortest spelling by MPFR. The surprise: numbers in complaints turn to an
// exponent at seven digits (1e+06), because Go's big.Float does.
#include "policy/schema/numbers.h"

#include <gmp.h>
#include <mpfr.h>

#include <algorithm>
#include <charconv>

#include "policy/builtins/go/number.h"
#include "policy/schema/json_schema.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

namespace signalbox::policy::schema {
namespace {

class Fraction {
 public:
  explicit Fraction(const Value& number) {
    mpq_init(q_);
    std::string digits = number_text(number);
    std::int64_t exponent = 0;
    if (auto e = digits.find_first_of("eE"); e != std::string::npos) {
      const char* first = digits.data() + e + 1 + (digits[e + 1] == '+' ? 1 : 0);
      std::from_chars(first, digits.data() + digits.size(), exponent);
      digits.resize(e);
    }
    if (auto point = digits.find('.'); point != std::string::npos) {
      exponent -= static_cast<std::int64_t>(digits.size() - point - 1);
      digits.erase(point, 1);
    }
    exponent = std::clamp<std::int64_t>(exponent, -kMaxExponent, kMaxExponent);
    mpz_set_str(mpq_numref(q_), digits.c_str(), 10);
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, static_cast<unsigned long>(exponent < 0 ? -exponent : exponent));
    if (exponent < 0) {
      mpz_set(mpq_denref(q_), power);
    } else {
      mpz_mul(mpq_numref(q_), mpq_numref(q_), power);
    }
    mpz_clear(power);
    mpq_canonicalize(q_);
  }
  Fraction(const Fraction&) = delete;
  Fraction& operator=(const Fraction&) = delete;
  ~Fraction() { mpq_clear(q_); }

  mpq_ptr get() { return q_; }

 private:
  static constexpr std::int64_t kMaxExponent = 2 * static_cast<std::int64_t>(kMaxNumberDigits);
  mpq_t q_;
};

/// The fewest digits ("digits" and the decimal exponent of 0.digits) that read back as `f`.
std::string shortest_digits(mpfr_srcptr f, mpfr_exp_t& exponent) {
  mpfr_t back;
  mpfr_init2(back, mpfr_get_prec(f));
  std::string digits;
  for (std::size_t count = 2;; ++count) {
    char* text = mpfr_get_str(nullptr, &exponent, 10, count, f, MPFR_RNDN);
    digits = text;
    mpfr_free_str(text);
    const std::string point = digits.starts_with('-') ? "-0." + digits.substr(1) : "0." + digits;
    mpfr_set_str(back, (point + "e" + std::to_string(exponent)).c_str(), 10, MPFR_RNDN);
    if (mpfr_equal_p(back, f) != 0) break;
  }
  mpfr_clear(back);
  while (digits.size() > 1 && digits.ends_with('0')) digits.pop_back();
  return digits;
}

std::string general_form(std::string digits, mpfr_exp_t point) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  const auto count = static_cast<mpfr_exp_t>(digits.size());
  constexpr mpfr_exp_t kLeastExponent = -4, kMostExponent = 6;
  const mpfr_exp_t exponent = point - 1;
  std::string out;
  if (exponent < kLeastExponent || exponent >= kMostExponent) {
    out = digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    const std::string power = std::to_string(exponent < 0 ? -exponent : exponent);
    out += std::string("e") + (exponent < 0 ? "-" : "+") + (power.size() < 2 ? "0" : "") + power;
  } else if (point <= 0) {
    out = "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  } else if (count <= point) {
    out = digits + std::string(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto cut = static_cast<std::size_t>(point);
    out = digits.substr(0, cut) + "." + digits.substr(cut);
  }
  return (negative ? "-" : "") + out;
}

/// encoding/json's spelling of a float64.
std::string double_text(double value) {
  const double magnitude = value < 0 ? -value : value;
  if (magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21)) return go::format_float(value, 'f', -1);
  std::string out = go::format_float(value, 'e', -1);
  // e-09 becomes e-9.
  const std::size_t n = out.size();
  if (n >= 4 && out[n - 4] == 'e' && (out[n - 3] == '-' || out[n - 3] == '+') && out[n - 2] == '0')
    out.erase(n - 2, 1);
  return out;
}

bool append_normalised(std::string& out, const Value& value);

template <class Items, class F>
bool append_list(std::string& out, const Items& items, char open, char close, F&& each) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    if (!each(item)) return false;
  }
  out += close;
  return true;
}

bool append_normalised(std::string& out, const Value& value) {
  const auto element = [&](const Value& item) { return append_normalised(out, item); };
  switch (value.kind()) {
    case Kind::Number: {
      const double number = to_double(value);
      if (number - number != 0) return false;
      out += double_text(number);
      return true;
    }
    case Kind::Array: return append_list(out, value.as_array(), '[', ']', element);
    case Kind::Set: return append_list(out, value.as_set(), '[', ']', element);
    case Kind::Object:
      return append_list(out, value.as_object(), '{', '}', [&](const Pair& member) {
        append_json(out, member.key, EscapeHtml::Yes);
        out += ':';
        return append_normalised(out, member.value);
      });
    default: append_json(out, value, EscapeHtml::Yes); return true;
  }
}

}  // namespace

bool is_whole(const Value& number) {
  return number.is_integer() || number.as_decimal()->whole;
}

bool is_multiple(const Value& number, const Value& of) {
  if (number.is_integer() && of.is_integer() && of.as_integer() > 0)
    return number.as_integer() % of.as_integer() == 0;
  Fraction a(number), b(of);
  mpq_div(a.get(), a.get(), b.get());
  return mpz_cmp_ui(mpq_denref(a.get()), 1) == 0;
}

std::string bound_text(const Value& number) {
  Fraction exact(number);
  if (mpq_sgn(exact.get()) == 0) return "0";
  const auto bits = std::max({mpz_sizeinbase(mpq_numref(exact.get()), 2),
                              mpz_sizeinbase(mpq_denref(exact.get()), 2), std::size_t{64}});
  mpfr_t f;
  mpfr_init2(f, static_cast<mpfr_prec_t>(bits));
  mpfr_set_q(f, exact.get(), MPFR_RNDN);
  mpfr_exp_t point = 0;
  const std::string digits = shortest_digits(f, point);
  mpfr_clear(f);
  return general_form(digits, point);
}

std::optional<std::string> normalised_json(const Value& value) {
  std::string out;
  if (!append_normalised(out, value)) return std::nullopt;
  return out;
}

}  // namespace signalbox::policy::schema
