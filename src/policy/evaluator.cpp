// Evaluator: one machine, asked for decisions and queries. What leaves it as a Decision is copied out of the
// arena; a query's values stay there until the next evaluation.
#include <algorithm>

#include "policy/engine.h"
#include "policy/loaded.h"
#include "policy/value/builder.h"
#include "policy/value/json.h"
#include "policy/value/number.h"
#include "policy/vm/machine.h"
#include "policy/vm/trace.h"

namespace signalbox::policy {

struct Evaluator::State {
  Machine machine;
};

Evaluator::Evaluator() : state_(std::make_unique<State>()) {}
Evaluator::~Evaluator() = default;

namespace {

constexpr std::string_view kOwnMembers[] = {"action", "priority", "final", "shadow"};

/// The object without the members the engine itself reads.
Value parameters_of(Arena& arena, const Value& object) {
  ObjectBuilder out(arena);
  for (const Pair& pair : object.as_object()) {
    const bool own =
        pair.key.is_string() && std::ranges::find(kOwnMembers, pair.key.as_string()) != std::end(kOwnMembers);
    if (!own) out.add(copy(arena, pair.key), copy(arena, pair.value));
  }
  return out.finish();
}

std::optional<ActionRequest> request_of(Arena& arena, const Value& member) {
  const Value action = member.at("action");
  if (!action.is_string()) return std::nullopt;
  ActionRequest out;
  out.action = action.as_string();
  out.parameters = parameters_of(arena, member);
  if (const Value priority = member.at("priority"); priority.is_number()) {
    out.priority = static_cast<int>(to_int64(priority).value_or(0));
  }
  out.final = member.at("final").is_true();
  out.shadow = member.at("shadow").is_true();
  return out;
}

}  // namespace

/// Turns the entry's members into requests, one for each rule that contributed the member.
struct DecisionWriter {
  const PolicySet::Loaded& set;
  std::span<const Contribution> contributions;
  Decision& decision;

  bool write(const Value& members) {
    if (members.is_undefined() || members.size() == 0) return true;
    decision.memory = std::make_shared<Arena>(1024);
    const std::span<const Value> list = members.is_set() ? members.as_set() : members.as_array();
    return std::ranges::all_of(list, [&](const Value& member) { return write_member(member); });
  }

 private:
  bool write_member(const Value& member) {
    const auto request = request_of(*decision.memory, member);
    if (!request) {
      decision.error = EvalError{"eval_type_error",
                                 "an action is no object with a string member \"action\": " + to_rego(member),
                                 {}};
      return false;
    }
    bool known = false;
    for (const Contribution& contribution : contributions) {
      if (!(contribution.value == member)) continue;
      known = true;
      const auto& name = set.names[contribution.rule];
      ActionRequest& out = decision.actions.emplace_back(*request);
      out.policy = name.policy;
      out.rule = name.rule;
      out.at = name.at;
    }
    if (!known) decision.actions.push_back(*request);
    return true;
  }
};

Explanation Evaluator::explain(const PolicySet& set, const Input& input, const Limits& limits) {
  const PolicySet::Loaded& loaded = *set.loaded_;
  Trace trace;
  Explanation out;
  out.decision = decide(set, input, limits, &trace);
  const Machine& machine = state_->machine;
  for (const std::uint32_t rule : loaded.gateway_rules) {
    const auto& name = loaded.names[rule];
    RuleOutcome& outcome = out.rules.emplace_back();
    outcome.policy = name.policy;
    outcome.rule = name.rule;
    outcome.at = name.at;
    outcome.fired =
        std::ranges::any_of(machine.contributions(), [&](const Contribution& c) { return c.rule == rule; });
    if (const Trace::Failure* failure = trace.failure(rule); failure != nullptr && !outcome.fired) {
      outcome.failed_at = {loaded.program.files[failure->at.file], failure->at.row, failure->at.col};
      outcome.compared = failure->compared;
    }
  }
  for (std::uint32_t slot = 0; slot < loaded.program.slots.size(); ++slot) {
    const Value* value = machine.read_fact(slot);
    if (value != nullptr) out.facts.push_back({loaded.program.slots[slot], *value ? to_json(*value) : ""});
  }
  return out;
}

Decision Evaluator::decide(const PolicySet& set, const Input& input, const Limits& limits, Tracer* tracer) {
  Machine& machine = state_->machine;
  const PolicySet::Loaded& loaded = *set.loaded_;
  Decision decision;
  decision.revision = loaded.revision;
  Evaluation evaluation;
  evaluation.program = &loaded.program;
  evaluation.input = &input;
  evaluation.limits = limits;
  evaluation.tracer = tracer;
  evaluation.strict = loaded.options.strict_builtin_errors;
  machine.start(evaluation);
  Value members;
  if (loaded.entry == kNone) return decision;
  const bool good = machine.rule_set(loaded.entry, members);
  if (!machine.finish(good, members)) {
    decision.error = machine.take_error();
  } else if (members && !members.is_set() && !members.is_array()) {
    decision.error = EvalError{"eval_type_error", loaded.options.entry + " is no set of actions", {}};
  } else {
    DecisionWriter{loaded, machine.contributions(), decision}.write(members);
  }
  if (decision.error) decision.actions.clear();
  decision.deterministic = machine.deterministic();
  decision.steps = machine.meter().steps();
  return decision;
}

namespace {

Evaluation evaluation_of(const Program& program, const QueryCode& code, const Input& input,
                         const Limits& limits, const QueryOptions& options) {
  Evaluation out;
  out.program = &program;
  out.query = &code;
  out.input = &input;
  out.limits = limits;
  out.strict = options.strict_builtin_errors;
  out.notes = options.notes;
  out.now_ns = options.now_ns;
  out.traces = options.traces;
  out.tracer = options.tracer;
  return out;
}

}  // namespace

std::expected<std::vector<Bindings>, EvalError> Evaluator::query(const PreparedQuery& query,
                                                                 const Input& input, const Limits& limits,
                                                                 const QueryOptions& options) {
  const auto& compiled = *query.compiled_;
  Machine& machine = state_->machine;
  machine.start(evaluation_of(compiled.program(), *compiled.code, input, limits, options));
  Value answers;
  const bool good = machine.call(compiled.code->answers, {}, answers);
  if (!machine.finish(good, answers)) return std::unexpected(machine.take_error());
  std::vector<Bindings> out;
  const std::size_t variables = compiled.code->variables.size();
  for (const Value& answer : answers.as_array()) {
    out.push_back({answer.as_array().first(variables), answer.as_array().subspan(variables)});
  }
  return out;
}

std::expected<Value, EvalError> Evaluator::value(const PreparedQuery& query, const Input& input,
                                                 const Limits& limits, const QueryOptions& options) {
  const auto& compiled = *query.compiled_;
  Machine& machine = state_->machine;
  machine.start(evaluation_of(compiled.program(), *compiled.code, input, limits, options));
  Value out;
  const bool single = !compiled.code->value.code.empty();
  const bool good = machine.call(single ? compiled.code->value : compiled.code->answers, {}, out);
  if (!machine.finish(good, out)) {
    return std::unexpected(machine.take_error());
  }
  if (single) return out;
  const std::size_t variables = compiled.code->variables.size();
  if (out.size() == 0) return Value();
  return out.as_array().front().as_array()[variables];
}

}  // namespace signalbox::policy
