// Planner, unification: which side binds is known when planning, because bodies arrive ordered and the set of
// bound variables is known at every point. What is left at run time are shape tests, element reads and
// comparisons.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

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
    return std::ranges::any_of(object->items, [&](const ast::ObjectItem& item) {
      return has_unbound(item.key) || has_unbound(item.value);
    });
  }
  if (const auto* set = ast::as<ast::Set>(term)) {
    return std::ranges::any_of(set->items, [&](const ast::Term& item) { return has_unbound(item); });
  }
  return false;
}

void Planner::plan_unify(const ast::Term& a, const ast::Term& b) {
  TermPairs pairs;
  if (!take_apart(a, b, pairs)) {
    code_->jump(code_->fail);
    bind_for_nothing(a);
    bind_for_nothing(b);
    return;
  }
  // What can be computed now goes first: it binds what the others need.
  while (!pairs.empty()) {
    const auto ready = std::ranges::find_if(
        pairs, [&](const auto& pair) { return is_plannable(*pair.first) || is_plannable(*pair.second); });
    const auto next = ready == pairs.end() ? pairs.begin() : ready;
    plan_unify_pair(*next->first, *next->second);
    pairs.erase(next);
  }
}

/// What follows a jump is never reached, but still planned.
void Planner::bind_for_nothing(const ast::Term& pattern) {
  ast::for_each_term(pattern, [&](const ast::Term& term) {
    if (const auto* var = unbound_variable(term)) bind(var->name, constant(Value::null()));
    return ast::as<ast::Array>(term) != nullptr || ast::as<ast::Object>(term) != nullptr ||
           ast::as<ast::Set>(term) != nullptr;
  });
}

void Planner::plan_unify_pair(const ast::Term& a, const ast::Term& b) {
  // The other side may bind the variable: `x = [0, 1][x]`.
  if (unbound_variable(a) != nullptr) return plan_match(a, plan_term(b));
  if (unbound_variable(b) != nullptr) return plan_match(b, plan_term(a));
  if (has_unbound(a)) return plan_match(a, plan_term(b));
  if (has_unbound(b)) return plan_match(b, plan_term(a));
  const Operand left = plan_term(a);
  const Operand right = plan_term(b);
  code_->emit_or_fail(Opcode::Equal, 0, left, right);
}

/// Literals of one shape become pairs of their parts, so that either side may bind. False: they cannot be
/// equal. What binds nothing is compared whole.
bool Planner::take_apart(const ast::Term& a, const ast::Term& b, TermPairs& pairs) const {
  const auto whole = [&] { return pairs.emplace_back(&a, &b), true; };
  if (!has_unbound(a) && !has_unbound(b)) return whole();
  if (const auto *x = ast::as<ast::Array>(a), *y = ast::as<ast::Array>(b); x != nullptr && y != nullptr) {
    if (x->items.size() != y->items.size()) return false;
    for (std::size_t i = 0; i < x->items.size(); ++i) {
      if (!take_apart(x->items[i], y->items[i], pairs)) return false;
    }
    return true;
  }
  const auto *x = ast::as<ast::Object>(a), *y = ast::as<ast::Object>(b);
  if (x == nullptr || y == nullptr) return whole();
  const auto constant_key = [](const ast::ObjectItem& item) { return ast::is_constant(item.key); };
  if (!std::ranges::all_of(x->items, constant_key) || !std::ranges::all_of(y->items, constant_key))
    return whole();
  const auto left = ast::sorted_items(*x), right = ast::sorted_items(*y);
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (ast::compare(left[i]->key, right[i]->key) != 0) return false;
    if (!take_apart(left[i]->value, right[i]->value, pairs)) return false;
  }
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
  const auto* object = ast::as<ast::Object>(pattern);
  const auto unknown_key = [&](const ast::ObjectItem& item) { return !is_plannable(item.key); };
  if (object == nullptr || std::ranges::any_of(object->items, unknown_key)) {
    // Sets and keys of objects bind nothing: with a variable there, they are equal to nothing.
    code_->jump(code_->fail);
    return bind_for_nothing(pattern);
  }
  code_->emit_or_fail(Opcode::IsObject, 0, value, 0, static_cast<std::uint16_t>(object->items.size()));
  for (const ast::ObjectItem& item : object->items) {
    const Operand key = plan_term(item.key);
    const Register element = code_->fresh();
    code_->emit_or_fail(Opcode::Dot, element, value, key);
    plan_match(item.value, element);
  }
}

}  // namespace signalbox::policy
