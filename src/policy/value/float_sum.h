// Sums of numbers that are not all integers.
#pragma once

#include <span>

#include "policy/value/number.h"

namespace signalbox::policy {

/// No step is exact, even where what was summed up so far is an integer. In number.cpp.
NumberResult sum_of_floats(Arena& arena, std::span<const Value> terms);

}  // namespace signalbox::policy
