// The comparison operators: Rego's total order over every kind of value.
#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

BuiltinResult equal(BuiltinContext&, Value a, Value b) {
  return Value::boolean(a == b);
}
BuiltinResult not_equal(BuiltinContext&, Value a, Value b) {
  return Value::boolean(!(a == b));
}
BuiltinResult less(BuiltinContext&, Value a, Value b) {
  return Value::boolean(compare(a, b) < 0);
}
BuiltinResult less_or_equal(BuiltinContext&, Value a, Value b) {
  return Value::boolean(compare(a, b) <= 0);
}
BuiltinResult greater(BuiltinContext&, Value a, Value b) {
  return Value::boolean(compare(a, b) > 0);
}
BuiltinResult greater_or_equal(BuiltinContext&, Value a, Value b) {
  return Value::boolean(compare(a, b) >= 0);
}

constexpr Builtin row(std::string_view name, std::string_view infix, BuiltinFn fn) {
  return declare("comparison", name, "(any, any) => boolean", fn, {.infix = infix});
}

constexpr Builtin kTable[] = {
    row("equal", "==", typed<equal>),          row("gt", ">", typed<greater>),
    row("gte", ">=", typed<greater_or_equal>), row("lt", "<", typed<less>),
    row("lte", "<=", typed<less_or_equal>),    row("neq", "!=", typed<not_equal>),
};

}  // namespace

std::span<const Builtin> comparison() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
