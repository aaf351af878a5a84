// Reads of a rule: a walk over the code it can reach.
#include "policy/compile/rule_reads.h"

#include <algorithm>
#include <map>

#include "policy/compile/document_tree.h"

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
  Walk(const Program& program, SlotUses& uses)
      : program_(program), uses_(uses), seen_(program.functions.size(), false) {}

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
        case Opcode::Tree: tree(function, at, i.b); break;
        case Opcode::FanBegin:
          for (const auto& [key, rules] : program_.fans[i.b].members)
            whole(program_.rule_sets[rules].function);
          break;
        default: break;
      }
    }
  }
  void pass_over(std::uint32_t function) { seen_[function] = true; }
  void whole(std::uint32_t number) {
    if (seen_[number]) return;
    seen_[number] = true;
    const Function& function = program_.functions[number];
    code(function, 0, function.code.size());
  }
  std::vector<SlotRead> slots() const {
    std::vector<SlotRead> all;
    for (const auto& [number, read] : slots_) all.push_back(read);
    return all;
  }

 private:
  void slot(const Function& function, std::size_t at, std::uint32_t number) {
    const auto [read, first] = slots_.try_emplace(number, SlotRead{.slot = number, .fields = {}});
    uses_.note(function, at, first, read->second);
  }
  /// `data.policies[name].actions` asks for no other member of what is below.
  void tree(const Function& function, std::size_t at, std::uint32_t node) {
    const auto members = uses_.members_read(function, at);
    if (!members || members->empty() || program_.nodes[node].rule_set != kNone) return below(node);
    for (const auto& [key, child] : program_.nodes[node].children) {
      for (const auto& [name, grandchild] : program_.nodes[child].children) {
        const bool read =
            !name.is_string() || std::ranges::find(*members, name.as_string()) != members->end();
        if (read) below(grandchild);
      }
      if (program_.nodes[child].rule_set != kNone) below(child);
    }
  }
  void below(std::uint32_t node) {
    if (program_.nodes[node].rule_set != kNone)
      whole(program_.rule_sets[program_.nodes[node].rule_set].function);
    for (const auto& [key, child] : program_.nodes[node].children) below(child);
  }

  const Program& program_;
  SlotUses& uses_;
  std::vector<bool> seen_;
  std::map<std::uint32_t, SlotRead> slots_;
};

/// Keys of a reference to `data` that are all constants; empty for any other term.
std::vector<std::string_view> constant_path(const ast::Ref& ref) {
  const auto* head = ast::as<ast::Var>(ref.terms.front());
  if (head == nullptr || head->name != "data") return {};
  std::vector<std::string_view> keys;
  for (std::size_t i = 1; i < ref.terms.size(); ++i) {
    const auto* key = ast::as<ast::String>(ref.terms[i]);
    if (key == nullptr) return {};
    keys.push_back(key->value);
  }
  return keys;
}

/// Rules of the module may define something on the way to the document, or within it.
bool may_define(const ast::Module& module, std::span<const std::string_view> path) {
  const auto& package = module.package.path.terms;
  for (std::size_t i = 1; i < package.size() && i <= path.size(); ++i) {
    const auto* key = ast::as<ast::String>(package[i]);
    if (key != nullptr && key->value != path[i - 1]) return false;
  }
  return true;
}

}  // namespace

bool turned_off(const ast::Rule& rule, std::span<const ast::Module> modules, const Value& base) {
  return std::ranges::any_of(rule.body, [&](const ast::Expr& expr) {
    const auto* term = std::get_if<ast::Term>(&expr.node);
    const auto* ref = term == nullptr ? nullptr : ast::as<ast::Ref>(*term);
    if (ref == nullptr || expr.negated || !expr.with.empty()) return false;
    const std::vector<std::string_view> path = constant_path(*ref);
    if (path.empty() || std::ranges::any_of(modules, [&](const auto& m) { return may_define(m, path); }))
      return false;
    Value value = base;
    for (const std::string_view key : path) value = value ? value.at(key) : value;
    return !value || value.is_false();
  });
}

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

std::vector<SlotRead> slots_read(const Program& program, SlotUses& uses, const Function& function,
                                 std::size_t from, std::size_t to) {
  Walk walk(program, uses);
  walk.code(function, from, to);
  return walk.slots();
}

std::vector<SlotRead> slots_read_besides(const Program& program, SlotUses& uses, std::uint32_t function,
                                         std::span<const std::uint32_t> apart) {
  Walk walk(program, uses);
  for (const std::uint32_t one : apart) walk.pass_over(one);
  walk.whole(function);
  return walk.slots();
}

}  // namespace signalbox::policy
