// Contexts: the small memo, and replacing a part of a document.
#include "policy/vm/context.h"

#include <algorithm>

#include "policy/value/builder.h"

namespace signalbox::policy {

const Value* SmallMemo::find(std::uint64_t key) const {
  if (capacity_ == 0) return nullptr;
  for (std::uint64_t at = key * 0x9E37'79B9'7F4A'7C15u >> 32;; ++at) {
    const Slot& slot = slots_[at & (capacity_ - 1)];
    if (slot.key == 0) return nullptr;
    if (slot.key == key + 1) return &slot.value;
  }
}

void SmallMemo::insert(Arena& arena, std::uint64_t key, Value value) {
  if ((count_ + 1) * 2 > capacity_) {
    const SmallMemo old = *this;
    capacity_ = std::max(8u, capacity_ * 2);
    count_ = 0;
    slots_ = arena.allocate_array<Slot>(capacity_);
    std::fill_n(slots_, capacity_, Slot{});
    for (std::uint32_t i = 0; i < old.capacity_; ++i) {
      if (old.slots_[i].key != 0) insert(arena, old.slots_[i].key - 1, old.slots_[i].value);
    }
  }
  std::uint64_t at = key * 0x9E37'79B9'7F4A'7C15u >> 32;
  while (slots_[at & (capacity_ - 1)].key != 0) ++at;
  slots_[at & (capacity_ - 1)] = {key + 1, value};
  ++count_;
}

Value merge_at(Arena& arena, Value document, std::span<const Value> path, Value value) {
  if (path.empty()) return value;
  ObjectBuilder object(arena);
  bool placed = false;
  if (document.is_object()) {
    for (const Pair& pair : document.as_object()) {
      const bool here = pair.key == path.front();
      object.add(pair.key, here ? merge_at(arena, pair.value, path.subspan(1), value) : pair.value);
      placed = placed || here;
    }
  }
  if (!placed) object.add(path.front(), merge_at(arena, Value(), path.subspan(1), value));
  return object.finish();
}

}  // namespace signalbox::policy
