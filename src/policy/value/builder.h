// Builders: collect elements in an arena and close them into a sorted, immutable collection.
// A set or object that sees many duplicates compacts itself while it grows, so memory follows the result, not
// the input.
#pragma once

#include <cstdint>

#include "policy/value/value.h"

namespace signalbox::policy {

class ArrayBuilder {
 public:
  explicit ArrayBuilder(Arena& arena) : arena_(&arena) {}
  void add(Value element) {
    if (count_ == capacity_) grow();
    items_[count_++] = element;
  }
  std::uint32_t size() const { return count_; }
  Value finish() const { return Value::array({items_, count_}); }

 private:
  void grow();
  Arena* arena_;
  Value* items_ = nullptr;
  std::uint32_t count_ = 0, capacity_ = 0;
};

class SetBuilder {
 public:
  explicit SetBuilder(Arena& arena) : arena_(&arena) {}
  void add(Value element) {
    if (count_ == capacity_) grow();
    items_[count_++] = element;
  }
  Value finish();

 private:
  void grow();
  void compact();
  Arena* arena_;
  Value* items_ = nullptr;
  std::uint32_t count_ = 0, capacity_ = 0;
};

class ObjectBuilder {
 public:
  explicit ObjectBuilder(Arena& arena) : arena_(&arena) {}
  void add(Value key, Value value) {
    if (count_ == capacity_) grow();
    items_[count_++] = {key, value};
  }
  /// `key` is borrowed.
  void add(std::string_view key, Value value) { add(Value::string(key), value); }
  /// True when a key was given two different values (a Rego conflict). Known after finish(); the last value
  /// stands.
  bool conflict() const { return conflict_; }
  Value finish();

 private:
  void grow();
  void compact();
  Arena* arena_;
  Pair* items_ = nullptr;
  std::uint32_t count_ = 0, capacity_ = 0;
  bool conflict_ = false;
};

}  // namespace signalbox::policy
