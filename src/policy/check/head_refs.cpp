// References in heads: `p[data.x].q if ..` becomes `p[local].q if { ..; local = data.x }`, so that the tree
// of rules sees scalars and variables only. At the end heads become absolute.
#include "policy/check/passes.h"

namespace signalbox::policy::check {

void rewrite_head_refs(Context& context) {
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    for (std::size_t i = 1; i < rule.head.ref.terms.size(); ++i) {
      ast::Term& part = rule.head.ref.terms[i];
      if (ast::as<ast::Var>(part) == nullptr && !is_scalar(part)) move_to_body(context, part, rule.body);
    }
  });
}

void make_heads_absolute(Context& context) {
  context.for_each_rule([](ast::Module& module, ast::Rule& rule) {
    rule.head.ref = absolute_path(module, rule);
    // `p() := 1` is no function but a document.
    if (rule.head.args.empty()) rule.head.is_function = false;
  });
}

void build_rule_tree(Context& context) {
  for (ast::Module& module : context.modules) module.imports.clear();
  context.rules = std::make_shared<const RuleTree>(context.modules);
}

}  // namespace signalbox::policy::check
