// Support rules: documents that cannot be put in place of a reference (their default value matters, they are
// needed whole, inlining is turned off) are partially evaluated themselves and live on below data.partial.
#include "policy/partial/known.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy::partial {
namespace {

/// data.a.b -> data.partial.a.b
ast::Ref below_partial(const ast::Ref& ref) {
  ast::Ref out = ref;
  out.terms.insert(out.terms.begin() + 1, ast::make_string("partial"));
  return out;
}

bool is_below(const ast::Ref& ref, const ast::Ref& prefix) {
  if (prefix.terms.size() > ref.terms.size()) return false;
  for (std::size_t i = 0; i < prefix.terms.size(); ++i) {
    if (ast::compare(ref.terms[i], prefix.terms[i]) != 0) return false;
  }
  return true;
}

/// The head as it is written within its package: `data.a.p[x]` -> `p[x]`.
ast::Ref within_package(const ast::Ref& head, const ast::Ref& package) {
  ast::Ref out;
  out.terms.assign(head.terms.begin() + static_cast<std::ptrdiff_t>(package.terms.size()), head.terms.end());
  if (const auto* name = ast::as<ast::String>(out.terms.front()))
    out.terms.front() = ast::make_var(name->value);
  return out;
}

ast::Expr always() {
  ast::Expr out;
  out.node = ast::make_bool(true);
  return out;
}

}  // namespace

bool Evaluation::inlinable(const ast::Ref& path, std::size_t depth) const {
  if (options_.shallow_inlining) return false;
  const ast::Ref rule{{path.terms.begin(), path.terms.begin() + static_cast<std::ptrdiff_t>(depth)}};
  return std::ranges::none_of(not_inlined_, [&](const ast::Ref& each) { return is_below(rule, each); });
}

ast::Module& Evaluation::support_module(const ast::Ref& package) {
  const auto [it, added] = support_.try_emplace(ast::dotted_name(package));
  if (added) it->second.package.path = package;
  return it->second;
}

ast::Ref Evaluation::support_reference(const ast::Ref& ref) {
  for (const check::RuleAt& at : checked_.rules->reached_by(ref)) add_support_rule(at);
  return below_partial(ref);
}

template <class Node>
void Evaluation::refer_to_support(Node& node) {
  struct Visitor {
    Evaluation& evaluation;
    bool term(ast::Term& t) {
      auto* ref = ast::as<ast::Ref>(t);
      if (ref == nullptr) return true;
      const auto function = evaluation.functions_.find(ast::dotted_name(*ref));
      if (function != evaluation.functions_.end()) {
        for (const check::RuleAt& at : function->second) evaluation.add_support_rule(at);
        t.node = below_partial(*ref);
      } else if (evaluation.depends(*ref)) {
        t.node = evaluation.support_reference(*ref);
      }
      return true;
    }
  } visitor{*this};
  ast::walk(node, visitor);
}

template void Evaluation::refer_to_support(ast::Expr& node);

void Evaluation::add_support_rule(const check::RuleAt& at) {
  if (error_ || !supported_.insert(at.rule).second) return;
  if (!at.rule->is_default && !at.rule->otherwise) return evaluate_support_rule(at);
  ast::Rule copy = *at.rule;
  copy.head.ref = within_package(copy.head.ref, at.module->package.path);
  refer_to_support(copy);
  for (ast::Rule* branch = &copy; branch->otherwise;) {
    branch = &**branch->otherwise;
    branch->head.ref = copy.head.ref;
  }
  support_module(below_partial(at.module->package.path)).rules.push_back(std::move(copy));
}

/// One rule for each way in which the rule may hold.
void Evaluation::evaluate_support_rule(const check::RuleAt& at) {
  Bindings bound;
  std::vector<ast::Expr> saved;
  std::multiset<std::string> unknown;
  bound.swap(bound_), saved.swap(saved_), unknown.swap(unknown_vars_);
  const ast::Rule rule = renamed_apart(*at.rule, names_);
  for (const ast::Term& argument : rule.head.args) {
    for (const std::string& name : variables_in(argument)) unknown_vars_.insert(name);
  }
  ++depth_;
  body(rule.body, 0, [&] {
    ast::Rule made = rule;
    made.body = finished(saved_);
    if (made.body.empty()) made.body.push_back(always());
    for (ast::Term& part : made.head.ref.terms) part = substitute(part, bound_);
    for (ast::Term& part : made.head.args) part = substitute(part, bound_);
    if (made.head.key) made.head.key = substitute(*made.head.key, bound_);
    if (made.head.value) made.head.value = substitute(*made.head.value, bound_);
    made.head.ref = within_package(made.head.ref, at.module->package.path);
    refer_to_support(made);
    support_module(below_partial(at.module->package.path)).rules.push_back(std::move(made));
  });
  --depth_;
  bound.swap(bound_), saved.swap(saved_), unknown.swap(unknown_vars_);
}

/// A rule that holds when the body does, and the expression that asks for it; it takes the variables that are
/// bound outside of the body.
ast::Expr Evaluation::negation_rule(const ast::Body& b) {
  std::set<std::string> shared;
  for (const ast::Expr& expr : b) {
    for (const std::string& name : variables_in(expr)) {
      if (unknown_vars_.contains(name)) shared.insert(name);
    }
  }
  const std::string name = "__not" + std::to_string(++negations_) + "__";
  ast::Rule rule;
  rule.head.ref.terms.push_back(ast::make_var(name));
  rule.head.value = ast::make_bool(true);
  rule.head.assign = true;
  rule.body = b;
  const ast::Ref package{{ast::make_var("data"), ast::make_string("partial")}};
  ast::Ref path = package;
  path.terms.push_back(ast::make_string(name));
  ast::Expr out;
  if (shared.empty()) {
    out.node = ast::Term{std::move(path), {}};
  } else {
    ast::Call call{{ast::Term{std::move(path), {}}}};
    rule.head.is_function = true;
    for (const std::string& variable : shared) {
      rule.head.args.push_back(ast::make_var(variable));
      call.terms.push_back(ast::make_var(variable));
    }
    out.node = std::move(call);
  }
  support_module(package).rules.push_back(std::move(rule));
  return out;
}

std::vector<ast::Module> Evaluation::support() {
  std::vector<ast::Module> out;
  for (auto& [name, module] : support_) out.push_back(std::move(module));
  return out;
}

}  // namespace signalbox::policy::partial
