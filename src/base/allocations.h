// How often this thread has called operator new, for what measures and for tests that hold a path to it.
// Counting costs two additions a call; the data path does not allocate.
#pragma once

#include <cstdint>

namespace signalbox {

struct AllocationCount {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  bool operator==(const AllocationCount&) const = default;
};

/// Since the thread began. Under a sanitizer, whose operator new stays, always zero.
AllocationCount allocations();

}  // namespace signalbox
