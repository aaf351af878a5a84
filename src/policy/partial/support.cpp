// Support rules: documents that cannot be put in place of a reference (their default value matters, they are
// needed whole, inlining is turned off) are partially evaluated themselves and live on below data.partial.
#include <algorithm>

#include "policy/partial/copy_propagation.h"
#include "policy/partial/known.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"

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

/// As OPA splits paths of sets and objects: `data.partial.a.p.q[x]` -> `data.partial.a.p`. Where only the
/// first names can be written as such, they are the package.
ast::Ref package_of_path(const ast::Ref& path) {
  std::size_t rule_at = 2;
  for (std::size_t i = 2; i < path.terms.size(); ++i) {
    const auto* part = ast::as<ast::String>(path.terms[i]);
    if (part == nullptr || !ast::is_identifier(part->value) || ast::is_keyword(part->value)) break;
    rule_at = i;
  }
  return {{path.terms.begin(), path.terms.begin() + static_cast<std::ptrdiff_t>(rule_at)}};
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

/// The package below data.partial in which the support rules of `at` are to stand.
ast::Ref Evaluation::support_package(const check::RuleAt& at) const {
  const ast::Ref path = check::absolute_path(*at.module, *at.rule);
  const auto open = [](const check::RuleAt& each) {
    const ast::Rule& rule = *each.rule;
    return !rule.head.is_function &&
           (rule.kind() == ast::RuleKind::MultiValue || !ast::is_ground(rule.head.ref));
  };
  const check::RuleNode* node = &checked_.rules->root();
  for (std::size_t i = 1; node != nullptr && !std::ranges::any_of(node->rules, open); ++i)
    node = i < path.terms.size() && ast::is_constant(path.terms[i]) ? node->child(path.terms[i]) : nullptr;
  return node == nullptr ? below_partial(at.module->package.path) : package_of_path(below_partial(path));
}

bool Evaluation::has_support(const std::vector<check::RuleAt>& rules) const {
  return std::ranges::any_of(rules, [&](const check::RuleAt& at) { return held_.contains(at.rule); });
}

void Evaluation::add_support_rule(const check::RuleAt& at) {
  if (error_ || !supported_.insert(at.rule).second) return;
  if (!at.rule->is_default) return evaluate_support_rule(at);
  held_.insert(at.rule);
  ast::Rule copy = *at.rule;
  const ast::Ref package = support_package(at);
  copy.head.ref = within_package(below_partial(check::absolute_path(*at.module, copy)), package);
  support_module(package).rules.push_back(std::move(copy));
}

/// One rule for each way in which the rule may hold.
void Evaluation::evaluate_support_rule(const check::RuleAt& at) {
  Bindings bound;
  std::vector<ast::Expr> saved;
  std::multiset<std::string> unknown;
  bound.swap(bound_), saved.swap(saved_), unknown.swap(unknown_vars_);
  const ast::Rule rule = renamed_apart(*at.rule, names_);
  const ast::Ref package = support_package(at);
  for (const ast::Term& argument : rule.head.args) {
    for (const std::string& name : variables_in(argument)) unknown_vars_.insert(name);
  }
  ++depth_;
  body(rule.body, 0, [&] {
    ast::Rule made = rule;
    const auto fill = [&](ast::Term& part) { part = substitute(part, bound_); };
    std::ranges::for_each(made.head.ref.terms, fill);
    std::ranges::for_each(made.head.args, fill);
    if (made.head.key) fill(*made.head.key);
    if (made.head.value) fill(*made.head.value);
    made.body = saved_body();
    if (!options_.shallow_inlining)
      made.body = propagate_copies(made.body, check::vars_of(made.head), arity_);
    made.generated_body = made.body.empty();
    if (made.generated_body) {
      made.body.push_back(always());
      if (made.head.value) made.head.generated_value = false, made.head.assign = true;  // `p := true`
    }
    made.head.ref = within_package(below_partial(check::absolute_path(*at.module, made)), package);
    held_.insert(at.rule);
    support_module(package).rules.push_back(std::move(made));
  });
  --depth_;
  bound.swap(bound_), saved.swap(saved_), unknown.swap(unknown_vars_);
}

std::vector<ast::Module> Evaluation::support() {
  std::vector<ast::Module> out;
  for (auto& [name, module] : support_) {
    std::ranges::stable_sort(module.rules,
                             [](const auto& a, const auto& b) { return ast::compare(a, b) < 0; });
    for (ast::Rule& rule : module.rules) show_names(rule);
    out.push_back(std::move(module));
  }
  return out;
}

}  // namespace signalbox::policy::partial
