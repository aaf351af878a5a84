// Optimiser over the IR: threads jumps that lead to jumps, then drops unreachable instructions.
#include <algorithm>
#include <vector>

#include "policy/compile/ir.h"

namespace signalbox::policy::ir {
namespace {

bool ends_flow(Opcode op) {
  return op == Opcode::Jump || op == Opcode::Return || op == Opcode::NextRule;
}

/// Follows jumps from `label` to the place where something happens.
Label destination(const Function& function, Label label) {
  for (std::size_t hops = 0; hops < function.code.size(); ++hops) {
    const std::uint32_t at = function.labels[label];
    if (at >= function.code.size() || function.code[at].op != Opcode::Jump) break;
    label = function.code[at].d;
  }
  return label;
}

std::vector<bool> reachable(const Function& function) {
  std::vector<bool> seen(function.code.size(), false);
  std::vector<std::uint32_t> todo = {0};
  for (const Label entry : function.rule_entries) todo.push_back(function.labels[entry]);
  while (!todo.empty()) {
    std::uint32_t at = todo.back();
    todo.pop_back();
    while (at < function.code.size() && !seen[at]) {
      seen[at] = true;
      const Instr& i = function.code[at];
      if (i.d != kNone) todo.push_back(function.labels[i.d]);
      if (ends_flow(i.op)) break;
      ++at;
    }
  }
  return seen;
}

}  // namespace

void optimise(Function& function) {
  for (Instr& i : function.code) {
    if (i.d != kNone) i.d = destination(function, i.d);
  }
  std::vector<bool> keep = reachable(function);
  // A jump to the next kept instruction does nothing.
  for (std::size_t at = 0; at < keep.size(); ++at) {
    if (!keep[at] || function.code[at].op != Opcode::Jump) continue;
    const std::uint32_t to = function.labels[function.code[at].d];
    if (to > at && std::none_of(keep.begin() + static_cast<std::ptrdiff_t>(at) + 1, keep.begin() + to,
                                [](bool k) { return k; })) {
      keep[at] = false;
    }
  }
  std::vector<std::uint32_t> moved(function.code.size() + 1);
  std::vector<Instr> code;
  for (std::size_t at = 0; at < function.code.size(); ++at) {
    moved[at] = static_cast<std::uint32_t>(code.size());
    if (keep[at]) code.push_back(function.code[at]);
  }
  moved.back() = static_cast<std::uint32_t>(code.size());
  function.code = std::move(code);
  for (std::uint32_t& label : function.labels) {
    if (label != kNone) label = moved[label];
  }
}

}  // namespace signalbox::policy::ir
