// object.*: objects are sorted by key, so unions and filters are merges.
#include <algorithm>
#include <vector>

#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

/// The keys that an array, set or object of keys names, as a set.
Operand<Value> keys_operand(BuiltinContext& context, const Value& keys) {
  static constexpr std::string_view kKeyed[] = {"object", "set", "array"};
  if (keys.is_set()) return keys;
  if (keys.is_array()) return make_set(context.arena, keys.as_array());
  if (!keys.is_object()) return operand_error(2, kKeyed, keys);
  Value* out = context.arena.allocate_array<Value>(keys.size());
  std::ranges::transform(keys.as_object(), out, &Pair::key);
  return adopt_sorted_set(context.arena, {out, keys.size()});
}

template <bool Keep>
BuiltinResult select(BuiltinContext& context, Object object, Value named) {
  auto keys = keys_operand(context, named);
  if (!keys) return std::unexpected(keys.error());
  if (!context.meter.charge(1 + object.value.size() + named.size())) return limit_failure();
  Pair* out = context.arena.allocate_array<Pair>(object.value.size());
  Pair* end = std::ranges::copy_if(object.pairs(), out, [&](const Pair& p) {
                return keys->contains(p.key) == Keep;
              }).out;
  return adopt_sorted_object(context.arena, {out, end});
}

BuiltinResult get(BuiltinContext& context, Object object, Value path, Value otherwise) {
  if (!path.is_array()) {
    Value found = object.value.at(path);
    return found ? found : otherwise;
  }
  if (!context.meter.charge(1 + path.size())) return limit_failure();
  Value at = object.value;
  for (const Value& key : path.as_array())
    if (at = at.at(key); !at) return otherwise;
  return at;
}

BuiltinResult keys(BuiltinContext& context, Object object) {
  return *keys_operand(context, object.value);
}

/// Merge of two objects: `over` wins, objects under the same key merge in turn. Undefined when a limit is
/// hit.
Value merged(BuiltinContext& context, const Value& under, const Value& over) {
  if (!context.meter.charge(1 + under.size() + over.size())) return Value::undefined();
  auto a = under.as_object(), b = over.as_object();
  Pair* out = context.arena.allocate_array<Pair>(a.size() + b.size());
  std::size_t n = 0;
  auto i = a.begin(), j = b.begin();
  while (i != a.end() || j != b.end()) {
    int order = i == a.end() ? 1 : j == b.end() ? -1 : compare(i->key, j->key);
    if (order < 0) {
      out[n++] = *i++;
    } else if (order > 0) {
      out[n++] = *j++;
    } else {
      Value value = j->value;
      if (value.is_object() && i->value.is_object()) value = merged(context, i->value, value);
      if (!value) return value;
      out[n++] = {i->key, value};
      ++i, ++j;
    }
  }
  return adopt_sorted_object(context.arena, {out, n});
}

BuiltinResult union_two(BuiltinContext& context, Object under, Object over) {
  if (under.value.size() == 0) return over.value;
  if (over.value.size() == 0) return under.value;
  Value result = merged(context, under.value, over.value);
  if (!result) return limit_failure();
  return result;
}

BuiltinResult union_many(BuiltinContext& context, Array objects) {
  for (const Value& element : objects.elements())
    if (!element.is_object()) return element_error(1, objects.value, "object", element);
  Value result = kEmptyObject;
  for (const Value& element : objects.elements())
    if (result = merged(context, result, element); !result) return limit_failure();
  return result;
}

bool is_subset(BuiltinContext& context, const Value& super, const Value& sub);

bool object_subset(BuiltinContext& context, std::span<const Pair> sub, const Value& super) {
  return std::ranges::all_of(sub, [&](const Pair& pair) {
    Value have = super.at(pair.key);
    if (!have || !context.meter.charge()) return false;
    if (have == pair.value) return true;
    return have.kind() == pair.value.kind() && is_subset(context, have, pair.value);
  });
}

bool set_subset(const Value& super, std::span<const Value> sub) {
  return std::ranges::all_of(sub, [&](const Value& element) { return super.contains(element); });
}

// OPA slides one element after a partial match without stepping back to the match's start plus one; so do we.
bool array_subset(BuiltinContext& context, std::span<const Value> super, std::span<const Value> sub) {
  if (sub.size() > super.size()) return false;
  std::size_t start = 0, matched = 0;
  while (matched < sub.size()) {
    if (start + matched == super.size() || !context.meter.charge()) return false;
    if (super[start + matched] == sub[matched]) {
      ++matched;
    } else {
      ++start;
      matched = 0;
    }
  }
  return true;
}

bool is_subset(BuiltinContext& context, const Value& super, const Value& sub) {
  if (super.is_object()) return object_subset(context, sub.as_object(), super);
  if (super.is_set()) return set_subset(super, sub.as_set());
  if (super.is_array()) return array_subset(context, super.as_array(), sub.as_array());
  return false;
}

// An empty set is a subset of an array only when the array has an element that could end OPA's search.
bool set_in_array(const Value& array, const Value& set) {
  std::size_t missing = set.size();
  for (const Value& element : array.as_array()) {
    if (set.contains(element)) --missing;
    if (missing == 0) return true;
  }
  return false;
}

BuiltinResult subset(BuiltinContext& context, Value super, Value sub) {
  bool result = false;
  if (super.kind() == sub.kind() && (super.is_object() || super.is_set() || super.is_array())) {
    result = is_subset(context, super, sub);
  } else if (super.is_array() && sub.is_set()) {
    result = set_in_array(super, sub);
  } else {
    return std::unexpected(BuiltinError{
        BuiltinError::Kind::Type, "both arguments object.subset must be of the same type or array and set"});
  }
  if (!context.meter.charge(1 + sub.size())) return limit_failure();
  return Value::boolean(result);
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("object", name, signature, fn);
}

constexpr Builtin kTable[] = {
    row("object.filter",
        "(object[any: any], any<array[any], object[any: any], set[any]>) => object[any: any]",
        typed<select<true>>),
    row("object.get", "(object[any: any], any, any) => any", typed<get>),
    row("object.keys", "(object[any: any]) => set[any]", typed<keys>),
    row("object.remove",
        "(object[any: any], any<array[any], object[any: any], set[any]>) => object[any: any]",
        typed<select<false>>),
    row("object.subset",
        "(any<array[any], object[any: any], set[any]>, any<array[any], object[any: any], set[any]>) => "
        "boolean",
        typed<subset>),
    row("object.union", "(object[any: any], object[any: any]) => object[any: any]", typed<union_two>),
    row("object.union_n", "(array[object[any: any]]) => object[any: any]", typed<union_many>),
};

}  // namespace

std::span<const Builtin> objects() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
