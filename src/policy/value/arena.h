// Arena: memory that is handed out by moving a pointer and given back all at once.
// One lives in each Evaluator (emptied before every evaluation) and one in each PolicySet and base document
// (kept for their lifetime). A warm arena allocates nothing from the heap.
// Thread rule: one thread at a time; what a finished PolicySet's arena holds is immutable and shared freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace signalbox::policy {

class Arena {
 public:
  /// `first_block` bytes are taken on the first allocation; later blocks double up to 1 MiB.
  explicit Arena(std::size_t first_block = 4096) : next_block_(first_block) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  /// `bytes` of uninitialised memory, valid until reset(). Never null. `align` is a power of two, at most 16.
  void* allocate(std::size_t bytes, std::size_t align = alignof(std::max_align_t)) {
    const auto at = (cursor_ + (align - 1)) & ~(static_cast<std::uintptr_t>(align) - 1);
    if (at + bytes > end_ || at < cursor_) return allocate_in_new_block(bytes);
    cursor_ = at + bytes;
    return reinterpret_cast<void*>(at);
  }

  template <class T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena never runs destructors");
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  template <class T>
  std::span<T> copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    T* to = allocate_array<T>(items.size());
    if (!items.empty()) std::memcpy(to, items.data(), items.size_bytes());
    return {to, items.size()};
  }

  std::string_view copy(std::string_view text) {
    char* to = allocate_array<char>(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  /// Forgets everything. Keeps one block, the largest, so that the next round needs no heap.
  void reset();

  /// Bytes handed out since the last reset (block granularity: what the process really holds for it).
  std::size_t used() const { return full_blocks_ + (blocks_.empty() ? 0 : cursor_ - begin_); }
  /// True once more than `limit` bytes are in use. The evaluator asks at every loop and after every built-in.
  bool over(std::size_t limit) const { return used() > limit; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
  };
  void* allocate_in_new_block(std::size_t bytes);

  std::vector<Block> blocks_;
  std::uintptr_t begin_ = 0, cursor_ = 0, end_ = 0;
  std::size_t full_blocks_ = 0;  ///< bytes of the blocks before the current one
  std::size_t next_block_;
};

}  // namespace signalbox::policy
