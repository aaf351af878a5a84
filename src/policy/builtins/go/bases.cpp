// Small numbers by division, big ones by GMP.
#include "policy/builtins/go/bases.h"

#include <gmp.h>

#include <algorithm>

namespace signalbox::policy::go {

int base_of(char32_t verb) {
  switch (verb) {
    case 'b': return 2;
    case 'o':
    case 'O': return 8;
    case 'x':
    case 'X': return 16;
    default: return 10;
  }
}

std::string in_base(std::uint64_t value, unsigned base, bool upper) {
  std::string digits;
  do {
    digits += (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
    value /= base;
  } while (value != 0);
  std::ranges::reverse(digits);
  return digits;
}

std::string big_in_base(const std::string& digits, int base) {
  if (base == 10) return digits;
  mpz_t z;
  mpz_init_set_str(z, digits.c_str(), 10);
  std::string out(mpz_sizeinbase(z, base) + 2, '\0');
  mpz_get_str(out.data(), base, z);
  mpz_clear(z);
  out.resize(out.find('\0'));
  return out;
}

}  // namespace signalbox::policy::go
