// Variables: sets of them, which a node mentions, and which an expression binds.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy::check {

/// A sorted set of names. Bodies have few, so that a vector beats a tree.
class VarSet {
 public:
  VarSet() = default;
  VarSet(std::initializer_list<std::string> names) {
    for (const auto& name : names) add(name);
  }

  bool contains(const std::string& name) const { return std::ranges::binary_search(names_, name); }
  void add(const std::string& name) {
    const auto at = std::ranges::lower_bound(names_, name);
    if (at == names_.end() || *at != name) names_.insert(at, name);
  }
  void remove(const std::string& name) {
    const auto at = std::ranges::lower_bound(names_, name);
    if (at != names_.end() && *at == name) names_.erase(at);
  }
  void add_all(const VarSet& other) {
    for (const auto& name : other.names_) add(name);
  }
  VarSet without(const VarSet& other) const;
  VarSet common_with(const VarSet& other) const;
  bool is_within(const VarSet& other) const { return std::ranges::includes(other.names_, names_); }
  bool empty() const { return names_.empty(); }
  std::size_t size() const { return names_.size(); }
  void clear() { names_.clear(); }
  auto begin() const { return names_.begin(); }
  auto end() const { return names_.end(); }
  bool operator==(const VarSet&) const = default;

 private:
  std::vector<std::string> names_;
};

/// `data` and `input`: bound everywhere.
const VarSet& reserved_vars();

/// A name the checker made up.
inline bool is_generated(std::string_view name) {
  return name.starts_with("__local");
}

inline bool is_comprehension(const ast::Term& term) {
  return ast::as<ast::ArrayComprehension>(term) != nullptr ||
         ast::as<ast::SetComprehension>(term) != nullptr ||
         ast::as<ast::ObjectComprehension>(term) != nullptr;
}

/// The number of arguments of a function or built-in; -1 when there is none of that name.
using Arity = std::function<int(const ast::Ref&)>;

/// What to leave out when collecting variables.
struct VarOptions {
  bool skip_ref_head = false;
  bool skip_call_head = false;  ///< the head of an operator's name
  bool skip_object_keys = false;
  bool skip_closures = false;  ///< comprehensions, template strings, every's, not's and operands' bodies
  bool skip_sets = false;
  /// Together with skip_closures: variables of bodies written without braces that the enclosing body must
  /// bind.
  const Arity* promote_operands = nullptr;
};

/// What the safety check counts as mentioned by an expression itself.
inline constexpr VarOptions kSafetyOptions = {.skip_call_head = true, .skip_closures = true};

void collect_vars(const ast::Term& term, const VarOptions& options, VarSet& out);
void collect_vars(const ast::Ref& ref, const VarOptions& options, VarSet& out);
void collect_vars(const ast::With& with, const VarOptions& options, VarSet& out);
void collect_vars(const ast::Expr& expr, const VarOptions& options, VarSet& out);
void collect_vars(const ast::Body& body, const VarOptions& options, VarSet& out);
void collect_vars(const ast::RuleHead& head, const VarOptions& options, VarSet& out);

template <class Node>
VarSet vars_of(const Node& node, const VarOptions& options = {}) {
  VarSet out;
  collect_vars(node, options, out);
  return out;
}

/// Variables of the arguments of a function.
VarSet argument_vars(const ast::RuleHead& head);

/// Names declared by `:=` and `some` in the body, nested bodies but not comprehensions included.
VarSet declared_vars(const ast::Body& body);
VarSet declared_vars(const ast::Expr& expr);

/// Variables that unifying `a` and `b` binds when those of `safe` are bound.
VarSet unified_vars(const VarSet& safe, const ast::Term& a, const ast::Term& b);

/// Variables that evaluating the expression (or the body, left to right) binds when those of `safe` are
/// bound.
VarSet output_vars(const ast::Expr& expr, const Arity& arity, const VarSet& safe);
VarSet output_vars(const ast::Body& body, const Arity& arity, const VarSet& safe);
VarSet output_vars_of_eq(const ast::Expr& expr, const VarSet& safe);

/// Is the operator `name`, with two operands? (`eq`: unification; `assign`: before the checker rewrote it.)
bool is_call_of(const ast::Expr& expr, std::string_view name);

}  // namespace signalbox::policy::check
