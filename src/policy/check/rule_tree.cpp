// The tree of rules by path.
#include "policy/check/rule_tree.h"

namespace signalbox::policy::check {
namespace {

void collect_below(const RuleNode& node, std::vector<RuleAt>& out) {
  out.insert(out.end(), node.rules.begin(), node.rules.end());
  for (const auto& [key, child] : node.children) collect_below(*child, out);
}

void collect(const RuleNode& node, const ast::Ref& ref, std::size_t at, std::vector<RuleAt>& out) {
  // A rule on the way is reached by everything below its path.
  out.insert(out.end(), node.rules.begin(), node.rules.end());
  if (at == ref.terms.size()) {
    for (const auto& [key, child] : node.children) collect_below(*child, out);
    return;
  }
  if (ast::is_constant(ref.terms[at])) {
    if (const RuleNode* child = node.child(ref.terms[at])) collect(*child, ref, at + 1, out);
    return;
  }
  for (const auto& [key, child] : node.children) collect(*child, ref, at + 1, out);
}

}  // namespace

const RuleNode* RuleNode::child(const ast::Term& key) const {
  const auto it = children.find(key);
  return it == children.end() ? nullptr : it->second.get();
}

std::size_t ground_prefix_length(const ast::Ref& ref) {
  std::size_t length = 1;
  while (length < ref.terms.size() && ast::is_constant(ref.terms[length])) ++length;
  return length;
}

ast::Ref ground_prefix(const ast::Ref& ref) {
  return {{ref.terms.begin(), ref.terms.begin() + static_cast<std::ptrdiff_t>(ground_prefix_length(ref))}};
}

ast::Ref absolute_path(const ast::Module& module, const ast::Rule& rule) {
  const auto& parts = rule.head.ref.terms;
  const auto* head = ast::as<ast::Var>(parts.front());
  if (head != nullptr && head->name == "data" && parts.size() > 1) return rule.head.ref;
  ast::Ref path = module.package.path;
  path.terms.push_back(ast::make_string(head == nullptr ? std::string() : head->name, parts.front().span));
  path.terms.insert(path.terms.end(), parts.begin() + 1, parts.end());
  return path;
}

RuleTree::RuleTree(std::vector<ast::Module>& modules) {
  for (ast::Module& module : modules) {
    for (ast::Rule& rule : module.rules) {
      const ast::Ref path = absolute_path(module, rule);
      RuleNode* node = &root_;
      for (std::size_t i = 1; i < ground_prefix_length(path); ++i) {
        auto& child = node->children[path.terms[i]];
        if (!child) child = std::make_unique<RuleNode>();
        node = child.get();
      }
      node->rules.push_back({&module, &rule});
    }
  }
}

const RuleNode* RuleTree::find(const ast::Ref& ref) const {
  const auto* head = ast::as<ast::Var>(ref.terms.front());
  if (head == nullptr || head->name != "data") return nullptr;
  const RuleNode* node = &root_;
  for (std::size_t i = 1; i < ref.terms.size() && node != nullptr; ++i) {
    node = ast::is_constant(ref.terms[i]) ? node->child(ref.terms[i]) : nullptr;
  }
  return node;
}

std::vector<RuleAt> RuleTree::reached_by(const ast::Ref& ref) const {
  std::vector<RuleAt> out;
  const auto* head = ast::as<ast::Var>(ref.terms.front());
  if (head != nullptr && head->name == "data") collect(root_, ref, 1, out);
  return out;
}

}  // namespace signalbox::policy::check
