// Negation: it holds when no way of its body does. Each way leaves conditions, of which one must fail; so the
// answer is the product of the ways, one denied condition of each. Where a condition cannot be denied by
// itself (it would leave a variable unbound, or deny that something nested is defined) a support rule stands
// for the body.
#include <algorithm>

#include "policy/partial/copy_propagation.h"
#include "policy/partial/evaluation.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::partial {
namespace {

/// Larger products become a support rule.
constexpr std::size_t kMostProducts = 16;

bool holds_reference(const ast::Term& term) {
  bool found = false;
  ast::for_each_term(term, [&](const ast::Term& part) {
    found = found || ast::as<ast::Ref>(part) != nullptr || ast::as<ast::Call>(part) != nullptr;
    return !found;
  });
  return found;
}

/// Something that has to be evaluated stands within the term, beyond the term itself.
bool is_nested(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  return ref == nullptr ? holds_reference(term)
                        : std::ranges::any_of(ref->terms.begin() + 1, ref->terms.end(), holds_reference);
}

bool is_nested(const ast::Expr& expr) {
  if (const auto* term = ast::as<ast::Term>(expr)) return is_nested(*term);
  if (const auto* negation = ast::as<ast::Not>(expr))
    return std::ranges::any_of(negation->body, [](const ast::Expr& inner) { return is_nested(inner); });
  const auto* call = ast::as<ast::Call>(expr);
  if (call == nullptr) return true;
  const bool equality = check::is_call_of(expr, "eq");
  return std::any_of(call->terms.begin() + 1, call->terms.end(), [&](const ast::Term& operand) {
    return equality ? is_nested(operand) : holds_reference(operand);
  });
}

ast::Expr denial(const ast::Expr& expr, bool as_node) {
  ast::Expr out = expr;
  if (expr.negated || !as_node) {
    out.negated = !expr.negated;
    return out;
  }
  out.with.clear();
  out.node = ast::Not{{expr}, false, expr.span};
  return out;
}

}  // namespace

/// `node` is the negation's own node where it has one: `not { ... }`, or any `not` with the keyword imported.
void Evaluation::negation(const ast::Body& negated, const ast::Not* node, const Then& then) {
  const bool whole = node != nullptr && node->explicit_body && !options_.shallow_inlining;
  check::VarSet outer;
  for (const std::string& name : unknown_vars_) outer.add(name);
  std::vector<ast::Expr> saved_outside;
  saved_outside.swap(saved_);
  std::vector<ast::Body> ways;
  body(negated, 0, [&] {
    ast::Body way = saved_body();
    ways.push_back(whole || options_.shallow_inlining ? way : propagate_copies(way, outer, arity_));
  });
  saved_.swap(saved_outside);
  if (error_ || std::ranges::any_of(ways, [](const ast::Body& way) { return way.empty(); })) return;
  std::vector<ast::Expr> picked;
  if (whole) {
    for (ast::Body& way : ways) picked.emplace_back().node = ast::Not{std::move(way), true, node->span};
    return save_all(picked, 0, then);
  }
  if (ways.empty() || can_be_inlined_negated(ways, outer))
    return products(ways, node != nullptr, picked, then);
  save(negation_rule(ways, outer, node != nullptr), then);
}

void Evaluation::save_all(const std::vector<ast::Expr>& list, std::size_t at, const Then& then) {
  if (at == list.size()) return then();
  save(list[at], [&] { save_all(list, at + 1, then); });
}

void Evaluation::products(const std::vector<ast::Body>& ways, bool as_node, std::vector<ast::Expr>& picked,
                          const Then& then) {
  if (picked.size() == ways.size()) return save_all(picked, 0, then);
  for (const ast::Expr& expr : ways[picked.size()]) {
    picked.push_back(denial(expr, as_node));
    products(ways, as_node, picked, then);
    picked.pop_back();
  }
}

bool Evaluation::can_be_inlined_negated(const std::vector<ast::Body>& ways, const check::VarSet& safe) const {
  std::size_t size = 1;
  for (const ast::Body& way : ways) {
    size *= way.size();
    if (size > kMostProducts) return false;
    for (const ast::Expr& expr : way) {
      const bool denied = expr.negated || ast::as<ast::Not>(expr) != nullptr;
      if (is_nested(expr) || ast::as<ast::Not>(expr) != nullptr) return false;
      if (denied) continue;
      const check::VarSet names = check::vars_of(expr, check::kSafetyOptions);
      if (!names.without(safe).is_within(check::reserved_vars())) return false;
    }
  }
  return true;
}

/// A rule that holds when one of the ways does, and the expression that denies it; it takes the variables
/// that are bound outside of the body.
ast::Expr Evaluation::negation_rule(const std::vector<ast::Body>& ways, const check::VarSet& outer,
                                    bool as_node) {
  check::VarSet inner;
  for (const ast::Body& way : ways) inner.add_all(check::vars_of(way));
  const check::VarSet shared = inner.common_with(outer);
  const std::string name = "__not" + std::to_string(++negations_) + "__";
  ast::Rule rule;
  rule.head.ref.terms.push_back(ast::make_var(name));
  rule.head.value = ast::make_bool(true);
  rule.head.generated_value = true;
  ast::Ref path{{ast::make_var("data"), ast::make_string("partial"), ast::make_string(name)}};
  ast::Expr out;
  if (shared.empty()) {
    out.node = ast::Term{path, {}};
  } else {
    ast::Call call{{ast::Term{path, {}}}};
    rule.head.is_function = true;
    for (const std::string& variable : shared) {
      rule.head.args.push_back(ast::make_var(variable));
      call.terms.push_back(ast::make_var(variable));
    }
    out.node = std::move(call);
  }
  path.terms.pop_back();
  for (const ast::Body& way : ways) {
    rule.body = way;
    support_module(path).rules.push_back(rule);
  }
  return denial(out, as_node);
}

}  // namespace signalbox::policy::partial
