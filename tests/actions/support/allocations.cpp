// Replaces the global operator new of the test binary. Under a sanitizer its own stays, and the count is
// constant.
#include "actions/support/allocations.h"

#include <cstdlib>
#include <new>

namespace {
thread_local std::size_t count = 0;
}

namespace signalbox::actions::testing {
std::size_t allocations() {
  return count;
}
}  // namespace signalbox::actions::testing

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif
