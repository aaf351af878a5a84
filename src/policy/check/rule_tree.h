// RuleTree: all rules by the ground part of their paths. `data.a.p[x]` hangs at data / a / p.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/syntax/ast.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy::check {

struct RuleAt {
  const ast::Module* module = nullptr;
  ast::Rule* rule = nullptr;
};

struct TermLess {
  bool operator()(const ast::Term& a, const ast::Term& b) const { return ast::compare(a, b) < 0; }
};

/// A node's key is the path's part; keys are constants.
struct RuleNode {
  std::map<ast::Term, std::unique_ptr<RuleNode>, TermLess> children;
  std::vector<RuleAt> rules;  ///< whose ground path ends here, in the order of the modules

  const RuleNode* child(const ast::Term& key) const;
};

class RuleTree {
 public:
  /// `modules` must stay where they are while the tree lives.
  explicit RuleTree(std::vector<ast::Module>& modules);

  const RuleNode& root() const { return root_; }
  /// The node at exactly `ref` (beginning with `data`); null when there is none, or a part is no constant.
  const RuleNode* find(const ast::Ref& ref) const;
  /// The rules a reference may reach: those on its path, below it, or, where a part is a variable, under any
  /// key.
  std::vector<RuleAt> reached_by(const ast::Ref& ref) const;

 private:
  RuleNode root_;
};

/// data.<package>.<head reference>, variables included. Works before and after heads are made absolute.
ast::Ref absolute_path(const ast::Module& module, const ast::Rule& rule);

/// The parts before the first that is no constant; the head counts as constant.
std::size_t ground_prefix_length(const ast::Ref& ref);
ast::Ref ground_prefix(const ast::Ref& ref);

}  // namespace signalbox::policy::check
