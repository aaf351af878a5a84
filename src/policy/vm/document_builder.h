// DocumentBuilder: the result of rules with references in their heads, `p[x].q.r := v` and `p[x].q contains
// v`. Collects (path, value) entries; finish() sorts them and folds them into nested objects and sets.
#pragma once

#include <span>

#include "policy/value/builder.h"
#include "policy/value/value.h"

namespace signalbox::policy {

class DocumentBuilder {
 public:
  explicit DocumentBuilder(Arena& arena) : arena_(&arena) {}
  /// `path` is copied. `member`: the value is an element of the set at `path`.
  void add(std::span<const Value> path, Value value, bool member);
  /// True when one place got two different values, or a value and something below it. Known after finish().
  bool conflict() const { return conflict_; }
  Value finish();

 private:
  struct Entry {
    std::span<const Value> path;
    Value value;
    bool member = false;
  };
  Value fold(std::span<const Entry> entries, std::size_t depth);

  Arena* arena_;
  Entry* entries_ = nullptr;
  std::uint32_t count_ = 0, capacity_ = 0;
  bool conflict_ = false;
};

}  // namespace signalbox::policy
