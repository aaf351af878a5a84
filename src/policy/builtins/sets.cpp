// Set operators and their n-ary forms. Sets are sorted, so every operation is a merge.
#include <algorithm>
#include <iterator>

#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/set_algebra.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {

BuiltinResult set_difference(BuiltinContext& context, Set a, Set b) {
  if (a.elements().empty() || b.elements().empty()) return a.value;
  if (!context.meter.charge(a.value.size() + b.value.size())) return limit_failure();
  Value* out = context.arena.allocate_array<Value>(a.value.size());
  Value* end = std::ranges::set_difference(a.elements(), b.elements(), out, std::less<>{}).out;
  return adopt_sorted_set(context.arena, {out, end});
}

namespace {

BuiltinResult set_intersection(BuiltinContext& context, Set a, Set b) {
  if (!context.meter.charge(a.value.size() + b.value.size())) return limit_failure();
  Value* out = context.arena.allocate_array<Value>(std::min(a.value.size(), b.value.size()));
  Value* end = std::ranges::set_intersection(a.elements(), b.elements(), out, std::less<>{}).out;
  return adopt_sorted_set(context.arena, {out, end});
}

BuiltinResult set_union(BuiltinContext& context, Set a, Set b) {
  if (a.elements().empty()) return b.value;
  if (b.elements().empty()) return a.value;
  if (!context.meter.charge(a.value.size() + b.value.size())) return limit_failure();
  Value* out = context.arena.allocate_array<Value>(a.value.size() + b.value.size());
  Value* end = std::ranges::set_union(a.elements(), b.elements(), out, std::less<>{}).out;
  return adopt_sorted_set(context.arena, {out, end});
}

BuiltinResult intersection_of(BuiltinContext& context, Set sets) {
  if (sets.elements().empty()) return kEmptySet;
  BuiltinResult result = Value::undefined();
  for (const Value& element : sets.elements()) {
    auto set = operand<Set>(element, 1);
    if (!set) return std::unexpected(set.error());
    result = *result ? set_intersection(context, Set{*result}, *set) : BuiltinResult(set->value);
    if (!result) return result;
  }
  return result;
}

BuiltinResult union_of(BuiltinContext& context, Set sets) {
  SetBuilder all(context.arena);
  for (const Value& element : sets.elements()) {
    auto set = operand<Set>(element, 1);
    if (!set) return std::unexpected(set.error());
    if (!context.meter.charge(1 + set->value.size())) return limit_failure();
    for (const Value& member : set->elements()) all.add(member);
  }
  return all.finish();
}

constexpr std::string_view kBinary = "(set[any], set[any]) => set[any]";
constexpr std::string_view kOfSets = "(set[set[any]]) => set[any]";

constexpr Builtin kTable[] = {
    declare("sets", "and", kBinary, typed<set_intersection>, {.infix = "&"}),
    declare("sets", "intersection", kOfSets, typed<intersection_of>),
    declare("sets", "or", kBinary, typed<set_union>, {.infix = "|"}),
    declare("sets", "set_diff", kBinary, typed<set_difference>, {.deprecated = true}),
    declare("sets", "union", kOfSets, typed<union_of>),
};

}  // namespace

std::span<const Builtin> sets() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
