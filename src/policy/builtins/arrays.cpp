// array.*: immutable arrays share elements; a slice borrows the array it is cut from.
#include <algorithm>

#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

BuiltinResult concat(BuiltinContext& context, Array left, Array right) {
  auto a = left.elements(), b = right.elements();
  if (a.empty()) return right.value;
  if (b.empty()) return left.value;
  if (!context.meter.charge(a.size() + b.size())) return limit_failure();
  Value* joined = context.arena.allocate_array<Value>(a.size() + b.size());
  std::ranges::copy(b, std::ranges::copy(a, joined).out);
  return Value::array({joined, a.size() + b.size()});
}

BuiltinResult flatten(BuiltinContext& context, Array nested) {
  auto elements = nested.elements();
  if (std::ranges::none_of(elements, &Value::is_array)) return nested.value;
  ArrayBuilder flat(context.arena);
  for (const Value& element : elements) {
    if (!element.is_array()) {
      flat.add(element);
      continue;
    }
    if (!context.meter.charge(1 + element.size())) return limit_failure();
    for (const Value& inner : element.as_array()) flat.add(inner);
  }
  return flat.finish();
}

BuiltinResult slice(BuiltinContext&, Array array, Int start, Int stop) {
  auto elements = array.elements();
  auto size = static_cast<std::int64_t>(elements.size());
  std::int64_t to = std::clamp<std::int64_t>(stop.value, 0, size);
  std::int64_t from = std::clamp<std::int64_t>(start.value, 0, to);
  return Value::array(elements.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
}

BuiltinResult reverse(BuiltinContext& context, Array array) {
  auto elements = array.elements();
  if (elements.size() < 2) return array.value;
  if (!context.meter.charge(elements.size())) return limit_failure();
  auto reversed = context.arena.copy(elements);
  std::ranges::reverse(reversed);
  return Value::array(reversed);
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("array", name, signature, fn);
}

constexpr Builtin kTable[] = {
    row("array.concat", "(array[any], array[any]) => array[any]", typed<concat>),
    row("array.flatten", "(array[any]) => array[any]", typed<flatten>),
    row("array.reverse", "(array[any]) => array[any]", typed<reverse>),
    row("array.slice", "(array[any], number, number) => array[any]", typed<slice>),
};

}  // namespace

std::span<const Builtin> arrays() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
