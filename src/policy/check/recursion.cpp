// Recursion: a rule may not depend on itself, by whatever way. Dependencies are read off references: those
// that may reach a rule, under any key where a part is a variable.
#include <deque>
#include <unordered_map>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// Rules by number; `else` rules count for themselves.
class DependencyGraph {
 public:
  explicit DependencyGraph(Context& context) {
    context.for_each_rule([&](ast::Module& module, ast::Rule& rule) {
      number_[&rule] = nodes_.size();
      nodes_.push_back({&module, &rule});
    });
    edges_.resize(nodes_.size());
    for (std::size_t from = 0; from < nodes_.size(); ++from) {
      const ast::Rule& rule = *nodes_[from].rule;
      add_refs(context, from, rule.head);
      add_refs(context, from, rule.body);
    }
  }

  std::size_t size() const { return nodes_.size(); }
  const RuleAt& at(std::size_t number) const { return nodes_[number]; }

  /// Numbers of the strongly connected component of each rule, and whether it is a cycle (Tarjan, iterative).
  std::vector<bool> on_cycle() const;

  /// A way from `from` back to itself, depth first; empty when there is none.
  std::vector<std::size_t> way_back(std::size_t from) const {
    std::vector<bool> visited(nodes_.size(), false);
    std::vector<std::pair<std::size_t, std::size_t>> stack = {{from, 0}};
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == edges_[node].size()) {
        stack.pop_back();
        continue;
      }
      const std::size_t to = edges_[node][next++];
      if (to == from) {
        std::vector<std::size_t> way;
        for (const auto& [on_way, unused] : stack) way.push_back(on_way);
        way.push_back(from);
        return way;
      }
      if (visited[to]) continue;
      visited[to] = true;
      stack.emplace_back(to, 0);
    }
    return {};
  }

 private:
  template <class Node>
  void add_refs(Context& context, std::size_t from, const Node& node) {
    ast::for_each_term(node, [&](const ast::Term& t) {
      const auto* ref = ast::as<ast::Ref>(t);
      if (ref == nullptr) return true;
      for (const RuleAt& to : context.rules->reached_by(*ref)) add_chain(from, *to.rule);
      return true;
    });
  }

  /// Who refers to a rule depends on its `else` rules; the rule itself does not.
  void add_chain(std::size_t from, const ast::Rule& rule) {
    for (const ast::Rule* each = &rule; each != nullptr;
         each = each->otherwise ? &**each->otherwise : nullptr)
      edges_[from].push_back(number_.at(each));
  }

  std::vector<RuleAt> nodes_;
  std::unordered_map<const ast::Rule*, std::size_t> number_;
  std::vector<std::vector<std::size_t>> edges_;
};

/// Rules from which nothing leads to a cycle are peeled off first: of thousands of rules, few remain to be
/// searched.
std::vector<bool> DependencyGraph::on_cycle() const {
  std::vector<std::size_t> unresolved(nodes_.size(), 0);
  std::vector<std::vector<std::size_t>> users(nodes_.size());
  for (std::size_t from = 0; from < nodes_.size(); ++from) {
    unresolved[from] = edges_[from].size();
    for (const std::size_t to : edges_[from]) users[to].push_back(from);
  }
  std::deque<std::size_t> ready;
  std::vector<bool> open(nodes_.size(), true);
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (unresolved[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const std::size_t done = ready.front();
    ready.pop_front();
    open[done] = false;
    for (const std::size_t user : users[done]) {
      if (--unresolved[user] == 0) ready.push_back(user);
    }
  }
  return open;
}

}  // namespace

void check_recursion(Context& context) {
  const DependencyGraph graph(context);
  const std::vector<bool> suspect = graph.on_cycle();
  const auto path = [&](std::size_t number) {
    const RuleAt& at = graph.at(number);
    return ast::to_text(ast::Term{absolute_path(*at.module, *at.rule), {}});
  };
  for (std::size_t i = 0; i < graph.size(); ++i) {
    if (!suspect[i]) continue;
    const auto way = graph.way_back(i);
    if (way.empty()) continue;
    std::string text = fmt::format("rule {} is recursive: ", path(i));
    for (std::size_t k = 0; k < way.size(); ++k) text += (k == 0 ? "" : " -> ") + path(way[k]);
    context.source = graph.at(i).module->source.get();
    context.error(kRecursionError, graph.at(i).rule->span, std::move(text));
  }
}

}  // namespace signalbox::policy::check
