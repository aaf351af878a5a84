// Reference: Rego by its definition, for checking the machine. Walks the checked tree, tries every choice by
// recursion, looks everything up from scratch; no planner, no index, no bytecode. Slow and obvious on
// purpose.
//
// A term, expression or body is evaluated by calling a continuation once for each way in which it holds;
// bindings made on the way are taken back when the continuation returns.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "policy/builtins/builtin.h"
#include "policy/check/checked.h"
#include "policy/decision.h"

namespace signalbox::policy::test {

class Reference {
 public:
  /// `modules` and `base` outlive the reference. `own` are the host's functions.
  Reference(const check::CheckedModules& modules, Value base, std::vector<const Builtin*> own = {});

  struct Answers {
    std::optional<EvalError> error;
    std::vector<std::string> names;
    std::vector<std::vector<Value>> bindings;
  };
  Answers query(const check::CheckedQuery& query, Value input, bool strict);

  /// Evaluations that go on for more steps end in eval_cancel_error.
  std::uint64_t most_steps = 2'000'000;

 private:
  using Path = std::vector<Value>;
  using Then = std::function<void()>;
  using Take = std::function<void(Value)>;
  using Bindings = std::map<std::string, Value>;

  struct DataOverride {
    Path path;
    Value value;
  };
  struct Replacement {
    Value value;  ///< undefined: `function` instead
    std::string function;
  };
  /// What `with` has replaced. Never changed once made.
  struct World {
    Value input;
    std::vector<DataOverride> data;
    std::map<std::string, Replacement> functions;
    std::map<std::string, Value> documents;  ///< rule documents already computed in this world
  };
  struct Defined {
    const ast::Rule* rule;  ///< null: a package, which is a document without rules
    Path prefix;            ///< the ground part of the head, below data
    std::vector<const ast::Term*> rest;
  };
  /// A rule's body is evaluated, not the query's.
  struct InRule {
    explicit InRule(Reference& r) : reference(r) { ++reference.rules_deep_; }
    ~InRule() { --reference.rules_deep_; }
    Reference& reference;
  };
  struct Entry {
    Path keys;
    Value value;
    bool member;
  };

  // reference_terms.cpp
  void term(const ast::Term& t, const Take& take);
  void terms(std::span<const ast::Term> list, Path& values, const Then& then);
  void reference(const ast::Ref& ref, const Take& take);
  enum class KeysOf : bool { Value, BaseDocument };
  void below(const Value& value, const ast::Ref& ref, std::size_t at, const Take& take,
             KeysOf keys = KeysOf::Value);
  void comprehension(const ast::Term& t, const Take& take);
  bool has_unbound(const ast::Term& t) const;
  void match(const ast::Term& pattern, const Value& value, const Then& then);
  void match_items(std::span<const ast::Term> patterns, std::span<const Value> values, const Then& then);
  void match_object(const ast::Object& pattern, const Value& value, std::size_t at, const Then& then);
  void unify(std::vector<std::pair<const ast::Term*, const ast::Term*>> pairs, const Then& then);

  // reference_rules.cpp
  void body(const ast::Body& b, std::size_t at, const Then& then);
  void expression(const ast::Expr& e, const Then& then);
  void statement(const ast::Expr& e, const Then& then);
  void call_statement(const ast::Call& call, const Then& then);
  void every(const ast::Every& node, const Then& then);
  void with(const ast::Expr& e, std::size_t at, World made, const Then& then);
  bool holds(const ast::Body& b);
  void call(const std::string& name, const Path& arguments, const Take& take);
  void call_builtin(const Builtin& builtin, const Path& arguments, const Take& take);
  Value call_function(const std::string& name, const Path& arguments);
  Value rule_value(const ast::Rule& rule, const Path* arguments);
  std::size_t arity_of(const std::string& name, std::size_t written) const;
  const Builtin* builtin(const std::string& name) const;

  // reference_documents.cpp
  void document(const Path& path, const Value& base, const ast::Ref& ref, std::size_t at, const Take& take);
  Value frame(const Path& path);
  Value whole(const Path& path, const Value& base);
  Value rules_document(const Path& path);
  Value complete(const std::vector<const Defined*>& rules);
  Value partial(const Path& path);
  Value fold(const std::vector<Entry>& entries, std::size_t depth);
  std::vector<const Defined*> defined_at(const Path& path) const;
  bool defined_below(const Path& path) const;
  bool overridden_below(const Path& path) const;
  bool overridden(const Path& path, Value& value);
  Value with_overrides_below(const Path& path, Value value);
  Path keys_of(const Path& path, const Value& base);

  void step();
  [[noreturn]] void fail(std::string code, std::string message);

  const check::CheckedModules& modules_;
  std::vector<Defined> defined_;
  std::map<std::string, std::vector<const ast::Rule*>> functions_;
  std::map<std::string, const Builtin*> own_;
  Value base_;
  Arena arena_{1 << 16};
  Meter meter_;
  BuiltinStore kept_, evaluation_;
  BuiltinHost host_;
  std::mt19937_64 random_;
  std::map<std::string, Value> remembered_;  ///< calls that are not deterministic
  World* world_ = nullptr;
  Bindings bound_;
  std::uint64_t steps_ = 0;
  std::uint32_t depth_ = 0, rules_deep_ = 0;
  bool strict_ = false;
  std::optional<EvalError> builtin_error_;
};

}  // namespace signalbox::policy::test
