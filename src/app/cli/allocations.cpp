// The program's operator new, counting. Part of a binary only if something in it asks for the counts.
#include "app/cli/allocations.h"

#include <cstdlib>
#include <new>

namespace {

thread_local signalbox::app::cli::AllocationCount counted_so_far;

void* counted(std::size_t size) {
  ++counted_so_far.count;
  counted_so_far.bytes += size;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

namespace signalbox::app::cli {
AllocationCount allocations() {
  return counted_so_far;
}
}  // namespace signalbox::app::cli

void* operator new(std::size_t size) {
  return counted(size);
}
void* operator new[](std::size_t size) {
  return counted(size);
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
