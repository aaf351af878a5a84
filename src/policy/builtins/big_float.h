// BigFloat: Go's big.Float as OPA uses it: 64 bits of mantissa (53 for products), round to nearest even.
#pragma once

#include <mpfr.h>

#include "policy/builtins/big_integer.h"

namespace signalbox::policy::builtins {

class BigFloat {
 public:
  static constexpr mpfr_prec_t kPrecision = 64;

  explicit BigFloat(const Value& number, mpfr_prec_t precision = kPrecision) {
    mpfr_init2(f_, precision);
    mpfr_set_str(f_, number_text(number).c_str(), 10, MPFR_RNDN);
  }
  BigFloat(const BigFloat&) = delete;
  BigFloat& operator=(const BigFloat&) = delete;
  ~BigFloat() { mpfr_clear(f_); }

  mpfr_ptr get() { return f_; }
  bool negative() const { return mpfr_signbit(f_) != 0; }
  /// The fraction cut off.
  BigInteger truncated() const {
    BigInteger out;
    mpfr_get_z(out.get(), f_, MPFR_RNDZ);
    return out;
  }

 private:
  mpfr_t f_;
};

}  // namespace signalbox::policy::builtins
