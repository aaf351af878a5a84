// Arena: growth and reuse. Blocks double up to a megabyte; a larger request gets a block of its own size.
// The surprise: reset() keeps only the largest block, so a steady load settles on one block and never calls
// the heap again, and one huge evaluation is not paid for by keeping many small blocks.
#include "policy/value/arena.h"

#include <algorithm>
#include <utility>

namespace signalbox::policy {
namespace {
constexpr std::size_t kLargestBlock = 1 << 20;
}

void* Arena::allocate_in_new_block(std::size_t bytes) {
  const std::size_t size = std::max(next_block_, bytes + alignof(std::max_align_t));
  if (!blocks_.empty()) full_blocks_ += blocks_.back().size;
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  next_block_ = std::min(std::max(next_block_ * 2, size), kLargestBlock);
  begin_ = reinterpret_cast<std::uintptr_t>(blocks_.back().memory.get());
  end_ = begin_ + size;
  cursor_ = begin_ + bytes;  // operator new[] aligns for every fundamental type
  return reinterpret_cast<void*>(begin_);
}

void Arena::reset() {
  if (blocks_.empty()) return;
  if (blocks_.size() > 1) {
    auto largest = std::ranges::max_element(blocks_, {}, &Block::size);
    std::swap(*largest, blocks_.front());
    blocks_.resize(1);
  }
  full_blocks_ = 0;
  begin_ = cursor_ = reinterpret_cast<std::uintptr_t>(blocks_.front().memory.get());
  end_ = begin_ + blocks_.front().size;
}

}  // namespace signalbox::policy
