// Planner, queries: a body becomes a function that collects its answers.
// An expression's value is part of an answer. The surprise: where a query is one expression that does not
// iterate, false is an answer (`opa eval '1 > 2'` says false); in any other query it fails, as in a rule.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {

void Planner::begin_function(std::string name) {
  function_ = std::make_unique<ir::Function>();
  function_->name = std::move(name);
  code_ = std::make_unique<Code>(*function_);
  bound_.clear();
}

namespace {

/// Some reference has a variable as a part, or `walk` is called: there may be several answers.
bool iterates(const ast::Body& body) {
  bool found = false;
  ast::for_each_term(body, [&](const ast::Term& term) {
    if (ast::as<ast::ArrayComprehension>(term) != nullptr ||
        ast::as<ast::SetComprehension>(term) != nullptr ||
        ast::as<ast::ObjectComprehension>(term) != nullptr) {
      return false;
    }
    if (const auto* ref = ast::as<ast::Ref>(term)) {
      found = found || ast::dotted_name(*ref) == "walk" ||
              std::ranges::any_of(ref->terms.begin() + 1, ref->terms.end(),
                                  [](const ast::Term& part) { return ast::as<ast::Var>(part) != nullptr; });
    }
    return true;
  });
  return found;
}

}  // namespace

Code::Operand Planner::plan_captured(const ast::Expr& expr) {
  locate(expr.span);
  if (expr.with.empty()) return plan_captured_here(expr);
  Operand out = kNone;
  plan_with(expr, [&] { out = plan_captured_here(expr); });
  return out;
}

/// The expression's value, where it has one of its own; what else holds gives true.
Code::Operand Planner::plan_captured_here(const ast::Expr& expr) {
  const bool plain = !expr.negated && !expr.generated;
  if (const auto* term = ast::as<ast::Term>(expr); term != nullptr && plain) return plan_term(*term);
  if (const auto* call = ast::as<ast::Call>(expr); call != nullptr && plain) {
    const std::string name = ast::operator_name(*call);
    const std::uint32_t builtin = builtin_number(name);
    const bool unifies = name == "eq" || name == "assign";
    const bool relation = builtin != kNone && program_.builtins[builtin]->relation;
    if (!unifies && arity_of(name, *call) == call->arity()) {
      const Operand result = plan_call(*call, call->arity());
      return relation ? plan_each(result) : result;
    }
  }
  plan_negatable(expr);
  return constant(kTrue);
}

Function Planner::plan_answers(const ast::Body& body, QueryCode& query,
                               const std::vector<std::pair<std::string, std::string>>& variables) {
  begin_function("query");
  const Register builder = code_->fresh(), result = code_->fresh();
  code_->emit(Opcode::BeginArray, builder);
  const Label done = code_->label();
  code_->fail = done;
  std::vector<Operand> values, tested;
  const auto written = std::ranges::count_if(body, [](const ast::Expr& expr) { return !expr.generated; });
  const bool must_hold = written > 1 || iterates(body);
  for (const ast::Expr& expr : body) {
    const Operand value = plan_captured(expr);
    if (must_hold) tested.push_back(value);
    if (!expr.generated) values.push_back(value);
  }
  // Only now: OPA, too, evaluates every expression before it looks at what they gave.
  for (const Operand value : tested) code_->emit_or_fail(Opcode::Truthy, 0, value);
  query.expressions = values.size();
  std::vector<Operand> answer;
  for (const auto& [local, name] : variables) {
    const auto it = bound_.find(local);
    if (it == bound_.end()) continue;
    answer.push_back(it->second.operand);
    query.variables.push_back(name);
  }
  answer.insert(answer.end(), values.begin(), values.end());
  const auto count = static_cast<std::uint16_t>(answer.size());
  code_->emit(Opcode::AddElement, builder, plan_collection_term(Opcode::MakeArray, std::move(answer), count));
  code_->jump(code_->fail);
  code_->bind(done);
  code_->emit(Opcode::Finish, result, builder);
  code_->emit(Opcode::Return, 0, result);
  return assemble();
}

Function Planner::plan_value(const ast::Term& term) {
  begin_function("query value");
  const Register result = code_->fresh();
  code_->emit(Opcode::Undefine, result);
  const Label done = code_->label();
  code_->fail = done;
  code_->emit(Opcode::Move, result, plan_term(term));
  code_->bind(done);
  code_->emit(Opcode::Return, 0, result);
  return assemble();
}

std::unique_ptr<QueryCode> Planner::plan_query(
    const ast::Body& body, const ast::SourcePtr& source,
    const std::vector<std::pair<std::string, std::string>>& variables) {
  auto query = std::make_unique<QueryCode>();
  memory_ = &query->memory;
  constants_ = &query->constants;
  constant_numbers_.clear();
  slots_ = &query->slots;
  slots_before_ = static_cast<std::uint32_t>(program_.slots.size());
  source_ = source;
  file_ = kNone;
  const auto* term = body.size() == 1 ? ast::as<ast::Term>(body.front()) : nullptr;
  if (term != nullptr && !body.front().negated && body.front().with.empty()) query->value = plan_value(*term);
  query->answers = plan_answers(body, *query, variables);
  query->answers.constants = query->value.constants = query->constants.data();
  return query;
}

}  // namespace signalbox::policy
