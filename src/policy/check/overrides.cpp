// Names that may not be taken: `data` and `input` as rules or variables, one import's name by another.
#include <map>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

bool is_root_document(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  const auto* head =
      ref != nullptr && ref->terms.size() == 1 ? ast::as<ast::Var>(ref->terms.front()) : nullptr;
  return head != nullptr && reserved_vars().contains(head->name);
}

template <class Node>
void check_assignments(Context& context, const Node& node) {
  ast::for_each_expr(node, [&](const ast::Expr& expr) {
    if (!is_call_of(expr, "assign")) return true;
    const ast::Term& target = ast::as<ast::Call>(expr)->terms[1];
    const auto* var = ast::as<ast::Var>(target);
    if (is_root_document(target) || (var != nullptr && reserved_vars().contains(var->name))) {
      context.error(
          kCompileError, expr.span,
          fmt::format("variables must not shadow {} (use a different variable name)", ast::to_text(target)));
    }
    return true;
  });
}

}  // namespace

void check_root_overrides(Context& context) {
  for (const ast::Module& module : context.modules) {
    if (!context.is_strict(module)) continue;
    context.source = module.source.get();
    for (const ast::Rule& rule : module.rules) {
      const auto* name = ast::as<ast::Var>(rule.head.ref.terms.front());
      if (name != nullptr && reserved_vars().contains(name->name)) {
        context.error(kCompileError, rule.span,
                      fmt::format("rules must not shadow {} (use a different rule name)", name->name));
      }
      for (const ast::Term& arg : rule.head.args) {
        if (!is_root_document(arg)) continue;
        context.error(
            kCompileError, arg.span,
            fmt::format("args must not shadow {} (use a different variable name)", ast::to_text(arg)));
      }
    }
    for (const ast::Rule& rule : module.rules) check_assignments(context, rule);
  }
}

void check_root_overrides_in_query(Context& context, const ast::Body& body) {
  if (context.options.strict) check_assignments(context, body);
}

void check_duplicate_imports(Context& context) {
  for (const ast::Module& module : context.modules) {
    if (!context.is_strict(module)) continue;
    context.source = module.source.get();
    std::map<std::string_view, const ast::Import*> seen;
    for (const ast::Import& import : module.imports) {
      const auto [first, fresh] = seen.emplace(import.name(), &import);
      if (fresh) continue;
      context.error(kCompileError, import.span,
                    fmt::format("import must not shadow {}", ast::to_text(*first->second)));
    }
  }
}

}  // namespace signalbox::policy::check
