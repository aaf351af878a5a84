// Reads of a rule: a walk over the code it can reach.
#include "policy/compile/rule_reads.h"

#include <algorithm>
#include <map>

#include "policy/compile/document_tree.h"
#include "policy/compile/slot_use.h"

namespace signalbox::policy {
namespace {

bool is_hook(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  return ref != nullptr && ast::dotted_name(*ref) == "input.hook";
}

void add_strings(const ast::Term& term, std::vector<std::string>& out) {
  if (const auto* text = ast::as<ast::String>(term)) out.push_back(text->value);
  if (const auto* array = ast::as<ast::Array>(term)) {
    for (const ast::Term& item : array->items) add_strings(item, out);
  }
  if (const auto* set = ast::as<ast::Set>(term)) {
    for (const ast::Term& item : set->items) add_strings(item, out);
  }
}

class Walk {
 public:
  explicit Walk(const Program& program) : program_(program), seen_(program.functions.size(), false) {}

  void code(const Function& function, std::size_t from, std::size_t to) {
    for (std::size_t at = from; at < to; ++at) {
      const Instruction& i = function.code[at];
      switch (i.op) {
        case Opcode::Input: slot(function, at, i.b); break;
        case Opcode::Rule: whole(program_.rule_sets[i.b].function); break;
        case Opcode::Call:
        case Opcode::CallMockable: whole(i.b); break;
        case Opcode::WithFunction:
          if ((i.n & 2) == 0) whole(i.c);
          break;
        case Opcode::Tree: below(i.b); break;
        case Opcode::FanBegin:
          for (const auto& [key, rules] : program_.fans[i.b].members)
            whole(program_.rule_sets[rules].function);
          break;
        default: break;
      }
    }
  }
  std::vector<SlotRead> slots() const {
    std::vector<SlotRead> all;
    for (const auto& [number, read] : slots_) all.push_back(read);
    return all;
  }

 private:
  void slot(const Function& function, std::size_t at, std::uint32_t number) {
    const auto [read, first] = slots_.try_emplace(number, SlotRead{.slot = number, .fields = {}});
    note_use(function, at, first, read->second);
  }
  void whole(std::uint32_t number) {
    if (seen_[number]) return;
    seen_[number] = true;
    const Function& function = program_.functions[number];
    code(function, 0, function.code.size());
  }
  void below(std::uint32_t node) {
    if (program_.nodes[node].rule_set != kNone)
      whole(program_.rule_sets[program_.nodes[node].rule_set].function);
    for (const auto& [key, child] : program_.nodes[node].children) below(child);
  }

  const Program& program_;
  std::vector<bool> seen_;
  std::map<std::uint32_t, SlotRead> slots_;
};

}  // namespace

std::vector<std::string> hooks_of(const ast::Rule& rule) {
  std::vector<std::string> out;
  for (const ast::Expr& expr : rule.body) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr || expr.negated || call->arity() != 2) continue;
    const std::string name = ast::operator_name(*call);
    if (name == "equal" || name == "eq") {
      if (is_hook(call->terms[1])) add_strings(call->terms[2], out);
      if (is_hook(call->terms[2])) add_strings(call->terms[1], out);
    } else if (name == "internal.member_2" && is_hook(call->terms[1])) {
      add_strings(call->terms[2], out);
    }
  }
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

std::vector<SlotRead> slots_read(const Program& program, const Function& function, std::size_t from,
                                 std::size_t to) {
  Walk walk(program);
  walk.code(function, from, to);
  return walk.slots();
}

}  // namespace signalbox::policy
