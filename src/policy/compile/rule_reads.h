// Which hooks a gateway rule can fire on, and which input slots its evaluation may read.
#pragma once

#include <span>
#include <vector>

#include "policy/compile/slot_use.h"
#include "policy/engine.h"
#include "policy/syntax/ast.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

/// The constants that a rule's body demands `input.hook` to be, from `input.hook == ".."` and `input.hook in
/// [..]`; empty when it demands none.
std::vector<std::string> hooks_of(const ast::Rule& rule);

/// A condition of the rule's body is a constant reference into `base` that is false or not there: the rule
/// never holds. `modules` tell which documents are rules', not base.
bool turned_off(const ast::Rule& rule, std::span<const ast::Module> modules, const Value& base);

/// Slots that running the instructions [from, to) of `function` may read, through rules and functions too.
/// Sorted by slot. `uses` is of this program, and serves all calls.
std::vector<SlotRead> slots_read(const Program& program, SlotUses& uses, const Function& function,
                                 std::size_t from, std::size_t to);

/// Slots that running all of `function` may read, what the functions in `apart` read left out.
std::vector<SlotRead> slots_read_besides(const Program& program, SlotUses& uses, std::uint32_t function,
                                         std::span<const std::uint32_t> apart);

}  // namespace signalbox::policy
