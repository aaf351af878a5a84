// Assembler: labels become instruction numbers; nothing else changes.
#include <algorithm>

#include "policy/compile/ir.h"

namespace signalbox::policy::ir {
namespace {

/// The body loops, or calls something that may.
bool pays_to_remember(const Function& function) {
  return std::ranges::any_of(function.code, [](const Instr& i) {
    return i.op == Opcode::ScanBegin || i.op == Opcode::Call || i.op == Opcode::CallMockable;
  });
}

}  // namespace

policy::Function assemble(const Function& function) {
  policy::Function out;
  out.name = function.name;
  out.registers = function.registers;
  out.arguments = function.arguments;
  out.memo = function.arguments != 0 && pays_to_remember(function);
  out.index = function.index;
  out.rule_numbers = function.rule_numbers;
  out.code.reserve(function.code.size());
  out.positions.reserve(function.code.size());
  for (const Instr& i : function.code) {
    out.code.push_back({i.op, i.n, i.a, i.b, i.c, i.d == kNone ? kNone : function.labels[i.d]});
    out.positions.push_back(i.at);
  }
  for (const Label entry : function.rule_entries) out.rule_entries.push_back(function.labels[entry]);
  return out;
}

}  // namespace signalbox::policy::ir
