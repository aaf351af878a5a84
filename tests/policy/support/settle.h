// What the comparisons of random programs share: which seeds, and making a program compile.
#pragma once

#include <cstdint>

#include "policy/support/generator.h"

namespace signalbox::policy::test {

struct Seeds {
  std::uint64_t from, count;
};
/// SIGNALBOX_SEEDS=from:count, or these.
Seeds seeds_or(std::uint64_t from, std::uint64_t count);

/// Drops the rules that our compiler refuses; false when the program cannot be made to compile.
bool settle(GeneratedProgram& program);

}  // namespace signalbox::policy::test
