// What the compiler rewrites syntax to: `in`, print(), template strings; and the built-ins that compiler or
// VM do entirely (no function here): assign, eq, print, rego.metadata.*. And trace, opa.runtime.
#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/json.h"

namespace signalbox::policy::builtins {
namespace {

BuiltinResult member(BuiltinContext& context, Value element, Value collection) {
  if (collection.is_set()) return Value::boolean(collection.contains(element));
  if (!context.meter.charge(1 + collection.size())) return limit_failure();
  if (collection.is_array()) {
    for (const Value& candidate : collection.as_array())
      if (candidate == element) return kTrue;
  } else if (collection.is_object()) {
    for (const Pair& pair : collection.as_object())
      if (pair.value == element) return kTrue;
  }
  return kFalse;
}

BuiltinResult member_with_key(BuiltinContext&, Value key, Value element, Value collection) {
  if (collection.is_set()) return Value::boolean(collection.contains(key) && key == element);
  if (!collection.is_array() && !collection.is_object()) return kFalse;
  Value found = collection.at(key);
  return Value::boolean(found && found == element);
}

/// As print and template strings show a value: strings bare, the rest as Rego.
void append_shown(std::string& out, const Value& value) {
  if (value.is_string())
    out += value.as_string();
  else
    out += to_rego(value);
}

/// An operand is a scalar, or a set of at most one value, empty when the expression is undefined.
bool append_operand(std::string& out, const Value& operand) {
  if (operand.is_array() || operand.is_object()) return false;
  if (!operand.is_set())
    append_shown(out, operand);
  else if (operand.size() == 0)
    out += "<undefined>";
  else
    append_shown(out, operand.as_set()[0]);
  return true;
}

std::unexpected<BuiltinError> illegal_argument(const Value& operand) {
  return std::unexpected(BuiltinError{BuiltinError::Kind::Halt,
                                      "illegal argument type: " + std::string(kind_name(operand.kind()))});
}

BuiltinResult template_string(BuiltinContext& context, Array parts) {
  std::string out;
  for (const Value& part : parts.elements()) {
    if (part.is_set() && part.size() > 1)
      return std::unexpected(
          BuiltinError{BuiltinError::Kind::Halt, "template-strings must not produce multiple outputs"});
    if (!append_operand(out, part)) return illegal_argument(part);
    if (!context.meter.charge() || !context.meter.fits(out.size())) return limit_failure();
  }
  return owned_string(context, out);
}

/// One line for every combination of the operands' values.
bool print_lines(BuiltinContext& context, std::span<const Value> operands, const std::string& line,
                 bool first) {
  if (!context.meter.charge(1 + line.size() / kBytesPerStep)) return false;
  if (operands.empty()) {
    (*context.notes)(context.location, line);
    return true;
  }
  std::string head = first ? line : line + " ";
  const Value& operand = operands[0];
  auto rest = operands.subspan(1);
  if (!operand.is_set() || operand.size() < 2) {
    append_operand(head, operand);
    return print_lines(context, rest, head, false);
  }
  for (const Value& value : operand.as_set()) {
    std::string next = head;
    append_shown(next, value);
    if (!print_lines(context, rest, next, false)) return false;
  }
  return true;
}

BuiltinResult print(BuiltinContext& context, Array operands) {
  if (context.notes == nullptr) return kTrue;
  for (const Value& operand : operands.elements())
    if (operand.is_array() || operand.is_object()) return illegal_argument(operand);
  if (!print_lines(context, operands.elements(), "", true)) return limit_failure();
  return kTrue;
}

// The evaluator's tracer names test cases; the call itself only succeeds.
BuiltinResult test_case(BuiltinContext&, Array) {
  return kTrue;
}

BuiltinResult trace(BuiltinContext& context, std::string_view note) {
  if (context.notes != nullptr) (*context.notes)(context.location, note);
  return kTrue;
}

BuiltinResult runtime(BuiltinContext& context, std::span<const Value>) {
  auto value = parse_json(context.arena, context.host.runtime_json);
  if (!value) return builtin_failure("the host's runtime description is no JSON: " + value.error().message);
  return *value;
}

constexpr char kChain[] = "chain", kRule[] = "rule";

/// Within rules these calls are constants by now.
template <const char* Name>
BuiltinResult metadata_outside(BuiltinContext&, std::span<const Value>) {
  return builtin_failure("the rego.metadata." + std::string(Name) +
                         " function must only be called within the scope of a rule");
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn, Traits traits = {}) {
  return declare("internal", name, signature, fn, traits);
}

constexpr Builtin kTable[] = {
    row("assign", "(any, any) => boolean", nullptr, {.infix = ":="}),
    row("eq", "(any, any) => boolean", nullptr, {.infix = "="}),
    row("internal.member_2", "(any, any) => boolean", typed<member>, {.infix = "in"}),
    row("internal.member_3", "(any, any, any) => boolean", typed<member_with_key>, {.infix = "in"}),
    row("internal.print", "(array[set[any]])", typed<print>, {.reads_context = true}),
    row("internal.template_string", "(array[any]) => string", typed<template_string>),
    row("internal.test_case", "(array[any])", typed<test_case>, {.reads_context = true}),
    declare("opa", "opa.runtime", "() => object[string: any]", runtime, {.nondeterministic = true}),
    row("print", "(any...)", nullptr, {.variadic = true}),
    declare("rego", "rego.metadata.chain", "() => array[any]", metadata_outside<kChain>,
            {.reads_context = true}),
    declare("rego", "rego.metadata.rule", "() => any", metadata_outside<kRule>, {.reads_context = true}),
    declare("tracing", "trace", "(string) => boolean", typed<trace>, {.reads_context = true}),
};

}  // namespace

std::span<const Builtin> internal_calls() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
