// Planner, calls: comparisons and arithmetic become instructions, the rest calls of functions and built-ins.
// A call may have one operand more than its arity: that one is the output, to be unified with the result.
#include <algorithm>
#include <array>
#include <optional>

#include "policy/compile/planner.h"

namespace signalbox::policy {
namespace {

struct Operator {
  std::string_view name;
  Opcode op;
};
constexpr std::array kTests = {Operator{"equal", Opcode::Equal},
                               Operator{"neq", Opcode::NotEqual},
                               Operator{"lt", Opcode::Less},
                               Operator{"lte", Opcode::LessEqual},
                               Operator{"gt", Opcode::Greater},
                               Operator{"gte", Opcode::GreaterEqual},
                               Operator{"internal.member_2", Opcode::Member}};
constexpr std::array kArithmetic = {Operator{"plus", Opcode::Add}, Operator{"minus", Opcode::Subtract},
                                    Operator{"mul", Opcode::Multiply}};

std::optional<Opcode> opcode_in(std::span<const Operator> table, std::string_view name) {
  const auto found = std::ranges::find(table, name, &Operator::name);
  return found == table.end() ? std::nullopt : std::optional(found->op);
}

}  // namespace

std::uint32_t Planner::builtin_number(const std::string& name) const {
  for (auto it = program_.builtins.rbegin(); it != program_.builtins.rend(); ++it) {
    if ((*it)->name == name) return static_cast<std::uint32_t>(program_.builtins.rend() - it) - 1;
  }
  return kNone;
}

std::size_t Planner::arity_of(const std::string& name, const ast::Call& call) const {
  if (const auto it = program_.function_by_path.find(name); it != program_.function_by_path.end()) {
    return program_.functions[it->second].arguments;
  }
  const std::uint32_t number = builtin_number(name);
  if (number == kNone) return call.arity();
  const Builtin& builtin = *program_.builtins[number];
  return builtin.variadic ? call.arity() : builtin.arity;
}

/// `with` replaces the function somewhere. In modules `a == b` is unification, as in OPA, which nothing
/// replaces; `x := a == b` is a call.
bool Planner::is_mockable(const std::string& name, std::size_t operands) const {
  const bool unifies = name == "equal" && operands == 2 && file_ != kNone;
  return with_targets_.calls.contains(name) && !unifies;
}

bool Planner::plan_test(const std::string& name, std::span<const ast::Term> args) {
  const auto op = opcode_in(kTests, name);
  if (!op || args.size() != 2 || is_mockable(name, args.size())) return false;
  const auto sides = plan_operands(args);
  code_->emit_or_fail(*op, 0, sides[0], sides[1]);
  return true;
}

/// Every element of what a relation gives, one after the other.
Code::Operand Planner::plan_each(Operand members) {
  const Register iterator = code_->fresh(2), key = code_->fresh(), value = code_->fresh();
  const Label next = code_->label();
  code_->emit_or_fail(Opcode::ScanBegin, iterator, members);
  code_->bind(next);
  code_->emit_or_fail(Opcode::ScanNext, iterator, key, value);
  code_->fail = next;
  ++code_->loops;
  return value;
}

void Planner::plan_call_statement(const ast::Call& call) {
  const std::string name = ast::operator_name(call);
  const std::span<const ast::Term> args = std::span(call.terms).subspan(1);
  if ((name == "eq" || name == "assign") && args.size() == 2) return plan_unify(args[0], args[1]);
  if (plan_test(name, args)) return;
  const std::size_t arity = arity_of(name, call);
  if (args.size() > arity + 1) return refuse(call.op().span, "too many arguments in call of " + name);
  const std::uint32_t builtin = builtin_number(name);
  Operand result = plan_call(call, arity);
  if (builtin != kNone && program_.builtins[builtin]->relation) result = plan_each(result);
  if (args.size() == arity + 1) return plan_match(args.back(), result);
  code_->emit_or_fail(Opcode::Truthy, 0, result);
}

Code::Register Planner::plan_arguments(std::span<const ast::Term> args) {
  const std::vector<Operand> values = plan_operands(args);
  const Register first = code_->fresh(static_cast<std::uint32_t>(args.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    code_->emit(Opcode::Move, first + static_cast<std::uint32_t>(i), values[i]);
  }
  return first;
}

Code::Operand Planner::plan_call(const ast::Call& call, std::size_t arguments) {
  const std::string name = ast::operator_name(call);
  const auto args = std::span(call.terms).subspan(1, std::min(arguments, call.arity()));
  const bool mockable = is_mockable(name, call.arity());
  if (const auto op = opcode_in(kArithmetic, name); op && args.size() == 2 && !mockable) {
    const auto sides = plan_operands(args);
    const Register result = code_->fresh();
    code_->emit_or_fail(*op, result, sides[0], sides[1]);
    return result;
  }
  const auto count = static_cast<std::uint16_t>(args.size());
  if (const auto it = program_.function_by_path.find(name); it != program_.function_by_path.end()) {
    const Register first = plan_arguments(args);
    const Register result = code_->fresh();
    code_->emit_or_fail(mockable ? Opcode::CallMockable : Opcode::Call, result, it->second, first, count);
    return result;
  }
  const std::uint32_t number = builtin_number(name);
  if (number == kNone) {
    refuse(call.op().span, "undefined function " + name);
    return constant(Value::null());
  }
  const Register first = plan_arguments(args);
  const Register result = code_->fresh();
  code_->emit_or_fail(mockable ? Opcode::BuiltinMockable : Opcode::Builtin, result, number, first, count);
  return result;
}

}  // namespace signalbox::policy
