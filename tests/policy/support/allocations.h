// Counts calls of operator new in this test binary.
#pragma once

#include <cstdint>

namespace signalbox::policy::test {

/// Calls of operator new by this thread so far.
std::uint64_t allocations();

}  // namespace signalbox::policy::test
