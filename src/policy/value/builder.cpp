// Builders: grow by doubling inside the arena; before growing, a set or object drops its duplicates, and
// grows only when that did not free half of it.
#include "policy/value/builder.h"

#include <algorithm>

namespace signalbox::policy {
namespace {

/// Up to here pairs are sorted in place; beyond, std::stable_sort takes a buffer from the heap.
constexpr std::uint32_t kInsertionSort = 32;

template <class T>
void double_capacity(Arena& arena, T*& items, std::uint32_t count, std::uint32_t& capacity) {
  const std::uint32_t larger = capacity == 0 ? 8 : capacity * 2;
  T* moved = arena.allocate_array<T>(larger);
  std::copy_n(items, count, moved);
  items = moved;
  capacity = larger;
}

bool sorted_without_duplicates(const Value* items, std::uint32_t count) {
  for (std::uint32_t i = 1; i < count; ++i) {
    if (compare(items[i - 1], items[i]) >= 0) return false;
  }
  return true;
}

}  // namespace

void ArrayBuilder::grow() {
  double_capacity(*arena_, items_, count_, capacity_);
}

void SetBuilder::compact() {
  if (sorted_without_duplicates(items_, count_)) return;
  std::sort(items_, items_ + count_);
  count_ = static_cast<std::uint32_t>(std::unique(items_, items_ + count_) - items_);
}

void SetBuilder::grow() {
  if (capacity_ >= 64) compact();
  if (count_ > capacity_ / 2 || capacity_ == 0) double_capacity(*arena_, items_, count_, capacity_);
}

Value SetBuilder::finish() {
  compact();
  return adopt_sorted_set(*arena_, {items_, count_});
}

void ObjectBuilder::compact() {
  const auto by_key = [](const Pair& a, const Pair& b) { return compare(a.key, b.key) < 0; };
  bool sorted = true;
  for (std::uint32_t i = 1; i < count_ && sorted; ++i) sorted = by_key(items_[i - 1], items_[i]);
  if (sorted) return;
  if (count_ <= kInsertionSort) {
    for (std::uint32_t i = 1; i < count_; ++i) {
      std::rotate(std::upper_bound(items_, items_ + i, items_[i], by_key), items_ + i, items_ + i + 1);
    }
  } else {
    std::stable_sort(items_, items_ + count_, by_key);
  }
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (kept != 0 && items_[kept - 1].key == items_[i].key) {
      conflict_ = conflict_ || !(items_[kept - 1].value == items_[i].value);
      items_[kept - 1].value = items_[i].value;
    } else {
      items_[kept++] = items_[i];
    }
  }
  count_ = kept;
}

void ObjectBuilder::grow() {
  if (capacity_ >= 64) compact();
  if (count_ > capacity_ / 2 || capacity_ == 0) double_capacity(*arena_, items_, count_, capacity_);
}

Value ObjectBuilder::finish() {
  compact();
  return adopt_sorted_object(*arena_, {items_, count_});
}

Value make_set(Arena& arena, std::span<const Value> elements) {
  SetBuilder builder(arena);
  for (const Value& element : elements) builder.add(element);
  return builder.finish();
}

Value make_object(Arena& arena, std::span<const Pair> pairs) {
  ObjectBuilder builder(arena);
  for (const Pair& pair : pairs) builder.add(pair.key, pair.value);
  return builder.finish();
}

}  // namespace signalbox::policy
