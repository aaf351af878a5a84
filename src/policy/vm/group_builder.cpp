// GroupBuilder: entries sorted by key, and within a key as they came, make each group one contiguous run.
#include "policy/vm/group_builder.h"

#include <algorithm>

#include "policy/value/builder.h"

namespace signalbox::policy {

void GroupBuilder::add(std::span<const Value> keys, Value value) {
  if (count_ == capacity_) {
    capacity_ = capacity_ == 0 ? 16 : capacity_ * 2;
    Entry* grown = arena_->allocate_array<Entry>(capacity_);
    std::copy_n(entries_, count_, grown);
    entries_ = grown;
  }
  const Value key = keys.size() == 1 ? keys[0] : make_array(*arena_, keys);
  entries_[count_] = {key, value, count_};
  ++count_;
}

Value GroupBuilder::collection(std::span<const Entry> entries) const {
  auto* values = arena_->allocate_array<Value>(entries.size());
  std::ranges::transform(entries, values, &Entry::value);
  const std::span<const Value> all(values, entries.size());
  return into_ == Into::Sets ? make_set(*arena_, all) : Value::array(all);
}

Value GroupBuilder::finish() {
  std::sort(entries_, entries_ + count_, [](const Entry& a, const Entry& b) {
    const int c = compare(a.key, b.key);
    return c != 0 ? c < 0 : a.order < b.order;
  });
  ObjectBuilder out(*arena_);
  for (std::uint32_t from = 0; from < count_;) {
    std::uint32_t to = from + 1;
    while (to < count_ && entries_[to].key == entries_[from].key) ++to;
    out.add(entries_[from].key, collection({entries_ + from, to - from}));
    from = to;
  }
  return out.finish();
}

}  // namespace signalbox::policy
