// Sums and products of numbers that are not all integers.
#pragma once

#include <span>

#include "policy/value/number.h"

namespace signalbox::policy {

/// No step is exact, even where what was summed up so far is an integer. In number.cpp.
NumberResult sum_of_floats(Arena& arena, std::span<const Value> terms);
/// Keeps 53 bits, unlike multiply(): OPA starts from a Go float64.
NumberResult product_of_floats(Arena& arena, std::span<const Value> factors);

}  // namespace signalbox::policy
