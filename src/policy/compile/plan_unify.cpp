// Planner, unification: which side binds is known when planning, because bodies arrive ordered and the set of
// bound variables is known at every point. What is left at run time are shape tests, element reads and
// comparisons.
#include <algorithm>

#include "policy/compile/planner.h"

namespace signalbox::policy {

const ast::Var* Planner::unbound_variable(const ast::Term& term) const {
  const auto* var = ast::as<ast::Var>(term);
  return var != nullptr && !bound_.contains(var->name) ? var : nullptr;
}

bool Planner::has_unbound(const ast::Term& term) const {
  if (unbound_variable(term) != nullptr) return true;
  if (const auto* array = ast::as<ast::Array>(term)) {
    return std::ranges::any_of(array->items, [&](const ast::Term& item) { return has_unbound(item); });
  }
  if (const auto* object = ast::as<ast::Object>(term)) {
    return std::ranges::any_of(object->items,
                               [&](const ast::ObjectItem& item) { return has_unbound(item.value); });
  }
  return false;
}

void Planner::plan_unify(const ast::Term& a, const ast::Term& b) {
  if (const auto* var = unbound_variable(a)) {
    const Operand value = plan_term(b);
    if (!bound_.contains(var->name)) bind(var->name, value);
    return;
  }
  if (const auto* var = unbound_variable(b)) {
    const Operand value = plan_term(a);
    if (!bound_.contains(var->name)) bind(var->name, value);
    return;
  }
  const bool a_binds = has_unbound(a), b_binds = has_unbound(b);
  if ((a_binds || b_binds) && plan_unify_pairwise(a, b)) return;
  if (a_binds) return plan_match(a, plan_term(b));
  if (b_binds) return plan_match(b, plan_term(a));
  const Operand left = plan_term(a);
  const Operand right = plan_term(b);
  code_->emit_or_fail(Opcode::Equal, 0, left, right);
}

/// Two literals of one shape: element by element, so that either side may bind.
bool Planner::plan_unify_pairwise(const ast::Term& a, const ast::Term& b) {
  if (const auto *x = ast::as<ast::Array>(a), *y = ast::as<ast::Array>(b); x != nullptr && y != nullptr) {
    if (x->items.size() != y->items.size()) {
      code_->jump(code_->fail);
      return true;
    }
    // Elements that can be computed now go first: they bind what the others need.
    std::vector<std::size_t> later;
    for (std::size_t i = 0; i < x->items.size(); ++i) {
      if (has_unbound(x->items[i]) && has_unbound(y->items[i])) {
        later.push_back(i);
      } else {
        plan_unify(x->items[i], y->items[i]);
      }
    }
    for (const std::size_t i : later) plan_unify(x->items[i], y->items[i]);
    return true;
  }
  const auto *x = ast::as<ast::Object>(a), *y = ast::as<ast::Object>(b);
  if (x == nullptr || y == nullptr) return false;
  std::vector<std::pair<Value, const ast::Term*>> left, right;
  for (const ast::ObjectItem& item : x->items)
    left.emplace_back(constant_value(*memory_, item.key), &item.value);
  for (const ast::ObjectItem& item : y->items)
    right.emplace_back(constant_value(*memory_, item.key), &item.value);
  const auto ground = [](const auto& entry) { return static_cast<bool>(entry.first); };
  if (!std::ranges::all_of(left, ground) || !std::ranges::all_of(right, ground)) return false;
  const auto by_key = [](const auto& p, const auto& q) { return p.first < q.first; };
  std::ranges::sort(left, by_key);
  std::ranges::sort(right, by_key);
  const auto same_key = [](const auto& p, const auto& q) { return p.first == q.first; };
  if (!std::ranges::equal(left, right, same_key)) {
    code_->jump(code_->fail);
    return true;
  }
  for (std::size_t i = 0; i < left.size(); ++i) plan_unify(*left[i].second, *right[i].second);
  return true;
}

void Planner::plan_match(const ast::Term& pattern, Operand value) {
  if (const auto* var = unbound_variable(pattern)) {
    bind(var->name, value);
    return;
  }
  if (!has_unbound(pattern)) {
    const Operand known = plan_term(pattern);
    return code_->emit_or_fail(Opcode::Equal, 0, known, value);
  }
  if (const auto* array = ast::as<ast::Array>(pattern)) {
    code_->emit_or_fail(Opcode::IsArray, 0, value, 0, static_cast<std::uint16_t>(array->items.size()));
    for (std::size_t i = 0; i < array->items.size(); ++i) {
      const Register element = code_->fresh();
      code_->emit_or_fail(Opcode::Dot, element, value,
                          constant(Value::integer(static_cast<std::int64_t>(i))));
      plan_match(array->items[i], element);
    }
    return;
  }
  const auto& object = *ast::as<ast::Object>(pattern);
  code_->emit_or_fail(Opcode::IsObject, 0, value, 0, static_cast<std::uint16_t>(object.items.size()));
  for (const ast::ObjectItem& item : object.items) {
    const Operand key = plan_term(item.key);
    const Register element = code_->fresh();
    code_->emit_or_fail(Opcode::Dot, element, value, key);
    plan_match(item.value, element);
  }
}

}  // namespace signalbox::policy
