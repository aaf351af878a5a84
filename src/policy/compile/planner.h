// Planner: checked modules (or one query) -> IR -> Program. One Planner plans one program; a query is planned
// against a finished program and only adds functions, constants and input slots of its own.
//
// Straight line: every expression is emitted where it stands. An unbound variable in a reference opens a
// loop, and Code::fail then names that loop; what follows is the loop's body. So a body needs no continuation
// and no stack.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/diagnostic.h"
#include "policy/compile/code.h"
#include "policy/compile/document_tree.h"
#include "policy/compile/index_builder.h"
#include "policy/syntax/ast.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

/// Functions and documents that some `with` replaces: calls and references to them cannot be resolved before
/// run time.
struct WithTargets {
  std::set<std::string> calls;                ///< "data.a.f", "count"
  std::vector<std::vector<Value>> documents;  ///< paths below data
};

/// Some `with` of the body replaces a function or a part of `data`.
bool replaces_beyond_input(const ast::Body& body);

/// A query compiled against a program.
struct QueryCode {
  Arena memory{1024};
  std::vector<Value> constants;
  std::vector<InputPath> slots;  ///< numbered after the program's
  /// Gives an array of answers; an answer is [values of the variables..., values of the expressions...].
  Function answers;
  std::vector<std::string> variables;
  std::size_t expressions = 0;
  /// For a body of one term: gives its first value. Without code otherwise.
  Function value;
};

class Planner {
 public:
  /// Plans a whole program into `target`, which has its built-ins set.
  Planner(Program& target, Diagnostics& diagnostics)
      : program_(target), target_(&target), memory_(&target.memory), diagnostics_(diagnostics) {}
  /// Plans queries against a finished program; `known` are the targets it was planned with.
  Planner(const Program& program, WithTargets known, Diagnostics& diagnostics)
      : program_(program), with_targets_(std::move(known)), diagnostics_(diagnostics) {}

  /// Collects the targets of every `with`, so that code planned later resolves them at run time.
  void note_with_targets(const ast::Module& module);
  void note_with_targets(const ast::Body& body);
  /// Plans everything. `base` is the merged base document (an object).
  void plan_program(std::span<const ast::Module* const> modules, Value base);

  /// Plans `body`. `variables`: local name and the name that answers give it.
  std::unique_ptr<QueryCode> plan_query(const ast::Body& body, const ast::SourcePtr& source,
                                        const std::vector<std::pair<std::string, std::string>>& variables);
  const WithTargets& with_targets() const { return with_targets_; }

 private:
  using Operand = Code::Operand;
  using Register = Code::Register;
  using Label = Code::Label;
  /// What a local variable is bound to, and how many loops were open there: 0 = the same throughout a call.
  struct Bound {
    Operand operand;
    std::uint32_t loops;
  };
  /// Local variables bound so far. Copied at scopes: bodies are small.
  using Bindings = std::unordered_map<std::string, Bound>;
  void bind(const std::string& name, Operand operand) { bound_.emplace(name, Bound{operand, code_->loops}); }

  // plan_rules.cpp: rule sets
  void plan_group(const RuleGroup& group);
  void plan_complete(const RuleGroup& group);
  void plan_collection(const RuleGroup& group);
  void plan_chain(const RuleGroup& group, const SourceRule& source, const ast::Rule& rule, Register result,
                  Label done);
  void add_to_collection(const RuleGroup& group, const SourceRule& source, Register builder, Label next);
  /// Starts trying the rules in turn, or those the index names; the label each rule leaves to.
  Label begin_rules(const RuleGroup& group);
  Label next_rule(const SourceRule& source, Label indexed_next);
  void end_rules(Label indexed_next);
  void begin_rule(const SourceRule& source, const ast::Rule& rule, Label next);
  void bind_arguments(const ast::Rule& rule);
  bool one_constant_value(const RuleGroup& group);
  void plan_default(const RuleGroup& group, Register result);
  Function assemble();
  void finish_function(std::uint32_t number);
  void lay_base_documents(std::uint32_t node, Value base);
  bool has_rules_below(std::uint32_t node) const;

  // index_tests.cpp: what the rule index can know of a rule
  std::shared_ptr<const RuleIndex> index_of(const RuleGroup& group);
  std::vector<IndexTest> tests_of(const RuleGroup& group, const SourceRule& source);
  Value known_value(const ast::Term& term) const;

  // plan_query.cpp
  Operand plan_captured(const ast::Expr& expr);
  Operand plan_captured_here(const ast::Expr& expr);
  Function plan_answers(const ast::Body& body, QueryCode& query,
                        const std::vector<std::pair<std::string, std::string>>& variables);
  Function plan_value(const ast::Term& term);
  void begin_function(std::string name);

