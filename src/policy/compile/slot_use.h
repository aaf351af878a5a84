// What code does with the value of an input slot that is a collection: all of it, or some members of its
// elements only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "policy/engine.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

/// Remembers which instructions read a register, function by function: a set of policies may be one function
/// of very many rules, each of which asks. The program must outlive it.
class SlotUses {
 public:
  /// Adds to `read` what the instruction at `at`, which reads the slot, leads to in `function`. A `read`
  /// without fields means that nothing is known yet when `first`, and everything otherwise.
  void note(const Function& function, std::size_t at, bool first, SlotRead& read);

  /// The instruction at `at` makes a collection: the members that are read of its elements, or nothing when
  /// all may be.
  std::optional<std::vector<std::string>> members_read(const Function& function, std::size_t at);

  /// By register: the instructions that may read it, in order.
  using Readers = std::vector<std::vector<std::uint32_t>>;

 private:
  const Readers& readers_of(const Function& function);

  std::unordered_map<const Function*, Readers> readers_;
};

}  // namespace signalbox::policy
