// DocumentBuilder: entries sorted by path make each subtree one contiguous run.
#include "policy/vm/document_builder.h"

#include <algorithm>

namespace signalbox::policy {

void DocumentBuilder::add(std::span<const Value> path, Value value, bool member) {
  if (count_ == capacity_) {
    capacity_ = capacity_ == 0 ? 8 : capacity_ * 2;
    Entry* grown = arena_->allocate_array<Entry>(capacity_);
    std::copy_n(entries_, count_, grown);
    entries_ = grown;
  }
  entries_[count_++] = {arena_->copy(path), value, member};
}

Value DocumentBuilder::finish() {
  std::sort(entries_, entries_ + count_, [](const Entry& a, const Entry& b) {
    return compare(Value::array(a.path), Value::array(b.path)) < 0;
  });
  return count_ == 0 ? kEmptyObject : fold({entries_, count_}, 0);
}

/// All of `entries` agree on the first `depth` keys. Shorter paths come first.
Value DocumentBuilder::fold(std::span<const Entry> entries, std::size_t depth) {
  if (entries.front().path.size() == depth) {
    if (!std::ranges::all_of(entries, [&](const Entry& e) { return e.path.size() == depth; })) {
      conflict_ = true;
      return entries.front().value;
    }
    SetBuilder members(*arena_);
    std::size_t count = 0;
    for (const Entry& entry : entries) {
      if (entry.member) members.add(entry.value), ++count;
      if (!entry.member && !(entry.value == entries.front().value)) conflict_ = true;
    }
    if (count != 0 && count != entries.size()) conflict_ = true;
    return count != 0 ? members.finish() : entries.front().value;
  }
  ObjectBuilder object(*arena_);
  for (std::size_t from = 0; from < entries.size();) {
    std::size_t to = from + 1;
    while (to < entries.size() && entries[to].path[depth] == entries[from].path[depth]) ++to;
    object.add(entries[from].path[depth], fold(entries.subspan(from, to - from), depth + 1));
    from = to;
  }
  return object.finish();
}

}  // namespace signalbox::policy
