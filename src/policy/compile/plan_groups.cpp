// Planner, comprehension index: a comprehension inside a loop is evaluated once, not once a turn.
//
//   some user in data.users
//   mine := [grant | some grant in data.grants; grant.user == user.name]
//
// uses the loop's variables (user) only to select: its body, with that comparison taken as a binding, gives
// every group at once. Each turn then looks its group up. Where the comprehension uses no variable of a loop
// at all its value is simply kept. The surprise: the kept value lives in a register that every call of the
// function must first make undefined, so it is declared in the code's prologue.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

/// Calls with an effect beyond their result: as many as there are turns.
bool has_effects(const ast::Body& body) {
  bool found = false;
  ast::for_each_expr(body, [&](const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    const std::string name = call != nullptr ? ast::operator_name(*call) : std::string();
    found = found || name == "internal.print" || name == "trace" || name == "internal.test_case";
    return !found;
  });
  return found;
}

template <class Node>
std::set<std::string> variables_in(const Node& node) {
  std::set<std::string> out;
  ast::for_each_term(node, [&](const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term)) out.insert(var->name);
    return true;
  });
  return out;
}

/// For `var = other` (either way round): the other side. Null when the expression is nothing of the kind.
const ast::Term* other_side(const ast::Expr& expr, const std::string& name) {
  const auto* call = ast::as<ast::Call>(expr);
  if (call == nullptr || expr.negated || !expr.with.empty() || call->arity() != 2) return nullptr;
  const std::string op = ast::operator_name(*call);
  if (op != "eq" && op != "equal") return nullptr;
  for (std::size_t side = 1; side <= 2; ++side) {
    const auto* var = ast::as<ast::Var>(call->terms[side]);
    if (var != nullptr && var->name == name) return &call->terms[3 - side];
  }
  return nullptr;
}

}  // namespace

/// The loop's variables that select a group, in the order of the body; nothing when the comprehension uses
/// them in another way.
std::optional<std::vector<std::string>> Planner::group_keys(const ast::Body& body,
                                                            const ast::Term& head) const {
  if (has_effects(body)) return std::nullopt;
  std::set<std::string> known;  // bound by the body so far
  std::vector<std::string> keys;
  const auto of_loop = [&](const std::set<std::string>& names) {
    std::vector<std::string> out;
    for (const std::string& name : names) {
      const auto it = bound_.find(name);
      if (it != bound_.end() && it->second.loops != 0 && std::ranges::find(keys, name) == keys.end())
        out.push_back(name);
    }
    return out;
  };
  for (const ast::Expr& expr : body) {
    const std::set<std::string> names = variables_in(expr);
    const auto used = of_loop(names);
    if (used.size() > 1) return std::nullopt;
    if (used.size() == 1) {
      const ast::Term* other = other_side(expr, used.front());
      if (other == nullptr) return std::nullopt;
      const auto read = variables_in(*other);
      if (read.contains(used.front())) return std::nullopt;
      // A reference may bind its own parts; anything else must be known by now.
      const bool ready =
          ast::as<ast::Ref>(*other) != nullptr || std::ranges::all_of(read, [&](const auto& name) {
            return known.contains(name) || bound_.contains(name);
          });
      if (!ready) return std::nullopt;
      keys.push_back(used.front());
    }
    known.insert(names.begin(), names.end());
  }
  if (!of_loop(variables_in(head)).empty()) return std::nullopt;
  return keys;
}

/// Plans the comprehension so that it runs at most once in a call of the function. Nothing: it has to run
/// each time, or there is no loop around it.
std::optional<Code::Operand> Planner::plan_kept_comprehension(Opcode begin, const ast::Body& body,
                                                              const ast::Term& first,
                                                              const ast::Term* second) {
  if (!program_.optimised || code_->loops == 0 || code_->context() != kNone) return std::nullopt;
  const auto keys = group_keys(body, first);
  if (!keys || (second != nullptr && (!keys->empty() || !group_keys(body, *second)))) return std::nullopt;
  const Register kept = code_->kept();
  const Label missing = code_->label(), known = code_->label();
  code_->emit_or(missing, Opcode::Defined, 0, kept);
  code_->jump(known);
  code_->bind(missing);
  const Bindings before = bound_;
  if (keys->empty()) {
    code_->emit(Opcode::Move, kept, plan_comprehension(begin, body, first, second));
    code_->bind(known);
    return kept;
  }
  for (const std::string& key : *keys) bound_.erase(key);
  plan_groups(kept, begin, body, first, *keys);
  bound_ = before;
  code_->bind(known);
  const auto count = static_cast<std::uint16_t>(keys->size());
  const Register wanted = code_->fresh(count), result = code_->fresh();
  for (std::uint32_t i = 0; i < count; ++i)
    code_->emit(Opcode::Move, wanted + i, bound_.at((*keys)[i]).operand);
  code_->emit(begin == Opcode::BeginSet ? Opcode::SetGroup : Opcode::ArrayGroup, result, kept, wanted, count);
  return result;
}

/// Runs the body for all values of its keys.
void Planner::plan_groups(Register kept, Opcode begin, const ast::Body& body, const ast::Term& head,
                          const std::vector<std::string>& keys) {
  const Label outer = code_->fail, done = code_->label();
  const std::uint32_t loops = code_->loops;
  const Register builder = code_->fresh();
  code_->emit(Opcode::BeginGroups, builder, 0, 0, begin == Opcode::BeginSet ? 1 : 0);
  code_->fail = done;
  for (const ast::Expr& expr : body) {
    // The comparison that selects binds its variable here, `==` as well as `=`.
    const bool selects = std::ranges::any_of(keys, [&](const std::string& key) {
      return !bound_.contains(key) && other_side(expr, key) != nullptr;
    });
    if (!selects) {
      plan_expr(expr);
      continue;
    }
    const auto& operands = ast::as<ast::Call>(expr)->terms;
    locate(expr.span);
    plan_unify(operands[1], operands[2]);
  }
  const Operand value = plan_term(head);
  const auto count = static_cast<std::uint16_t>(keys.size());
  const Register first = code_->fresh(count);
  for (std::uint32_t i = 0; i < count; ++i) code_->emit(Opcode::Move, first + i, bound_.at(keys[i]).operand);
  code_->emit(Opcode::AddGroup, builder, first, value, count);
  code_->jump(code_->fail);
  code_->bind(done);
  code_->emit(Opcode::Finish, kept, builder);
  code_->fail = outer;
  code_->loops = loops;
}

}  // namespace signalbox::policy