  // plan_body.cpp: expressions
  void plan_body(const ast::Body& body);
  void plan_expr(const ast::Expr& expr);
  void plan_negatable(const ast::Expr& expr);
  void plan_statement(const ast::Expr& expr);
  void plan_not(const ast::Not& node);
  void plan_every(const ast::Every& every);
  void plan_logical(const ast::Logical& logical);
  void plan_operand_body(const ast::Body& body, Label otherwise);
  std::string function_named(const ast::Term& term) const;
  bool is_late(const ast::With& with) const;
  void plan_late_modifiers(const ast::Expr& expr);
  void plan_with(const ast::Expr& expr, const std::function<void()>& inside);
  void plan_with_modifier(Register context, const ast::With& with, Operand value);

  // plan_call.cpp: calls
  Operand plan_each(Operand members);
  void plan_call_statement(const ast::Call& call);
  bool is_mockable(const std::string& name, std::size_t operands) const;
  bool plan_test(const std::string& name, std::span<const ast::Term> args);
  Operand plan_call(const ast::Call& call, std::size_t arguments);
  std::size_t arity_of(const std::string& name, const ast::Call& call) const;
  std::uint32_t builtin_number(const std::string& name) const;
  Register plan_arguments(std::span<const ast::Term> args);

  // plan_operands.cpp
  bool reads_unbound(const ast::Term& term) const;
  bool is_plannable(const ast::Term& term) const;
  std::vector<Operand> plan_operands(const std::vector<const ast::Term*>& terms);
  std::vector<Operand> plan_operands(std::span<const ast::Term> terms);

  // plan_term.cpp: terms and references
  Operand plan_term(const ast::Term& term);
  Operand plan_collection_term(Opcode op, std::vector<Operand> items, std::uint16_t count);
  Operand plan_closure(Opcode begin, const ast::Body& body, const ast::Term& first, const ast::Term* second);
  Operand plan_comprehension(Opcode begin, const ast::Body& body, const ast::Term& first,
                             const ast::Term* second);
  // plan_groups.cpp: comprehensions in loops
  std::optional<std::vector<std::string>> group_keys(const ast::Body& body, const ast::Term& head) const;
  std::optional<Operand> plan_kept_comprehension(Opcode begin, const ast::Body& body, const ast::Term& first,
                                                 const ast::Term* second);
  void plan_groups(Register kept, Opcode begin, const ast::Body& body, const ast::Term& head,
                   const std::vector<std::string>& keys);
  Operand plan_ref(const ast::Ref& ref);
  Operand plan_input_ref(const ast::Ref& ref);
  Operand plan_data_ref(const ast::Ref& ref);
  Operand plan_lazy_ref(const ast::Ref& ref, std::uint32_t node, std::size_t from);
  std::optional<Operand> plan_fan(const ast::Ref& ref, std::uint32_t node, std::size_t at);
  std::optional<Fan> fan_of(std::uint32_t node, const Value& member);
  /// How keys are looked up: in base documents as OPA's store does.
  enum class KeysOf : bool { Value, BaseDocument };
  Operand plan_steps(Operand value, const ast::Ref& ref, std::size_t from, KeysOf keys = KeysOf::Value);
  Operand plan_step(Operand value, const ast::Term& key, KeysOf keys);
  bool overridable(const ast::Ref& ref) const;

  // plan_unify.cpp: `=`
  void plan_unify(const ast::Term& a, const ast::Term& b);
  void plan_match(const ast::Term& pattern, Operand value);
  using TermPairs = std::vector<std::pair<const ast::Term*, const ast::Term*>>;
  void bind_for_nothing(const ast::Term& pattern);
  void plan_unify_pair(const ast::Term& a, const ast::Term& b);
  bool take_apart(const ast::Term& a, const ast::Term& b, TermPairs& pairs) const;
  bool has_unbound(const ast::Term& term) const;
  const ast::Var* unbound_variable(const ast::Term& term) const;

  // shared
  void note_with_target(const ast::With& with);
  Operand constant(Value value);
  Value constant_at(Operand operand) const { return (*constants_)[operand & ~kConstantBit]; }
  static bool is_constant_operand(Operand operand) {
    return operand != kNone && (operand & kConstantBit) != 0;
  }
  std::uint32_t slot(InputPath path);
  void locate(const ast::Span& span) { code_->at = {file_, span.row, span.col}; }
  void refuse(const ast::Span& span, std::string message);

  const Program& program_;
  Program* target_ = nullptr;  ///< the same, while it is being planned
  DocumentTree tree_;
  WithTargets with_targets_;
  Arena* memory_ = nullptr;  ///< of the unit being planned
  Diagnostics& diagnostics_;
  std::vector<Value>* constants_ = nullptr;
  std::unordered_map<Value, std::uint32_t> constant_numbers_;
  std::vector<InputPath>* slots_ = nullptr;
  std::uint32_t slots_before_ = 0;  ///< slots of the program, when planning a query
  std::vector<const ast::Module*> modules_;
  ast::SourcePtr source_;
  std::uint32_t file_ = 0;
  std::unique_ptr<ir::Function> function_;
  std::unique_ptr<Code> code_;
  Label after_rules_ = kNone;  ///< where the loop over indexed rules ends
  Bindings bound_;
};

}  // namespace signalbox::policy
