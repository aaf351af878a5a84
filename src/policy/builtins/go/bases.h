// Integers in the bases of Go's verbs.
#pragma once

#include <cstdint>
#include <string>

namespace signalbox::policy::go {

/// 2, 8, 16 for b, o O, x X; 10 for any other verb.
int base_of(char32_t verb);
std::string in_base(std::uint64_t value, unsigned base, bool upper);
/// Of decimal digits of any number, perhaps with a sign.
std::string big_in_base(const std::string& digits, int base);

}  // namespace signalbox::policy::go
