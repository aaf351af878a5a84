// A walk over references: those that reach rules lead to the rules' own, the others name base documents.
#include "policy/trace/dependencies.h"

#include <algorithm>
#include <set>

#include "policy/check/rule_tree.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

bool is_document(const ast::Ref& ref) {
  const auto* head = ast::as<ast::Var>(ref.terms.front());
  return head != nullptr && (head->name == "data" || head->name == "input");
}

bool begins_with(const ast::Ref& ref, const ast::Ref& prefix) {
  return prefix.terms.size() <= ref.terms.size() &&
         std::equal(prefix.terms.begin(), prefix.terms.end(), ref.terms.begin(),
                    [](const ast::Term& a, const ast::Term& b) { return ast::compare(a, b) == 0; });
}

struct RefLess {
  bool operator()(const ast::Ref& a, const ast::Ref& b) const {
    for (std::size_t i = 0; i < std::min(a.terms.size(), b.terms.size()); ++i) {
      if (const int order = ast::compare(a.terms[i], b.terms[i]); order != 0) return order < 0;
    }
    return a.terms.size() < b.terms.size();
  }
};
using Refs = std::set<ast::Ref, RefLess>;

class Walker {
 public:
  explicit Walker(std::vector<ast::Module>& modules) : tree_(modules) {}

  template <class Node>
  void walk(const Node& node) {
    Refs refs;
    ast::for_each_term(node, [&](const ast::Term& term) {
      if (const auto* ref = ast::as<ast::Ref>(term); ref != nullptr && is_document(*ref)) {
        refs.insert(check::ground_prefix(*ref));
      }
      return true;
    });
    const ast::Ref* covering = nullptr;
    for (const ast::Ref& ref : refs) {
      if (covering != nullptr && begins_with(ref, *covering)) continue;
      covering = &ref;
      follow(ref);
    }
  }

  Refs base, rules;

 private:
  void follow(const ast::Ref& ref) {
    const auto reached = tree_.reached_by(ref);
    if (reached.empty()) base.insert(ref);
    for (const check::RuleAt& at : reached) {
      if (!visited_.insert(at.rule).second) continue;
      rules.insert(check::ground_prefix(check::absolute_path(*at.module, *at.rule)));
      // A head's own path names the rule, not what it needs.
      for (const ast::Term& arg : at.rule->head.args) walk(arg);
      for (const ast::Term& part : at.rule->head.ref.terms) walk_inside(part);
      if (at.rule->head.key) walk(*at.rule->head.key);
      if (at.rule->head.value) walk(*at.rule->head.value);
      walk(at.rule->body);
      for (const ast::Rule* other = at.rule; other->otherwise;) {
        other = &**other->otherwise;
        if (other->head.value) walk(*other->head.value);
        walk(other->body);
      }
    }
  }

  void walk_inside(const ast::Term& part) {
    if (ast::as<ast::Var>(part) == nullptr) walk(part);
  }

  check::RuleTree tree_;
  std::set<const ast::Rule*> visited_;
};

}  // namespace

Dependencies dependencies_of(const ast::Body& query, std::span<const ast::Module> modules) {
  std::vector<ast::Module> own(modules.begin(), modules.end());
  Walker walker(own);
  walker.walk(query);
  return {{walker.base.begin(), walker.base.end()}, {walker.rules.begin(), walker.rules.end()}};
}

}  // namespace signalbox::policy
