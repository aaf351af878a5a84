// Which hooks a gateway rule can fire on, and which input slots its evaluation may read.
#pragma once

#include <vector>

#include "policy/engine.h"
#include "policy/syntax/ast.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

/// The constants that a rule's body demands `input.hook` to be, from `input.hook == ".."` and `input.hook in
/// [..]`; empty when it demands none.
std::vector<std::string> hooks_of(const ast::Rule& rule);

/// Slots that running the instructions [from, to) of `function` may read, through rules and functions too.
/// Sorted by slot.
std::vector<SlotRead> slots_read(const Program& program, const Function& function, std::size_t from,
                                 std::size_t to);

}  // namespace signalbox::policy
