// IntervalIndex: sorting, and the highest end of each run.
#include "policy/vm/interval_index.h"

#include <algorithm>

namespace signalbox::policy {

void IntervalIndex::settle() {
  std::ranges::sort(nodes_, [](const Node& a, const Node& b) { return a.interval.low < b.interval.low; });
  settle(0, nodes_.size());
}

/// The highest end between `from` and `to`; undefined when there is nothing.
Value IntervalIndex::settle(std::size_t from, std::size_t to) {
  if (from == to) return {};
  const std::size_t root = from + (to - from) / 2;
  Value highest = nodes_[root].interval.high;
  for (const Value& other : {settle(from, root), settle(root + 1, to)}) {
    if (other && highest < other) highest = other;
  }
  return nodes_[root].highest = highest;
}

}  // namespace signalbox::policy
