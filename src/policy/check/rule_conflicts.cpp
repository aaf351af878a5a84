// Rules that cannot live together: sets and values under one name, functions of different arity, two
// defaults, a value with other rules inside it, a package where a rule is.
#include <set>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

std::string location(const RuleAt& at) {
  const std::string& file = at.module->source->name;
  return file.empty() ? fmt::format("{}:{}", at.rule->span.row, at.rule->span.col)
                      : fmt::format("{}:{}", file, at.rule->span.row);
}

class ConflictFinder {
 public:
  explicit ConflictFinder(Context& context) : context_(context) {}

  void node(const RuleNode& at) {
    if (!at.rules.empty() && !check(at)) return;
    for (const auto& [key, child] : at.children) node(*child);
  }

 private:
  /// The rule's path with the author's variable names.
  std::string name_of(const RuleAt& at) const {
    ast::Term path{absolute_path(*at.module, *at.rule), {}};
    ast::for_each_term(path, [this](ast::Term& t) {
      if (auto* var = ast::as<ast::Var>(t)) var->name = context_.written(var->name);
      return true;
    });
    return ast::to_text(path);
  }

  static bool is_ground_path(const RuleAt& at) { return ast::is_ground(at.rule->head.ref); }

  static void collect(const RuleNode& from, bool functions_only, std::vector<RuleAt>& out) {
    for (const RuleAt& at : from.rules) {
      if (functions_only && !at.rule->head.is_function) continue;
      const ast::Ref path = absolute_path(*at.module, *at.rule);
      const bool covered = std::ranges::any_of(out, [&](const RuleAt& other) {
        const ast::Ref prefix = absolute_path(*other.module, *other.rule);
        if (prefix.terms.size() > path.terms.size()) return false;
        const ast::Ref start{
            {path.terms.begin(), path.terms.begin() + static_cast<std::ptrdiff_t>(prefix.terms.size())}};
        return ast::compare(prefix, start) == 0;
      });
      if (!covered) out.push_back(at);
    }
    for (const auto& [key, child] : from.children) collect(*child, functions_only, out);
  }

  static std::vector<RuleAt> below(const RuleNode& at, bool functions_only) {
    std::vector<RuleAt> out;
    for (const auto& [key, child] : at.children) collect(*child, functions_only, out);
    return out;
  }

  /// Rules inside the extent of a value, or functions inside a dynamic one.
  static std::vector<RuleAt> inner_conflicts(const RuleNode& at) {
    if (at.children.empty()) return {};
    if (std::ranges::any_of(at.rules, is_ground_path)) return below(at, false);
    if (!std::ranges::all_of(at.rules, is_ground_path)) return below(at, true);
    return {};
  }

  bool mixed(const RuleNode& at) const {
    std::set<ast::RuleKind> kinds;
    std::set<std::size_t> arities;
    bool complete = false, partial = false, set = false, object_of_sets = false;
    for (const RuleAt& one : at.rules) {
      const bool multi = one.rule->kind() == ast::RuleKind::MultiValue;
      const bool ground = is_ground_path(one);
      kinds.insert(one.rule->kind());
      arities.insert(one.rule->head.args.size());
      (!multi && ground ? complete : partial) = true;
      if (multi) (ground ? set : object_of_sets) = true;
    }
    return kinds.size() > 1 || arities.size() > 1 || (complete && partial) || (set && object_of_sets);
  }

  /// False: an error was found, what is below need not be looked at.
  bool check(const RuleNode& at) {
    const RuleAt& first = at.rules.front();
    const std::string name = name_of(at.rules.back());
    context_.source = first.module->source.get();
    if (const auto conflicts = inner_conflicts(at); !conflicts.empty()) {
      std::string text = fmt::format("rule {} conflicts with:", name);
      for (const RuleAt& other : conflicts)
        text += fmt::format("\n  rule {} at {}", name_of(other), location(other));
      context_.error(kTypeError, first.rule->span, std::move(text));
      return true;
    }
    if (mixed(at)) {
      context_.error(kTypeError, first.rule->span, fmt::format("conflicting rules {} found", name));
      return true;
    }
    std::vector<RuleAt> defaults;
    for (const RuleAt& one : at.rules) {
      if (one.rule->is_default) defaults.push_back(one);
    }
    if (defaults.size() < 2) return true;
    std::string text = fmt::format("multiple default rules {} found at ", name);
    for (std::size_t i = 0; i < defaults.size(); ++i) text += (i == 0 ? "" : ", ") + location(defaults[i]);
    context_.source = defaults.front().module->source.get();
    context_.error(kTypeError, defaults.front().module->package.span, std::move(text));
    return true;
  }

  Context& context_;
};

/// A package may not have the path of a rule.
void check_packages(Context& context) {
  for (const ast::Module& package : context.modules) {
    const RuleNode* node = &context.rules->root();
    for (std::size_t i = 1; i < package.package.path.terms.size() && node != nullptr; ++i) {
      node = node->child(package.package.path.terms[i]);
    }
    if (node == nullptr) continue;
    for (const RuleAt& at : node->rules) {
      if (!ast::is_ground(at.rule->head.ref) || at.module == &package) continue;
      context.source = at.module->source.get();
      context.error(kTypeError, at.module->package.span,
                    fmt::format("package {} conflicts with rule {} defined at {}",
                                ast::to_text(package.package.path).substr(5), ast::to_text(at.rule->head.ref),
                                location(at)));
    }
  }
}

}  // namespace

void check_rule_conflicts(Context& context) {
  ConflictFinder(context).node(context.rules->root());
  check_packages(context);
}

}  // namespace signalbox::policy::check
