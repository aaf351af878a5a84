// Calls name functions that exist, with as many arguments as they have; old built-ins are refused in v1.
#include "policy/check/error_details.h"
#include "policy/check/operand_types.h"
#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// The operator with the author's variable names.
std::string shown_name(const Context& context, const ast::Ref& name) {
  ast::Term shown{name, {}};
  ast::for_each_term(shown, [&](ast::Term& t) {
    if (auto* var = ast::as<ast::Var>(t)) var->name = context.written(var->name);
    return true;
  });
  return ast::to_text(shown);
}

std::string hint_for(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Builtin* builtin : all_builtins()) names.push_back(builtin->name);
  const std::string_view near = nearest(name, names);
  return near.empty() ? std::string() : fmt::format("did you mean {}?", near);
}

/// In a query OPA leaves the number of arguments to its type checker, which says it otherwise.
enum class In : bool { Module, Query };

std::string arity_details(Context& context, const ast::Call& call) {
  const TypePtr function = called_type(context, call);
  if (function == nullptr || function->kind != TypeKind::Function) return "";
  return argument_details(operand_types(context, call), function->parts, function->variadic);
}

void check_call(Context& context, const ast::Expr& expr, In where) {
  const auto* call = ast::as<ast::Call>(expr);
  const auto* op = call == nullptr ? nullptr : ast::as<ast::Ref>(call->op());
  if (op == nullptr) return;
  const int arity = context.arity_of(*op);
  const std::string name = shown_name(context, *op);
  if (arity < 0) {
    context.error(kTypeError, expr.span, fmt::format("undefined function {}", name));
    context.errors.back().hint = hint_for(name);
    return;
  }
  const Builtin* builtin = context.builtin_named(ast::dotted_name(*op));
  if (builtin != nullptr && builtin->variadic) return;
  const auto given = static_cast<int>(call->arity());
  const bool output_added = expr.generated && !is_call_of(expr, "eq");
  const bool fits =
      expr.generated ? !output_added || given == arity + 1 : given == arity || given == arity + 1;
  if (fits) return;
  const int written = output_added ? given - 1 : given;
  if (builtin != nullptr || where == In::Query) {
    context.error(kTypeError, expr.span, fmt::format("{}: arity mismatch", name));
    context.errors.back().details = arity_details(context, *call);
  } else {
    context.error(kTypeError, expr.span,
                  fmt::format("function {} has arity {}, got {} argument{}", name, arity, written,
                              written == 1 ? "" : "s"));
  }
}

template <class Node>
void check_calls(Context& context, const Node& node, In where) {
  ast::for_each_expr(node, [&](const ast::Expr& expr) {
    check_call(context, expr, where);
    return true;
  });
}

template <class Node>
void check_old_names(Context& context, const Node& node) {
  ast::for_each_expr(node, [&](const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    const Builtin* builtin = call == nullptr ? nullptr : find_builtin(ast::operator_name(*call));
    if (builtin != nullptr && builtin->deprecated) {
      context.error(kTypeError, expr.span,
                    fmt::format("deprecated built-in function calls in expression: {}", builtin->name));
    }
    return true;
  });
}

}  // namespace

void check_functions(Context& context) {
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    check_calls(context, rule.head, In::Module);
    check_calls(context, rule.body, In::Module);
  });
}

void check_functions_in_query(Context& context, const ast::Body& body) {
  check_calls(context, body, In::Query);
}

void check_deprecated(Context& context) {
  context.for_each_rule([&](ast::Module& module, ast::Rule& rule) {
    if (!context.is_strict(module)) return;
    check_old_names(context, rule.head);
    check_old_names(context, rule.body);
  });
}

void check_deprecated_in_query(Context& context, const ast::Body& body) {
  if (context.options.strict) check_old_names(context, body);
}

}  // namespace signalbox::policy::check
