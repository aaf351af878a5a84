// Reference: bodies, expressions, functions, and a query as a whole.
#include <algorithm>

#include "policy/compile/document_tree.h"
#include "policy/support/reference.h"
#include "policy/value/builder.h"
#include "policy/vm/context.h"

namespace signalbox::policy::test {
namespace {

constexpr std::uint32_t kDeepest = 200;

struct Failure {
  EvalError error;
};

std::string key_of(const std::string& name, std::span<const Value> arguments) {
  return name + to_rego(Value::array(arguments));
}

}  // namespace

void Reference::fail(std::string code, std::string message) {
  throw Failure{{std::move(code), std::move(message), {}}};
}

void Reference::step() {
  if (++steps_ > most_steps) fail("eval_cancel_error", "too many steps");
}

Reference::Answers Reference::query(const check::CheckedQuery& query, Value input, bool strict) {
  Answers out;
  for (const auto& [local, name] : query.variables) out.names.push_back(name);
  arena_.reset();
  meter_.start({}, arena_);
  evaluation_.clear();
  remembered_.clear();
  bound_.clear();
  steps_ = 0;
  depth_ = rules_deep_ = 0;
  strict_ = strict;
  builtin_error_.reset();
  World world;
  world.input = input;
  world_ = &world;
  try {
    body(query.body, 0, [&] {
      std::vector<Value>& answer = out.bindings.emplace_back();
      for (const auto& [local, name] : query.variables)
        answer.push_back(bound_.contains(local) ? bound_.at(local) : Value());
    });
  } catch (const Failure& failure) {
    out.error = failure.error;
  }
  if (builtin_error_) out.error = builtin_error_;
  return out;
}

void Reference::body(const ast::Body& b, std::size_t at, const Then& then) {
  if (at == b.size()) return then();
  expression(b[at], [&] { body(b, at + 1, then); });
}

bool Reference::holds(const ast::Body& b) {
  struct Found {};
  const Bindings before = bound_;
  World* const world = world_;
  try {
    body(b, 0, [] { throw Found{}; });
  } catch (const Found&) {
    bound_ = before;
    world_ = world;
    return true;
  }
  return false;
}

void Reference::expression(const ast::Expr& e, const Then& then) {
  step();
  if (e.with.empty()) return statement(e, then);
  with(e, 0, *world_, then);
}

/// Makes the world of all modifiers, evaluates the expression there and goes on in this one.
void Reference::with(const ast::Expr& e, std::size_t at, World made, const Then& then) {
  if (at == e.with.size()) {
    World* const outside = world_;
    made.documents.clear();
    World inside = std::move(made);
    world_ = &inside;
    ast::Expr plain = e;
    plain.with.clear();
    statement(plain, [&] {
      world_ = outside;
      then();
      world_ = &inside;
    });
    world_ = outside;
    return;
  }
  const ast::With& modifier = e.with[at];
  const auto* target = ast::as<ast::Ref>(modifier.target);
  const auto* var = ast::as<ast::Var>(modifier.target);
  const std::string name = target != nullptr ? ast::dotted_name(*target) : var != nullptr ? var->name : "";
  const auto* by = ast::as<ast::Ref>(modifier.value);
  const std::string replacement = by != nullptr ? ast::dotted_name(*by) : "";
  const bool by_function =
      functions_.contains(replacement) || (by != nullptr && builtin(replacement) != nullptr);
  if (functions_.contains(name) || builtin(name) != nullptr) {
    if (by_function) {
      made.functions[name] = {{}, replacement};
      return with(e, at + 1, std::move(made), then);
    }
    return term(modifier.value, [&](Value value) {
      World next = made;
      next.functions[name] = {value, {}};
      with(e, at + 1, std::move(next), then);
    });
  }
  if (by_function) return;
  Path path;
  for (std::size_t i = 1; i < target->terms.size(); ++i)
    path.push_back(constant_value(arena_, target->terms[i]));
  if (!std::ranges::all_of(path, [](const Value& key) { return key.is_string(); }))
    return fail("eval_conflict_error", "bad document path");
  term(modifier.value, [&](Value value) {
    World next = made;
    if (ast::as<ast::Var>(target->terms.front())->name == "data") {
      next.data.push_back({path, value});
    } else {
      next.input = merge_at(arena_, next.input, path, value);
    }
    with(e, at + 1, std::move(next), then);
  });
}

void Reference::statement(const ast::Expr& e, const Then& then) {
  if (e.negated) {
    ast::Expr plain = e;
    plain.negated = false;
    if (!holds({plain})) then();
  } else if (const auto* t = ast::as<ast::Term>(e)) {
    term(*t, [&](Value value) {
      if (!value.is_false()) then();
    });
  } else if (const auto* c = ast::as<ast::Call>(e)) {
    call_statement(*c, then);
  } else if (const auto* node = ast::as<ast::Every>(e)) {
    every(*node, then);
  } else if (const auto* negation = ast::as<ast::Not>(e)) {
    if (!holds(negation->body)) then();
  } else if (const auto* logical = ast::as<ast::Logical>(e)) {
    const bool left = holds(logical->lhs);
    const bool both = logical->op == ast::LogicalOp::And;
    if (left != both ? left : holds(logical->rhs)) then();
  } else {
    then();
  }
}

void Reference::every(const ast::Every& node, const Then& then) {
  term(*node.domain, [&](Value domain) {
    if (!domain.is_array() && !domain.is_set() && !domain.is_object()) return;
    ast::Ref each;
    std::size_t count = 0, good = 0;
    const auto one = [&](const Value& key, const Value& value) {
      ++count;
      const auto rest = [&] { match(*node.value, value, [&] { good += holds(node.body) ? 1 : 0; }); };
      node.key ? match(**node.key, key, rest) : rest();
    };
    for (std::size_t i = 0; i < domain.size(); ++i) {
      if (domain.is_array()) one(Value::integer(static_cast<std::int64_t>(i)), domain.as_array()[i]);
      if (domain.is_set()) one(domain.as_set()[i], domain.as_set()[i]);
      if (domain.is_object()) one(domain.as_object()[i].key, domain.as_object()[i].value);
      if (good != count) return;
    }
    then();
  });
}

void Reference::call_statement(const ast::Call& c, const Then& then) {
  const std::string name = ast::operator_name(c);
  if (name == "eq" && c.arity() == 2) return unify({{&c.terms[1], &c.terms[2]}}, then);
  const std::size_t arity = arity_of(name, c.arity());
  Path arguments;
  terms(std::span(c.terms).subspan(1, arity), arguments, [&] {
    const auto take = [&](Value result) {
      if (c.arity() > arity) return match(c.terms.back(), result, then);
      if (!result.is_false()) then();
    };
    // In modules `a == b` is unification, which is not replaced; `x := a == b` is a call.
    if (name == "equal" && c.arity() == 2 && rules_deep_ > 0)
      return call_builtin(*builtin(name), arguments, take);
    call(name, Path(arguments), take);
  });
}

std::size_t Reference::arity_of(const std::string& name, std::size_t written) const {
  if (const auto it = functions_.find(name); it != functions_.end())
    return it->second.front()->head.args.size();
  const Builtin* known = builtin(name);
  return known == nullptr || known->variadic ? written : known->arity;
}

const Builtin* Reference::builtin(const std::string& name) const {
  if (const auto it = own_.find(name); it != own_.end()) return it->second;
  return find_builtin(name);
}

void Reference::call(const std::string& name, const Path& arguments, const Take& take) {
  step();
  if (const auto it = world_->functions.find(name); it != world_->functions.end()) {
    const Replacement replacement = it->second;
    if (replacement.value) return take(replacement.value);
    // Within a replacement all functions are themselves again.
    World* const outside = world_;
    World inside = *world_;
    inside.functions.clear();
    inside.documents.clear();
    Value result;
    world_ = &inside;
    call(replacement.function, arguments, [&](Value value) { result = value; });
    world_ = outside;
    if (result) take(result);
    return;
  }
  if (functions_.contains(name)) {
    if (const Value result = call_function(name, arguments)) take(result);
    return;
  }
  call_builtin(*builtin(name), arguments, take);
}

void Reference::call_builtin(const Builtin& b, const Path& arguments, const Take& take) {
  const std::string key = key_of(std::string(b.name), arguments);
  if (b.nondeterministic && remembered_.contains(key)) return take(remembered_.at(key));
  BuiltinContext context{arena_,  meter_,  kept_,   evaluation_, host_, 1'700'000'000'000'000'000,
                         random_, strict_, nullptr, ""};
  const BuiltinResult result = b.fn(context, arguments);
  if (!result) {
    const bool type = result.error().kind == BuiltinError::Kind::Type;
    const EvalError error{type ? "eval_type_error" : "eval_builtin_error",
                          std::string(b.name) + ": " + result.error().message,
                          {}};
    if (meter_.hit() != LimitHit::None) fail("eval_cancel_error", "limit");
    if (result.error().kind == BuiltinError::Kind::Halt) throw Failure{error};
    if (strict_ && !builtin_error_) builtin_error_ = error;
    return;
  }
  if (result->is_undefined()) return;
  if (b.nondeterministic) remembered_.emplace(key, *result);
  if (!b.relation) return take(*result);
  for (const Value& each : result->as_array()) take(each);
}

Value Reference::call_function(const std::string& name, const Path& arguments) {
  if (++depth_ > kDeepest) fail("eval_cancel_error", "too deep");
  Value out, otherwise;
  for (const ast::Rule* rule : functions_.at(name)) {
    if (rule->is_default) {
      otherwise = rule_value(*rule, &arguments);
      continue;
    }
    const Value value = rule_value(*rule, &arguments);
    if (!value) continue;
    if (out && !(out == value))
      fail("eval_conflict_error", "functions must not produce multiple outputs for same inputs");
    if (!out) out = value;
  }
  --depth_;
  return out ? out : otherwise;
}

/// The value of a complete rule or function and its `else` branches; undefined when none holds.
Value Reference::rule_value(const ast::Rule& rule, const Path* arguments) {
  const InRule in_rule(*this);
  Bindings outside;
  outside.swap(bound_);
  Value out;
  const auto found = [&](Value value) {
    if (out && !(out == value)) {
      fail("eval_conflict_error", arguments != nullptr
                                      ? "functions must not produce multiple outputs for same inputs"
                                      : "complete rules must not produce multiple outputs");
    }
    if (!out) out = value;
  };
  const auto run = [&] {
    body(rule.body, 0, [&] { rule.head.value ? term(*rule.head.value, found) : found(kTrue); });
  };
  if (arguments != nullptr) {
    match_items(rule.head.args, *arguments, run);
  } else {
    run();
  }
  bound_.swap(outside);
  if (!out && rule.otherwise) return rule_value(**rule.otherwise, arguments);
  return out;
}

}  // namespace signalbox::policy::test
