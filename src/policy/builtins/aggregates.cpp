// count, sum, product, max, min, sort, and the deprecated all and any.
// Sums are exact while every element is an integer, and 64-bit-mantissa floating point otherwise, as OPA's.
#include <algorithm>
#include <vector>

#include "policy/builtins/declare.h"
#include "policy/builtins/digits.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"
#include "policy/value/float_sum.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::string_view kSetOrArray[] = {"set", "array"};
constexpr std::string_view kArrayOrSet[] = {"array", "set"};

bool is_collection(const Value& value) {
  return value.is_array() || value.is_set();
}

BuiltinResult count(BuiltinContext& context, Value of) {
  static constexpr std::string_view kCountable[] = {"array", "object", "set", "string"};
  if (of.is_array() || of.is_object() || of.is_set()) return Value::integer(of.size());
  if (!of.is_string()) return operand_error(1, kCountable, of);
  if (!charge_bytes(context, of.size())) return limit_failure();
  return Value::integer(static_cast<std::int64_t>(go::rune_count(of.as_string())));
}

/// Checks that an operand is a collection of numbers.
std::expected<bool, BuiltinError> all_integers(BuiltinContext& context, const Value& of) {
  if (!is_collection(of)) return operand_error(1, kSetOrArray, of);
  bool integers = true;
  for (const Value& element : elements_of(of)) {
    if (!element.is_number()) return element_error(1, of, "number", element);
    if (!context.meter.charge(digits_of(element) / kBytesPerStep)) return limit_failure();
    integers = integers && (element.is_integer() || integer_digits(element));
  }
  return integers;
}

template <NumberResult (*Combine)(Arena&, const Value&, const Value&), std::int64_t Start>
BuiltinResult fold(BuiltinContext& context, Value of) {
  if (auto checked = all_integers(context, of); !checked) return std::unexpected(checked.error());
  Value total = Value::integer(Start);
  for (const Value& element : elements_of(of)) {
    if (!context.meter.charge(1 + cost_of_digits(total, element))) return limit_failure();
    NumberResult next = Combine(context.arena, total, element);
    if (!next) return builtin_failure(std::string(message(next.error())));
    total = *next;
  }
  return total;
}

BuiltinResult sum(BuiltinContext& context, Value of) {
  auto integers = all_integers(context, of);
  if (!integers) return std::unexpected(integers.error());
  if (*integers) return fold<add, 0>(context, of);
  if (!context.meter.charge(1 + of.size())) return limit_failure();
  NumberResult total = sum_of_floats(context.arena, elements_of(of));
  if (!total) return builtin_failure(std::string(message(total.error())));
  return *total;
}

BuiltinResult product(BuiltinContext& context, Value of) {
  auto integers = all_integers(context, of);
  if (!integers) return std::unexpected(integers.error());
  if (*integers) return fold<multiply, 1>(context, of);
  if (!context.meter.charge(1 + of.size())) return limit_failure();
  NumberResult total = product_of_floats(context.arena, elements_of(of));
  if (!total) return builtin_failure(std::string(message(total.error())));
  return *total;
}

// Of equal elements (1 and 1.0) the last of an array is taken.
template <bool Greater>
BuiltinResult extreme(BuiltinContext& context, Value of) {
  if (!is_collection(of)) return operand_error(1, kSetOrArray, of);
  auto elements = elements_of(of);
  if (elements.empty()) return Value::undefined();
  if (of.is_set()) return Greater ? elements.back() : elements.front();
  if (!context.meter.charge(elements.size())) return limit_failure();
  Value best = elements[0];
  for (const Value& element : elements) {
    int order = compare(best, element);
    if (Greater ? order <= 0 : order >= 0) best = element;
  }
  return best;
}

BuiltinResult sort(BuiltinContext& context, Value of) {
  if (!is_collection(of)) return operand_error(1, kSetOrArray, of);
  auto elements = elements_of(of);
  if (of.is_set()) return Value::array(elements);  // a set is kept sorted
  if (!context.meter.charge(1 + elements.size() * 8)) return limit_failure();
  if (std::is_sorted(elements.begin(), elements.end())) return of;
  auto sorted = context.arena.copy(elements);
  std::stable_sort(sorted.begin(), sorted.end());
  return Value::array(sorted);
}

BuiltinResult all(BuiltinContext&, Value of) {
  if (!is_collection(of)) return operand_error(1, kArrayOrSet, of);
  return Value::boolean(std::ranges::all_of(elements_of(of), &Value::is_true));
}

BuiltinResult any(BuiltinContext&, Value of) {
  if (!is_collection(of)) return operand_error(1, kArrayOrSet, of);
  return Value::boolean(std::ranges::any_of(elements_of(of), &Value::is_true));
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn, Traits traits = {}) {
  return declare("aggregates", name, signature, fn, traits);
}

constexpr Builtin kTable[] = {
    row("all", "(any<array[any], set[any]>) => boolean", typed<all>, {.deprecated = true}),
    row("any", "(any<array[any], set[any]>) => boolean", typed<any>, {.deprecated = true}),
    row("count", "(any<string, array[any], object[any: any], set[any]>) => number", typed<count>),
    row("max", "(any<array[any], set[any]>) => any", typed<extreme<true>>),
    row("min", "(any<array[any], set[any]>) => any", typed<extreme<false>>),
    row("product", "(any<array[number], set[number]>) => number", typed<product>),
    row("sort", "(any<array[any], set[any]>) => array[any]", typed<sort>),
    row("sum", "(any<array[number], set[number]>) => number", typed<sum>),
};

}  // namespace

std::span<const Builtin> aggregates() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
