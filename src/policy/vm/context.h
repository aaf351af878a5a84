// Context: what `with` replaces, and what was computed under it. The machine runs in exactly one context at a
// time; each `with` makes a new one, whose memo starts empty, because any rule may depend on what was
// replaced.
#pragma once

#include <cstdint>
#include <span>

#include "policy/value/value.h"

namespace signalbox::policy {

/// Open-addressing map from a number to a value, in an arena. For contexts below the outermost.
class SmallMemo {
 public:
  const Value* find(std::uint64_t key) const;
  void insert(Arena& arena, std::uint64_t key, Value value);

 private:
  struct Slot {
    std::uint64_t key = 0;  ///< key + 1; 0 = empty
    Value value;
  };
  Slot* slots_ = nullptr;
  std::uint32_t capacity_ = 0, count_ = 0;
};

struct Override {
  enum class Kind : std::uint8_t { Input, Data, FunctionValue, BuiltinValue, FunctionTo, BuiltinTo };
  Kind kind;
  bool to_builtin = false;
  std::uint32_t target = 0;       ///< function or built-in number
  std::uint32_t replacement = 0;  ///< function or built-in number
  std::span<const Value> path;    ///< below input or data
  Value value;
};

struct Context {
  const Context* parent = nullptr;
  /// Of this context and its ancestors, oldest first: later ones win.
  std::span<const Override> overrides;
  bool input_overridden = false;
  bool data_overridden = false;
  bool outermost = false;
  mutable SmallMemo memo;   ///< rule sets, by number
  mutable SmallMemo slots;  ///< input slots, by number
  mutable SmallMemo calls;  ///< functions, by hash: [arguments..., result]
};

/// `document` with `value` at `path`; what is no object on the way is replaced by one.
Value merge_at(Arena& arena, Value document, std::span<const Value> path, Value value);

}  // namespace signalbox::policy
