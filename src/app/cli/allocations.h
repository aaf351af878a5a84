// How often this thread has called operator new, for the verbs that measure. Counting costs one addition a
// call; the data path does not allocate.
#pragma once

#include <cstdint>

namespace signalbox::app::cli {

struct AllocationCount {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

/// Since the thread began.
AllocationCount allocations();

}  // namespace signalbox::app::cli
