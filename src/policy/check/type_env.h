// TypeEnv: what is known at a place of a program: types of documents and rules by path, and of variables.
// Environments are layered: a body sees what encloses it.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "policy/check/rule_tree.h"
#include "policy/check/type.h"

namespace signalbox::policy::check {

/// Types by path; a node with a type is a leaf, though rules may hang below it.
struct TypeNode {
  std::map<ast::Term, std::unique_ptr<TypeNode>, TermLess> children;
  TypePtr type;

  const TypeNode* child(const ast::Term& key) const;
  TypeNode& make_child(const ast::Term& key);
  TypeNode& make_path(const ast::Ref& path);
};

class TypeEnv {
 public:
  /// Works out the type of a comprehension: its body is checked in the environment.
  using ComprehensionType = std::function<TypePtr(const TypeEnv&, const ast::Term&)>;

  explicit TypeEnv(ComprehensionType comprehension) : comprehension_(std::move(comprehension)) {}
  /// A layer on top of `below`, which must outlive it.
  explicit TypeEnv(const TypeEnv* below) : below_(below), comprehension_(below->comprehension_) {}
  /// A layer over `below` of types that were found before.
  TypeEnv(const TypeEnv* below, std::shared_ptr<TypeNode> tree)
      : tree_(std::move(tree)), below_(below), comprehension_(below->comprehension_) {}
  /// A layer for one expression: what it learns of variables goes to `env`, since they outlive it.
  static TypeEnv for_expression(TypeEnv& env) {
    TypeEnv out(&env);
    out.variables_ = env.variables_;
    return out;
  }

  const TypeNode& tree() const { return *tree_; }
  const TypeEnv* below() const { return below_; }

  /// Null when nothing is known.
  TypePtr of(const ast::Term& term) const;
  TypePtr of(const ast::Ref& ref) const;
  /// The type of everything at and below a node.
  TypePtr extent(const TypeNode& node) const;

  void set_variable(const ast::Term& variable, TypePtr type) {
    variables_->make_child(variable).type = std::move(type);
  }
  void set(const ast::Ref& path, TypePtr type) { tree_->make_path(path).type = std::move(type); }
  /// Adds what one rule says of `path`, which is ground, to what others said.
  void add(const ast::Ref& path, const TypePtr& type);

 private:
  TypePtr fall_back(const ast::Ref& ref) const;
  TypePtr follow(const TypeNode& node, const ast::Ref& ref, std::size_t at) const;

  std::shared_ptr<TypeNode> tree_ = std::make_shared<TypeNode>();
  std::shared_ptr<TypeNode> variables_ = tree_;
  const TypeEnv* below_ = nullptr;
  ComprehensionType comprehension_;
};

}  // namespace signalbox::policy::check
