// The policy engine's front door: load a PolicySet, ask an Evaluator.
//
//   auto set = PolicySet::load(files, vocabulary, {});          // once, any thread; immutable, shared
//   Evaluator evaluator;                                        // one per thread
//   JsonInput input(document, (*set)->input_paths());
//   Decision decision = evaluator.decide(**set, input, limits); // data.gateway.actions
//
// The engine knows nothing of PostgreSQL: hooks and actions come in as the host's Vocabulary.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/builtins/builtin.h"
#include "policy/check/expr_form.h"
#include "policy/check/query_types.h"
#include "policy/decision.h"
#include "policy/explain.h"
#include "policy/input.h"
#include "policy/limits.h"
#include "policy/value/value.h"

namespace signalbox::policy {

namespace ast {
struct Module;
}

/// A file of a policy directory: *.rego, *.policy.yaml, data.json, data.yaml (a base document, placed at its
/// folder).
struct SourceFile {
  std::string path;
  std::string text;
  std::string shown = {};  ///< how diagnostics name it; empty = by its path
};

/// An action as a policy writes it: what is known of it before anything is evaluated.
struct WrittenAction {
  struct Parameter {
    std::string_view name;
    Value constant;             ///< undefined: not known before the rule is evaluated
    bool has_template = false;  ///< some text in it has a fact put into it
  };
  std::string_view action;
  std::vector<Parameter> parameters;
  bool is_complete = true;  ///< false: there may be parameters that are not seen
};

/// What is wrong with the `action`th of several that are written together.
struct ActionFault {
  std::size_t action = 0;
  std::string parameter;  ///< which one; empty = the action itself
  std::string code, message, hint;
};

/// What the host knows, so that mistakes in policies are load-time errors. All of it optional.
struct Vocabulary {
  struct Action {
    std::string name;
    std::vector<std::string> aliases;
    std::string parameter_schema;    ///< JSON Schema of the parameters; empty = anything
    std::vector<std::string> hooks;  ///< hooks where it makes sense; empty = all
  };
  std::vector<std::string> hooks;
  std::string default_hook;  ///< a rule that names no hook is about this one (the entry says so)
  std::vector<Action> actions;
  /// Judges the actions of one rule, which is asked at these hooks; beyond what the schemas can say.
  std::function<std::vector<ActionFault>(std::span<const WrittenAction>, std::span<const std::string>)> judge;
  /// JSON Schema of the input document, which references below data.policies must fit; empty = any.
  std::string input_schema;
};

/// Without: no rule index, no early exit, no rewriting of the code. For comparing; results are the same.
enum class Optimise : bool { No, Yes };

struct LoadOptions {
  std::string entry = "data.gateway.actions";
  bool v0_compatible = false;
  bool strict = false;  ///< unused locals and imports are errors
  bool strict_builtin_errors = false;
  Optimise optimise = Optimise::Yes;
  check::ExprForm form = check::ExprForm::Fast;
  bool keep_prints = false;  ///< print() writes to QueryOptions::notes; otherwise it is compiled away
  /// Sees the modules as they were parsed, and may change them, before they are checked.
  std::function<void(std::vector<ast::Module>&)> adapt;
  /// JSON Schemas (JSON or YAML) for the type checker, by path below the schema directory: "acl.json" is what
  /// annotations call schema.acl. An empty path: the schema of `input`, for every rule.
  std::vector<SourceFile> schemas;
  BuiltinHost host;
};

/// An input slot that is read, and how much of it.
struct SlotRead {
  std::uint32_t slot = 0;  ///< index into input_paths()
  /// The slot is a collection, and of its elements only these members are read (sorted): `some t in
  /// input.query.tables; t.name == "x"` reads `name`. Empty: all of it may be read.
  std::vector<std::string> fields;
};

/// What one gateway rule needs: the hooks it can fire on and the input slots it reads there.
struct RuleReads {
  std::string policy;  ///< package below data.policies
  std::string rule;
  SourcePosition at;
  std::vector<std::string> hooks;  ///< never empty when the vocabulary has a default hook
  std::vector<SlotRead> slots;
};

/// Where a query is asked: names in it are resolved as in a module of this package with these imports.
struct QueryContext {
  std::string package;               ///< "data.a.b" or "a.b"; empty = none
  std::vector<std::string> imports;  ///< "data.a.b", "input.x as y", "future.keywords.not"
  std::string name = "query";        ///< what diagnostics call the query's text
};

class PartialProgram;  // partial/partial.h
class PreparedQuery;
class Tracer;    // vm/tracer.h
struct Program;  // the compiled form, vm/program.h

/// An immutable, compiled set of policies and base documents. Shared between threads without locks.
class PolicySet : public std::enable_shared_from_this<PolicySet> {
 public:
  /// All or nothing: any error leaves nothing behind. Warnings of a good set are in warnings(). Base
  /// documents whose files are as they were in `before` are shared with it, which need not outlive the new
  /// set.
  static std::expected<std::shared_ptr<const PolicySet>, Diagnostics> load(std::vector<SourceFile> files,
                                                                           const Vocabulary& vocabulary,
                                                                           LoadOptions options = {},
                                                                           const PolicySet* before = nullptr);
  /// Compiles a query body ("data.a.b = x; x > 3") against this set. The query keeps the set alive.
  std::expected<std::shared_ptr<const PreparedQuery>, Diagnostics> prepare(
      std::string_view query, const QueryContext& context = {},
      check::QueryTypes types = check::QueryTypes::Checked) const;

