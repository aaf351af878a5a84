// The operator new of every program that links this room, counting; a sanitizer keeps its own.
#include "base/allocations.h"

#include <cstdlib>
#include <new>

namespace {
thread_local signalbox::AllocationCount counted_so_far;
}

namespace signalbox {
AllocationCount allocations() {
  return counted_so_far;
}
}  // namespace signalbox

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void* operator new(std::size_t size) {
  ++counted_so_far.count;
  counted_so_far.bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif
