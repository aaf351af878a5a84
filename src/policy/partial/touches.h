// Looking for terms below nodes.
#pragma once

#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {

/// `wanted`, or a longer reference beginning with it, stands below the expression, outside of closures.
inline bool mentions_term(const ast::Expr& expr, const ast::Term& wanted) {
  bool found = false;
  const auto* prefix = ast::as<ast::Ref>(wanted);
  ast::for_each_term(expr, [&](const ast::Term& term) {
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
  });
  return found;
}

}  // namespace signalbox::policy::partial