  /// Hash of everything loaded, hexadecimal.
  std::string_view revision() const;
  /// Every ground input prefix any rule reads; the index is the slot.
  std::span<const InputPath> input_paths() const;
  std::span<const RuleReads> rule_reads() const;
  const Diagnostics& warnings() const;
  const Program& program() const;
  /// Every module, checked (check/checked.h says what that means).
  std::span<const ast::Module> modules() const;
  /// Memory of the base documents, shared ones included.
  std::size_t base_document_bytes() const;

  ~PolicySet();
  struct Loaded;  ///< opaque: policy/loaded.h

 private:
  friend class Evaluator;
  friend class PartialProgram;
  explicit PolicySet(std::unique_ptr<Loaded> loaded);
  std::unique_ptr<Loaded> loaded_;
};

/// An expression of a query as it was written, for those that show its value.
struct QueryExpression {
  std::string text;
  SourcePosition at;
};

/// A compiled query. Immutable, shared; keeps its policy set alive.
class PreparedQuery {
 public:
  ~PreparedQuery();
  /// One for each of Bindings::expressions.
  std::span<const QueryExpression> expressions() const;
  /// Names of the variables of each answer.
  std::span<const std::string> variables() const;

 private:
  friend class PolicySet;
  friend class Evaluator;
  struct Compiled;
  explicit PreparedQuery(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

/// One answer of a query. Lives until the evaluator's next evaluation.
struct Bindings {
  std::span<const Value> variables;  ///< in the order of PreparedQuery::variables()
  /// One for each expression of the body; true where it has no value of its own.
  std::span<const Value> expressions;
};

struct QueryOptions {
  bool strict_builtin_errors = false;
  const NoteSink* notes = nullptr;   ///< what print() says; LoadOptions::keep_prints
  const NoteSink* traces = nullptr;  ///< what trace() says
  std::int64_t now_ns = 0;           ///< 0 = the host's clock
  Tracer* tracer = nullptr;          ///< watches the evaluation
};

/// Evaluates. One per thread; keeps its arena and caches from one evaluation to the next.
class Evaluator {
 public:
  Evaluator();
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// The entry's value as a decision. Never fails: an error is in the decision. `tracer` watches, if given.
  Decision decide(const PolicySet& set, const Input& input, const Limits& limits, Tracer* tracer = nullptr);

  /// The same decision with its reasons. Tries every rule, so it costs more.
  Explanation explain(const PolicySet& set, const Input& input, const Limits& limits);

  /// Every answer of the query. Values live until the next evaluation.
  std::expected<std::vector<Bindings>, EvalError> query(const PreparedQuery& query, const Input& input,
                                                        const Limits& limits,
                                                        const QueryOptions& options = {});
  /// For a query that is one reference or expression ("data.app.allow"): its first value, or undefined.
  /// Allocates nothing in the steady state. The value lives until the next evaluation.
  std::expected<Value, EvalError> value(const PreparedQuery& query, const Input& input, const Limits& limits,
                                        const QueryOptions& options = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace signalbox::policy
