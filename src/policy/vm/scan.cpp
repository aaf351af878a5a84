// Machine, iteration: an iterator is two registers, the collection and a position; nothing to clean up when a
// loop is left.
#include "policy/vm/machine_parts.h"

namespace signalbox::policy {

bool Machine::begin_scan(const Value& collection, Value* iterator) {
  if (collection.internal_tag() == kLazyTag) {
    const auto* lazy = static_cast<const Lazy*>(collection.internal_thing());
    auto* scan = arena_.allocate_array<LazyScan>(1);
    *scan = {lazy, keys_of(*lazy)};
    if (scan->keys.is_undefined()) {
      iterator[0] = lazy->base;  // an array or set of the base document
    } else {
      iterator[0] = Value::internal(kLazyScanTag, scan);
    }
  } else {
    iterator[0] = collection;
  }
  iterator[1] = Value::integer(0);
  const Kind kind = iterator[0].kind();
  return kind >= Kind::Array || iterator[0].internal_tag() == kLazyScanTag;
}

int Machine::next_of(Value* iterator, Value& key, Value& value) {
  const Value& collection = iterator[0];
  const auto position = static_cast<std::size_t>(iterator[1].as_integer());
  if (collection.internal_tag() == kLazyScanTag) return next_of_lazy(iterator, key, value);
  if (position >= collection.size()) return 0;
  iterator[1] = Value::integer(static_cast<std::int64_t>(position) + 1);
  switch (collection.kind()) {
    case Kind::Array:
      key = Value::integer(static_cast<std::int64_t>(position));
      value = collection.as_array()[position];
      return 1;
    case Kind::Object: {
      const Pair& pair = collection.as_object()[position];
      key = pair.key;
      value = pair.value;
      return 1;
    }
    default: key = value = collection.as_set()[position]; return 1;
  }
}

int Machine::next_of_lazy(Value* iterator, Value& key, Value& value) {
  const auto& scan = *static_cast<const LazyScan*>(iterator[0].internal_thing());
  for (;;) {
    const auto position = static_cast<std::size_t>(iterator[1].as_integer());
    if (position >= scan.keys.size()) return 0;
    iterator[1] = Value::integer(static_cast<std::int64_t>(position) + 1);
    const Value found = scan.keys.as_array()[position];
    Value child;
    if (!child_of(*scan.lazy, found, child)) return -1;
    if (child.is_undefined() && child.internal_tag() == 0) continue;
    key = found;
    value = child;
    return 1;
  }
}

}  // namespace signalbox::policy
