// What code does with the value of an input slot that is a collection: all of it, or some members of its
// elements only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policy/engine.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

/// Adds to `read` what the instruction at `at`, which reads the slot, leads to in `function`. A `read`
/// without fields means that nothing is known yet when `first`, and everything otherwise.
void note_use(const Function& function, std::size_t at, bool first, SlotRead& read);

/// The instruction at `at` makes a collection: the members that are read of its elements, or nothing when all
/// may be.
std::optional<std::vector<std::string>> members_read(const Function& function, std::size_t at);

}  // namespace signalbox::policy
