// The most memory that this process held since it was last asked to forget.
#pragma once

#include <cstddef>

namespace signalbox::policy::test {

/// Peaks count from here. Where the system does not let it forget, peaks are those since the start.
void forget_peak_memory();
/// Bytes resident at the peak.
std::size_t peak_memory();

}  // namespace signalbox::policy::test
