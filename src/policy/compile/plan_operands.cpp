// Planner, operands: terms that are evaluated together, of which one may bind what another reads:
// `x <= input.limits[x]`. The checker ordered expressions, not what stands in them; so those that can be
// computed go first, references before closures.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {

/// A reference outside of closures begins with a variable that is not bound.
bool Planner::reads_unbound(const ast::Term& term) const {
  bool out = false;
  ast::for_each_term(term, [&](const ast::Term& part) {
    if (const auto* ref = ast::as<ast::Ref>(part)) {
      const auto* head = ast::as<ast::Var>(ref->terms.front());
      const bool root = head == nullptr || head->name == "data" || head->name == "input";
      out = out || !(root || bound_.contains(head->name));
      return false;
    }
    const bool closure = ast::as<ast::ArrayComprehension>(part) != nullptr ||
                         ast::as<ast::SetComprehension>(part) != nullptr ||
                         ast::as<ast::ObjectComprehension>(part) != nullptr;
    return !out && !closure;
  });
  return out;
}

/// What the term reads outside of closures is bound, or the term binds it.
bool Planner::is_plannable(const ast::Term& term) const {
  return !has_unbound(term) && !reads_unbound(term);
}

std::vector<Code::Operand> Planner::plan_operands(const std::vector<const ast::Term*>& terms) {
  const auto plannable = [&](const ast::Term* term) { return is_plannable(*term); };
  std::vector<Operand> out(terms.size());
  std::vector<std::size_t> left(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i) left[i] = i;
  if (std::ranges::all_of(terms, plannable)) {
    for (const std::size_t i : left) out[i] = plan_term(*terms[i]);
    return out;
  }
  const auto reference = [&](std::size_t i) {
    return ast::as<ast::Ref>(*terms[i]) != nullptr && plannable(terms[i]);
  };
  const auto any = [&](std::size_t i) { return plannable(terms[i]); };
  while (!left.empty()) {
    auto next = std::ranges::find_if(left, reference);
    if (next == left.end()) next = std::ranges::find_if(left, any);
    if (next == left.end()) next = left.begin();
    out[*next] = plan_term(*terms[*next]);
    left.erase(next);
  }
  return out;
}

std::vector<Code::Operand> Planner::plan_operands(std::span<const ast::Term> terms) {
  std::vector<const ast::Term*> pointers;
  for (const ast::Term& term : terms) pointers.push_back(&term);
  return plan_operands(pointers);
}

}  // namespace signalbox::policy
