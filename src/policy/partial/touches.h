// Looking for terms below nodes.
#pragma once

#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {

/// `wanted`, or a longer reference beginning with it, stands where the expression holds only when it is
/// defined: not in a closure, a negation or an operand of `and` and `or`.
inline bool needs_term(const ast::Expr& expr, const ast::Term& wanted) {
  if (expr.negated || !expr.with.empty() || ast::as<ast::Not>(expr) || ast::as<ast::Logical>(expr))
    return false;
  bool found = false;
  const auto* prefix = ast::as<ast::Ref>(wanted);
  const auto look = [&](const ast::Term& term) {
    if (ast::as<ast::ArrayComprehension>(term) != nullptr ||
        ast::as<ast::SetComprehension>(term) != nullptr ||
        ast::as<ast::ObjectComprehension>(term) != nullptr) {
      return false;
    }
    found = found || ast::compare(term, wanted) == 0;
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref != nullptr && prefix != nullptr && ref->terms.size() > prefix->terms.size()) {
      const ast::Ref front{
          {ref->terms.begin(), ref->terms.begin() + static_cast<std::ptrdiff_t>(prefix->terms.size())}};
      found = found || ast::compare(front, *prefix) == 0;
    }
    return !found;
  };
  if (const auto* every = ast::as<ast::Every>(expr)) {
    ast::for_each_term(*every->domain, look);
  } else {
    ast::for_each_term(expr, look);
  }
  return found;
}

}  // namespace signalbox::policy::partial
