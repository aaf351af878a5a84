// Evaluation: one partial evaluation. Works on the tree, by continuation: each way in which an expression may
// hold calls `then` once, with what it bound in bound_ and what remains to be true in saved_; both are taken
// back when `then` returns. Private to partial/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/check/checked.h"
#include "policy/check/rule_tree.h"
#include "policy/check/vars.h"
#include "policy/partial/partial.h"
#include "policy/partial/terms.h"

namespace signalbox::policy::partial {

class Evaluation {
 public:
  Evaluation(const PolicySet& set, const check::CheckedModules& checked, const PartialOptions& options,
             check::Arity arity);

  /// Bodies over the unknowns for a checked query; they say what its `variables` are. With error() set a
  /// limit was hit, or evaluating what is known failed.
  std::vector<ast::Body> query(const ast::Body& body, const std::vector<std::string>& variables);
  std::vector<ast::Module> support();
  const std::optional<Diagnostic>& error() const { return error_; }

 private:
  using Then = std::function<void()>;
  using Take = std::function<void(const ast::Term&)>;

  // evaluation.cpp: bodies and expressions
  void body(const ast::Body& b, std::size_t at, const Then& then);
  void expression(const ast::Expr& e, const Then& then);
  void unknown_expression(const ast::Expr& e, const Then& then);
  void known_expression(const ast::Expr& e, const Then& then);
  void call(const ast::Expr& e, const ast::Call& call, const Then& then);
  void comparison(const ast::Expr& e, const Then& then);
  void terms(const std::vector<ast::Term>& list, std::vector<ast::Term>& values, const Then& then);
  void term(const ast::Term& t, const Take& take);
  void save(ast::Expr e, const Then& then);
  ast::Body saved_body() const;
  bool step();

  // negation.cpp
  void negation(const ast::Body& negated, const ast::Not* node, const Then& then);
  void save_all(const std::vector<ast::Expr>& list, std::size_t at, const Then& then);
  void products(const std::vector<ast::Body>& ways, bool as_node, std::vector<ast::Expr>& picked,
                const Then& then);
  bool can_be_inlined_negated(const std::vector<ast::Body>& ways, const check::VarSet& safe) const;
  ast::Expr negation_rule(const std::vector<ast::Body>& ways, const check::VarSet& outer, bool as_node);

  // unify.cpp
  void unify(const ast::Term& a, const ast::Term& b, const Then& then);
  void unify_lists(const std::vector<ast::Term>& a, const std::vector<ast::Term>& b, std::size_t at,
                   const Then& then);
  void bind(const std::string& name, const ast::Term& value, const Then& then);
  void equate(const ast::Term& a, const ast::Term& b, const Then& then);
  bool remains(const ast::Term& t) const;
  bool is_base(const ast::Ref& ref) const;

  // references.cpp
  void reference(const ast::Ref& ref, const ast::Term* wanted, const Take& take);
  void parts_of(const ast::Ref& ref, std::size_t at, const Take& take);
  void evaluated_reference(const ast::Ref& ref, const ast::Term* wanted, const Take& take);
  void rules_at(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node, const ast::Term* wanted,
                const Take& take);
  void below_node(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node,
                  const ast::Term* wanted, const Take& take);
  Value base_document(const ast::Ref& ref, std::size_t depth);
  void support_document(const ast::Ref& ref, std::size_t depth, const check::RuleNode& node,
                        const std::vector<check::RuleAt>& rules, const Take& take);
  void inline_rule(const check::RuleAt& at, const ast::Ref& ref, std::size_t depth, const Take& take);
  void match_head(const ast::Rule& rule, const ast::Ref& ref, std::size_t part, const Then& then);
  void steps(const ast::Term& value, const ast::Ref& ref, std::size_t at, const Take& take);
  struct FunctionCall;
  void call_function(const FunctionCall& call, const Then& then);
  void inline_function(const FunctionCall& call, const Then& then);

  // support.cpp
  ast::Ref support_reference(const ast::Ref& ref);
  bool has_support(const std::vector<check::RuleAt>& rules) const;
  ast::Ref support_package(const check::RuleAt& at) const;
  void add_support_rule(const check::RuleAt& at);
  void evaluate_support_rule(const check::RuleAt& at);
  ast::Module& support_module(const ast::Ref& package);
  bool inlinable(const ast::Ref& path, std::size_t depth) const;

  // known.cpp: what depends on unknowns, and evaluating what does not
  void find_dependent_rules();
  template <class Node>
  bool touches_unknown(const Node& node) const;
  bool is_unknown(const ast::Ref& ref) const;
  bool is_nondeterministic(const std::string& name) const;
  bool depends(const ast::Ref& ref) const;
  const std::vector<Bindings>& answers(const std::string& query, const QueryContext& words);

  const PolicySet& set_;
  const check::CheckedModules& checked_;
  const PartialOptions& options_;
  check::Arity arity_;
  Arena arena_{1 << 14};
  Value input_;
  Evaluator evaluator_;
  std::vector<ast::Ref> unknowns_, not_inlined_;
  std::set<const ast::Rule*> dependent_;
  std::map<std::string, std::vector<check::RuleAt>> functions_;
  std::map<std::string, std::vector<Bindings>> known_;  ///< answers of queries asked before
  Bindings bound_;
  std::multiset<std::string> unknown_vars_;
  std::vector<ast::Expr> saved_;
  std::map<std::string, ast::Module> support_;  ///< by package
  std::set<const ast::Rule*> supported_;        ///< rules that were asked for as support rules
  std::set<const ast::Rule*> held_;             ///< of those, the ones that can hold
  std::size_t names_ = 0, negations_ = 0;
  std::uint64_t steps_ = 0;
  std::uint32_t depth_ = 0;
  std::optional<Diagnostic> error_;
};

/// A call of a rule's function, its operands evaluated.
struct Evaluation::FunctionCall {
  const ast::Expr& expr;  ///< as it was written
  std::string name;
  std::vector<ast::Term> arguments;
  const ast::Term* output = nullptr;  ///< what the value is unified with; null: it must not be false
};

}  // namespace signalbox::policy::partial
