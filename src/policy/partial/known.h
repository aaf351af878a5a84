// Evaluation::touches_unknown, for any kind of node.
#pragma once

#include <algorithm>

#include "policy/partial/evaluation.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {

template <class Node>
bool Evaluation::touches_unknown(const Node& node) const {
  bool found = false;
  ast::for_each_term(node, [&](const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term)) found = found || unknown_vars_.contains(var->name);
    if (const auto* ref = ast::as<ast::Ref>(term)) {
      const std::string name = ast::dotted_name(*ref);
      const auto function = functions_.find(name);
      found = found || is_unknown(*ref) || depends(*ref) || is_nondeterministic(name);
      if (function != functions_.end()) {
        found = found || std::ranges::any_of(function->second, [&](const check::RuleAt& at) {
                  return dependent_.contains(at.rule);
                });
      }
    }
    return !found;
  });
  return found;
}

}  // namespace signalbox::policy::partial
