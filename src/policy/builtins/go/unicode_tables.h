// Unicode tables above ASCII: simple case mappings, printable and alphanumeric runes. Sorted, disjoint.
#pragma once

#include <array>
#include <cstdint>

namespace signalbox::policy::go {

/// Runes lo, lo+stride, ..., hi map to themselves plus delta.
struct CaseRun {
  char32_t lo, hi;
  std::uint8_t stride;
  std::int32_t delta;
};

struct RuneRange {
  char32_t lo, hi;
};

extern const std::array<CaseRun, 199> kToUpper;
extern const std::array<CaseRun, 181> kToLower;
extern const std::array<RuneRange, 710> kPrintable;
extern const std::array<RuneRange, 702> kAlphanumeric;

}  // namespace signalbox::policy::go
