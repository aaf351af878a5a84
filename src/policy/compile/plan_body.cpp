// Planner, bodies: expressions, negation, every, and/or, `with`.
// Each control structure is labels only: a sub-body fails to its own label and succeeds by falling through.
#include <algorithm>

#include "policy/compile/planner.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {

void Planner::plan_body(const ast::Body& body) {
  for (const ast::Expr& expr : body) plan_expr(expr);
}

void Planner::plan_expr(const ast::Expr& expr) {
  locate(expr.span);
  if (!expr.with.empty()) {
    plan_with(expr, [&] { plan_negatable(expr); });
  } else {
    plan_negatable(expr);
  }
}

void Planner::plan_negatable(const ast::Expr& expr) {
  if (!expr.negated) return plan_statement(expr);
  const Label outer = code_->fail;
  const Label holds = code_->label();
  const Bindings before = bound_;
  const std::uint32_t loops = code_->loops;
  code_->fail = holds;
  plan_statement(expr);
  code_->jump_failing(outer);
  code_->bind(holds);
  code_->fail = outer;
  code_->loops = loops;
  bound_ = before;
}

void Planner::plan_statement(const ast::Expr& expr) {
  if (const auto* term = ast::as<ast::Term>(expr)) {
    const Operand value = plan_term(*term);
    if (!is_constant_operand(value) || constant_at(value).is_false())
      code_->emit_or_fail(Opcode::Truthy, 0, value);
  } else if (const auto* call = ast::as<ast::Call>(expr)) {
    plan_call_statement(*call);
  } else if (const auto* every = ast::as<ast::Every>(expr)) {
    plan_every(*every);
  } else if (const auto* negation = ast::as<ast::Not>(expr)) {
    plan_not(*negation);
  } else if (const auto* logical = ast::as<ast::Logical>(expr)) {
    plan_logical(*logical);
  } else {
    // `some x, y` declares and does nothing; `some x in xs` is a call by now.
  }
}

void Planner::plan_not(const ast::Not& node) {
  const Label outer = code_->fail;
  const Label holds = code_->label();
  const Bindings before = bound_;
  const std::uint32_t loops = code_->loops;
  code_->fail = holds;
  plan_body(node.body);
  code_->jump_failing(outer);
  code_->bind(holds);
  code_->fail = outer;
  code_->loops = loops;
  bound_ = before;
}

void Planner::plan_every(const ast::Every& every) {
  const Label outer = code_->fail;
  const Operand domain = plan_term(*every.domain);
  const Bindings before = bound_;
  const Label enclosing = code_->fail;
  const Label next = code_->label(), violated = code_->label(), holds = code_->label();
  const Register iterator = code_->fresh(2), key = code_->fresh(), value = code_->fresh();
  code_->emit_or(enclosing, Opcode::ScanBegin, iterator, domain);
  code_->bind(next);
  code_->emit_or(holds, Opcode::ScanNext, iterator, key, value);
  code_->fail = violated;
  const std::uint32_t loops = code_->loops++;
  if (every.key) plan_match(**every.key, key);
  plan_match(*every.value, value);
  plan_body(every.body);
  code_->jump(next);
  code_->bind(violated);
  code_->jump_failing(enclosing);
  code_->bind(holds);
  code_->fail = enclosing;
  code_->loops = loops;
  bound_ = before;
  (void)outer;
}

void Planner::plan_operand_body(const ast::Body& body, Label otherwise) {
  const Bindings before = bound_;
  const std::uint32_t loops = code_->loops;
  code_->fail = otherwise;
  plan_body(body);
  code_->loops = loops;
  bound_ = before;
}

void Planner::plan_logical(const ast::Logical& logical) {
  const Label outer = code_->fail;
  if (logical.op == ast::LogicalOp::And) {
    plan_operand_body(logical.lhs, outer);
    plan_operand_body(logical.rhs, outer);
  } else {
    const Label second = code_->label(), holds = code_->label();
    plan_operand_body(logical.lhs, second);
    code_->jump(holds);
    code_->bind(second);
    plan_operand_body(logical.rhs, outer);
    code_->bind(holds);
  }
  code_->fail = outer;
}

