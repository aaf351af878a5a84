// Input: the facts an evaluation may read, one by one, on demand.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "policy/value/value.h"

namespace signalbox::policy {

/// A ground prefix below `input` that a policy reads: {"query", "kind"} for input.query.kind; {} for input
/// itself. Keys are strings; a reference goes no further than its first key that is no string constant.
using InputPath = std::vector<std::string>;

class Input {
 public:
  virtual ~Input() = default;
  /// The fact at PolicySet::input_paths()[slot]; undefined when there is none. Called at most once per slot
  /// and evaluation. The value may live in `arena` or anywhere that outlives the evaluation.
  virtual Value at(std::uint32_t slot, Arena& arena) const = 0;
  /// Any other path: only ad-hoc queries ask. Undefined by default.
  virtual Value at_path(const InputPath& path, Arena& arena) const;
};

/// Facts of a whole document, already a Value. Cheap to make for every evaluation; borrows `paths`.
class JsonInput final : public Input {
 public:
  /// `document` undefined = no input. `paths` = PolicySet::input_paths().
  JsonInput(Value document, std::span<const InputPath> paths) : document_(document), paths_(paths) {}
  Value at(std::uint32_t slot, Arena& arena) const override;
  Value at_path(const InputPath& path, Arena& arena) const override;

 private:
  Value document_;
  std::span<const InputPath> paths_;
};

}  // namespace signalbox::policy
