// Machine: runs a Program for one evaluation at a time. One per thread; its memory is kept from one
// evaluation to the next, so that a warm machine does not touch the heap. Errors: a step that cannot go on
// puts an EvalError aside and returns false; every caller passes the false on.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "policy/builtins/builtin.h"
#include "policy/decision.h"
#include "policy/input.h"
#include "policy/limits.h"
#include "policy/vm/context.h"
#include "policy/vm/index.h"
#include "policy/vm/program.h"

namespace signalbox::policy {

struct QueryCode;

/// A rule's word that a value belongs to a set: for decisions and explanations.
struct Contribution {
  Value value;
  std::uint32_t rule;
};

/// Register windows for nested calls; grows in blocks that never move.
class RegisterStack {
 public:
  Value* push(std::uint32_t count);
  void pop(Value* to) { top_ = to; }
  struct Mark {
    std::size_t block;
    Value* top;
  };
  Mark mark() const { return {block_, top_}; }
  void release(Mark mark);
  void reset() { release({0, blocks_.empty() ? nullptr : blocks_[0].get()}); }

 private:
  static constexpr std::uint32_t kBlock = 16'384;
  std::vector<std::unique_ptr<Value[]>> blocks_;
  std::vector<std::uint32_t> sizes_;
  std::size_t block_ = 0;
  Value* top_ = nullptr;
  Value* end_ = nullptr;
};

class Tracer;

struct Evaluation {
  const Program* program = nullptr;
  const QueryCode* query = nullptr;  ///< null when only rule sets are asked for
  const Input* input = nullptr;
  Limits limits;
  bool strict = false;
  const NoteSink* notes = nullptr;   ///< of print
  const NoteSink* traces = nullptr;  ///< of trace
  Tracer* tracer = nullptr;          ///< watches; null costs nothing
  bool only_known = false;           ///< what may differ from run to run ends the evaluation
  std::int64_t now_ns = 0;           ///< 0 = the host's clock, read when first needed
};

class Machine {
 public:
  Machine();

  /// Forgets the previous evaluation; values it gave die here.
  void start(const Evaluation& evaluation);

  /// A rule set's value, undefined when no rule holds. False: see error().
  bool rule_set(std::uint32_t number, Value& out);
  /// A function with `f.arguments` arguments.
  bool call(const Function& f, std::span<const Value> arguments, Value& out);

  /// After the last call of an evaluation that was `good` so far: with strict built-in errors the first of
  /// them makes it an error, whatever else it came to; and a result without practical end is a limit error.
  bool finish(bool good, const Value& result);
  EvalError take_error();
  /// The fact in an input slot, in the outermost context.
  Value input_slot(std::uint32_t slot);
  bool deterministic() const { return deterministic_; }
  /// The value of a slot that this evaluation asked for; null when it did not.
  const Value* read_fact(std::uint32_t slot) const;
  std::span<const Contribution> contributions() const { return contributions_; }
  Arena& arena() { return arena_; }
  /// The arena with all values of the evaluation, which ends here.
  Arena take_arena();
  Meter& meter() { return meter_; }

 private:
  struct Lazy;
  struct LazyScan;
  struct Builder;
  struct MemoEntry {
    Value value;
    std::uint32_t epoch = 0;
  };
  struct RememberedCall {
    std::uint32_t builtin;
    Value arguments;
    Value result;
  };

  // machine.cpp
  enum class Watched : bool { No, Yes };
  template <Watched kWatched>
  bool run(const Function& f, Value* registers, Value& out);
  bool run_watched(const Function& f, std::span<const Value> arguments, Value* registers, Value& out);
  bool every_rule() const;
  bool finish_builder(const Function& f, const Instruction& i, Builder& builder, Value& out);
  void add_to_builder(const Instruction& i, Builder& builder, const Value& first, const Value& second,
                      Value* registers);

  /// The document was computed at load and nothing here could change it or has to see it computed.
  const KnownDocument* known_document(std::uint32_t rule_set) const;

  // scan.cpp: iterating
  bool begin_scan(const Value& collection, Value* iterator);
  /// -1 error, 0 exhausted, 1 next
  int next_of(Value* iterator, Value& key, Value& value);
  int next_of_lazy(Value* iterator, Value& key, Value& value);

  // documents.cpp: lazy documents
  Value document(std::uint32_t node);
  bool child_of(const Lazy& lazy, const Value& key, Value& out);
  bool force(const Value& value, Value& out);
  bool force_lazy(const Lazy& lazy, Value& out);
  Value lazy_value(std::uint32_t node, Value base, std::span<const Override* const> overrides,
                   std::uint32_t depth);
  Value keys_of(const Lazy& lazy);
  std::uint32_t replaced_node(const Lazy& lazy, const Value& key) const;
  bool overridden_value(const Lazy& lazy, std::span<const Override* const> here, std::uint32_t depth,
                        Value& out);

  // inputs.cpp: input slots and contexts
  Value input_slot_in(const Context& context, std::uint32_t slot);
  const InputPath& path_of(std::uint32_t slot) const;
  Context* new_context();
  void add_override(Context& context, Override added);

  RuleIndex::Errors errors_of_index() const;
  void find_candidates(const Function& f, const Value* arguments, Value* iterator);
  void note_failure(const Function& f, const Instruction& i, const Value* registers);

  void keep_candidates(Value* iterator);
  void find_members(const Fan& fan, Value* iterator);
  int next_member(const Fan& fan, Value* iterator, Value& key, Value& document);

  // calls.cpp
  bool call_builtin(const Function& f, const Instruction& i, std::uint32_t number,
                    std::span<const Value> arguments, Value& out);
  bool call_mockable(const Function& f, const Instruction& i, bool builtin, std::span<const Value> arguments,
                     Value& out);
  bool call_function(const Function& f, std::span<const Value> arguments, Value& out);
  bool arithmetic(const Function& f, const Instruction& i, const Value& a, const Value& b, Value& out);
  bool member(const Value& element, const Value& collection) const;
  std::int64_t now_ns();

  bool fail(std::string code, std::string message, const Function& f, const Instruction& i);
  bool limit_error();
  std::string location(const Function& f, const Instruction& i) const;

  Arena arena_;
  Meter meter_;
  RegisterStack stack_;
  const Program* program_ = nullptr;
  Evaluation evaluation_;
  std::vector<MemoEntry> memo_;   ///< rule sets, outermost context
  std::vector<MemoEntry> slots_;  ///< input slots, outermost context
  std::uint32_t epoch_ = 0;
  Context outermost_;
  const Context* context_ = nullptr;
  std::uint32_t depth_ = 0;
  std::vector<Contribution> contributions_;
  std::vector<RememberedCall> remembered_;
  std::vector<std::uint32_t> candidates_;  ///< scratch
  BuiltinStore kept_, per_evaluation_;
  std::mt19937_64 random_;
  std::optional<EvalError> error_;
  /// With strict built-in errors: the call was undefined and the evaluation went on, as in OPA.
  std::optional<EvalError> first_builtin_error_;
  bool deterministic_ = true;
  std::uint32_t plus_ = kNone, minus_ = kNone,
                mul_ = kNone;  ///< built-in numbers of the arithmetic instructions
};

}  // namespace signalbox::policy
