// IntervalIndex: which of many intervals cover a value. A balanced tree laid out in a sorted vector: the
// middle of a run is its root, and knows the highest end of the run.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/value/value.h"

namespace signalbox::policy {

class IntervalIndex {
 public:
  struct Interval {
    Value low, high;
    bool low_inclusive = false, high_inclusive = false;
    std::uint32_t number = 0;  ///< what covering() tells
  };

  void add(const Interval& interval) { nodes_.push_back({interval, {}}); }
  /// After the last add().
  void settle();
  bool empty() const { return nodes_.empty(); }

  /// Calls `take(number)` for each interval that covers `value`.
  template <class Take>
  void covering(const Value& value, Take&& take) const {
    search(0, nodes_.size(), value, take);
  }

 private:
  struct Node {
    Interval interval;
    Value highest;  ///< end of any interval of the run whose root this is
  };
  Value settle(std::size_t from, std::size_t to);

  /// compare(), at once for the integers that most bounds are.
  static int order(const Value& a, const Value& b) {
    if (!a.is_integer() || !b.is_integer()) return compare(a, b);
    return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer();
  }

  template <class Take>
  void search(std::size_t from, std::size_t to, const Value& value, Take& take) const {
    if (from == to) return;
    const std::size_t root = from + (to - from) / 2;
    const Node& node = nodes_[root];
    if (order(node.highest, value) < 0) return;
    search(from, root, value, take);
    const int above = order(value, node.interval.low);
    if (above < 0) return;  // everything to the right begins later still
    const int below = order(value, node.interval.high);
    const bool after_low = above > 0 || node.interval.low_inclusive;
    if (after_low && (below < 0 || (below == 0 && node.interval.high_inclusive))) take(node.interval.number);
    search(root + 1, to, value, take);
  }

  std::vector<Node> nodes_;
};

}  // namespace signalbox::policy
