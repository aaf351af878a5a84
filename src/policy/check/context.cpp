// What passes share.
#include "policy/check/context.h"

#include <charconv>
#include <limits>

#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

template <class Node>
void avoid_in(LocalNames& locals, const Node& node) {
  ast::for_each_term(node, [&](const ast::Term& t) {
    if (const auto* var = ast::as<ast::Var>(t)) locals.avoid(var->name);
    return true;
  });
}

}  // namespace

void LocalNames::avoid(std::string_view name) {
  if (!name.starts_with(prefix_)) return;
  name.remove_prefix(prefix_.size());
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (problem == std::errc() && number < std::numeric_limits<std::uint32_t>::max())
    next_ = std::max(next_, number + 1);
}

void avoid_written_names(LocalNames& locals, const std::vector<ast::Module>& modules) {
  for (const ast::Module& module : modules) {
    for (const ast::Rule& rule : module.rules) avoid_in(locals, rule);
  }
}

void avoid_written_names(LocalNames& locals, const ast::Body& body) {
  avoid_in(locals, body);
}

void Context::error(std::string_view code, const ast::Span& at, std::string message) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  if (source != nullptr && at.known()) {
    diagnostic.at = ast::position(*source, at);
    diagnostic.source_line = line_of(source->text, at.row);
  } else if (source != nullptr) {
    diagnostic.at.file = source->name;
  }
  errors.push_back(std::move(diagnostic));
}

const Builtin* Context::builtin_named(std::string_view name) const {
  for (const Builtin* own : options.own_builtins) {
    if (own->name == name) return own;
  }
  return find_builtin(name);
}

int Context::arity_of(const ast::Ref& name) const {
  // What a variadic takes beyond that looks like outputs: `print(x)` seems to bind x, as it does to OPA.
  if (const Builtin* builtin = builtin_named(ast::dotted_name(name)))
    return builtin->variadic ? 0 : builtin->arity;
  const RuleNode* node = rules ? rules->find(name) : nullptr;
  if (node == nullptr || node->rules.empty()) return -1;
  return static_cast<int>(node->rules.front().rule->head.args.size());
}

ast::Expr make_eq(ast::Term lhs, ast::Term rhs, const ast::Span& at) {
  ast::Expr expr;
  ast::Call call;
  call.terms.push_back(ast::make_operator("eq", at));
  call.terms.push_back(std::move(lhs));
  call.terms.push_back(std::move(rhs));
  expr.node = std::move(call);
  expr.span = at;
  return expr;
}

ast::Expr make_expr(ast::Term term) {
  ast::Expr expr;
  expr.span = term.span;
  expr.node = std::move(term);
  return expr;
}

void append_to_body(ast::Body& body, std::vector<ast::Expr> exprs) {
  if (exprs.empty()) return;
  // `true with input as x` goes as well, as in OPA, whatever x is.
  if (body.size() == 1 && !body.front().negated) {
    const auto* term = ast::as<ast::Term>(body.front());
    const auto* truth = term == nullptr ? nullptr : ast::as<ast::Boolean>(*term);
    if (truth != nullptr && truth->value) body.clear();
  }
  for (ast::Expr& expr : exprs) body.push_back(std::move(expr));
}

bool requires_evaluation(const ast::Term& term) {
  bool found = false;
  ast::for_each_term(term, [&](const ast::Term& part) {
    found = found || ast::as<ast::Ref>(part) != nullptr || is_comprehension(part);
    return !found;
  });
  return found;
}

void move_to_body(Context& context, ast::Term& term, ast::Body& body) {
  ast::Term local = ast::make_var(context.locals.fresh(), term.span);
  ast::Expr eq = make_eq(local, std::move(term), local.span);
  eq.generated = true;
  term = std::move(local);
  std::vector<ast::Expr> one;
  one.push_back(std::move(eq));
  append_to_body(body, std::move(one));
}

}  // namespace signalbox::policy::check
