// GroupBuilder: what a comprehension gives, sorted by the values of the outer variables that select from it.
// One pass makes every group; each later evaluation of the comprehension is a look-up.
#pragma once

#include <span>

#include "policy/value/value.h"

namespace signalbox::policy {

class GroupBuilder {
 public:
  enum class Into : bool { Arrays, Sets };

  GroupBuilder(Arena& arena, Into into) : arena_(&arena), into_(into) {}
  /// `keys` are copied.
  void add(std::span<const Value> keys, Value value);
  /// An object: key (an array of keys where there are several) -> array in the order of add(), or set.
  Value finish();

  /// How several keys are looked up: borrows `keys`.
  static Value key_of(std::span<const Value> keys) { return keys.size() == 1 ? keys[0] : Value::array(keys); }

 private:
  struct Entry {
    Value key;
    Value value;
    std::uint32_t order;
  };
  Value collection(std::span<const Entry> entries) const;

  Arena* arena_;
  Into into_;
  Entry* entries_ = nullptr;
  std::uint32_t count_ = 0, capacity_ = 0;
};

}  // namespace signalbox::policy