/// The name of a function or built-in that a `with` names; "" when the term is something else.
std::string Planner::function_named(const ast::Term& term) const {
  const auto* ref = ast::as<ast::Ref>(term);
  const auto* var = ast::as<ast::Var>(term);
  std::string name = ref != nullptr ? ast::dotted_name(*ref) : var != nullptr ? var->name : std::string();
  const bool known = program_.function_by_path.contains(name) || builtin_number(name) != kNone;
  return known ? name : std::string();
}

/// A rule in the place of a function is read under the other modifiers, and may be undefined: calls are then.
bool Planner::is_late(const ast::With& with) const {
  return ast::as<ast::Ref>(with.value) != nullptr && function_named(with.value).empty() &&
         !function_named(with.target).empty();
}

/// Plans `inside` in the scope of the expression's modifiers.
void Planner::plan_with(const ast::Expr& expr, const std::function<void()>& inside) {
  std::vector<Operand> values;
  for (const ast::With& with : expr.with) {
    const bool by_function = ast::as<ast::Ref>(with.value) != nullptr && !function_named(with.value).empty();
    if (by_function && function_named(with.target).empty()) {
      code_->jump_failing(code_->fail);  // a function has no value that a document could take
      values.push_back(constant(Value::null()));
    } else {
      values.push_back(by_function || is_late(with) ? kNone : plan_term(with.value));
    }
  }
  const Register outer = code_->begin_scope();
  const Register context = code_->fresh();
  code_->emit(Opcode::ContextNew, context);
  for (std::size_t i = 0; i < expr.with.size(); ++i) {
    if (!is_late(expr.with[i])) plan_with_modifier(context, expr.with[i], values[i]);
  }
  code_->enter(context);
  plan_late_modifiers(expr);
  inside();
  code_->leave(outer);
}

void Planner::plan_late_modifiers(const ast::Expr& expr) {
  if (std::ranges::none_of(expr.with, [&](const ast::With& with) { return is_late(with); })) return;
  std::vector<std::pair<const ast::With*, Register>> late;
  for (const ast::With& with : expr.with) {
    if (!is_late(with)) continue;
    const Register value = code_->fresh();
    code_->emit(Opcode::Undefine, value);
    const Label outer = code_->fail, done = code_->label();
    code_->fail = done;
    code_->emit(Opcode::Move, value, plan_term(with.value));
    code_->bind(done);
    code_->fail = outer;
    late.emplace_back(&with, value);
  }
  const Register context = code_->fresh();
  code_->emit(Opcode::ContextNew, context);
  for (const auto& [with, value] : late) plan_with_modifier(context, *with, value);
  code_->enter(context);
}

void Planner::plan_with_modifier(Register context, const ast::With& with, Operand value) {
  locate(with.span);
  if (const std::string name = function_named(with.target); !name.empty()) {
    const auto function = program_.function_by_path.find(name);
    const bool of_builtin = function == program_.function_by_path.end();
    const std::uint32_t target = of_builtin ? builtin_number(name) : function->second;
    if (value != kNone) return code_->emit(Opcode::WithValue, context, target, value, of_builtin ? 1 : 0);
    const std::string to = function_named(with.value);
    const auto by_function = program_.function_by_path.find(to);
    const bool to_builtin = by_function == program_.function_by_path.end();
    const std::uint32_t replacement = to_builtin ? builtin_number(to) : by_function->second;
    return code_->emit(Opcode::WithFunction, context, target, replacement,
                       static_cast<std::uint16_t>((of_builtin ? 1 : 0) | (to_builtin ? 2 : 0)));
  }
  const auto* ref = ast::as<ast::Ref>(with.target);
  if (ref == nullptr) return refuse(with.span, "with: unknown target");
  std::vector<Value> keys;
  for (std::size_t i = 1; i < ref->terms.size(); ++i) keys.push_back(constant_value(*memory_, ref->terms[i]));
  const auto* head = ast::as<ast::Var>(ref->terms.front());
  const Operand path = constant(make_array(*memory_, keys));
  code_->emit(head != nullptr && head->name == "data" ? Opcode::WithData : Opcode::WithInput, context, path,
              value);
}

}  // namespace signalbox::policy
