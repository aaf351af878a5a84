// BigInteger: an owning handle on a GMP integer, for the built-ins that leave 64 bits.
#pragma once

#include <gmp.h>

#include <string>

#include "policy/builtins/typed.h"
#include "policy/value/number.h"

namespace signalbox::policy::builtins {

class BigInteger {
 public:
  BigInteger() { mpz_init(z_); }
  /// `digits` is "-?[0-9]+".
  explicit BigInteger(const std::string& digits) { mpz_init_set_str(z_, digits.c_str(), 10); }
  BigInteger(const BigInteger& other) { mpz_init_set(z_, other.z_); }
  BigInteger(BigInteger&& other) noexcept {
    mpz_init(z_);
    mpz_swap(z_, other.z_);
  }
  BigInteger& operator=(BigInteger other) noexcept {
    mpz_swap(z_, other.z_);
    return *this;
  }
  ~BigInteger() { mpz_clear(z_); }

  mpz_ptr get() { return z_; }
  mpz_srcptr get() const { return z_; }
  int sign() const { return mpz_sgn(z_); }
  std::size_t bits() const { return mpz_sizeinbase(z_, 2); }
  std::string text(int base = 10) const {
    std::string out(mpz_sizeinbase(z_, base) + 2, '\0');
    mpz_get_str(out.data(), base, z_);
    out.resize(out.find('\0'));
    return out;
  }

 private:
  mpz_t z_;
};

/// OPA's BigIntOperand: any number whose value is an integer, however spelled.
template <>
inline Operand<BigInteger> operand<BigInteger>(const Value& value, int position) {
  if (!value.is_number()) return operand_error(position, "integer", value);
  auto digits = integer_digits(value);
  if (!digits) return operand_complaint(position, "must be integer number but got floating-point number");
  return BigInteger(*digits);
}

inline Value to_value(BuiltinContext& context, const BigInteger& integer) {
  return parse_number(context.arena, integer.text());
}

}  // namespace signalbox::policy::builtins
