// Binding and reading of paths.
#include "proxy/hooks/event_input.h"

#include <algorithm>
#include <string_view>

#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::proxy {
namespace {

using policy::Arena;
using policy::InputPath;
using policy::ObjectBuilder;
using policy::Value;

InputPath split(std::string_view dotted) {
  InputPath keys;
  while (!dotted.empty()) {
    const auto dot = dotted.find('.');
    keys.emplace_back(dotted.substr(0, dot));
    if (dot == std::string_view::npos) break;
    dotted.remove_prefix(dot + 1);
  }
  return keys;
}

bool begins_with(const InputPath& path, const InputPath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

/// An object of the rows below `depth` keys of their paths. Rows are sorted, so members of a group are
/// neighbours.
Value group(std::span<const Fact* const> rows, std::size_t depth, const EventView& view, Arena& arena) {
  ObjectBuilder object(arena);
  for (std::size_t i = 0; i < rows.size();) {
    const InputPath keys = split(rows[i]->path);
    const std::string_view name = policy::copy_string(arena, keys[depth]).as_string();
    std::size_t end = i + 1;
    while (end < rows.size() && split(rows[end]->path)[depth] == name) ++end;
    const Value value = keys.size() == depth + 1 ? rows[i]->compute(view, arena)
                                                 : group(rows.subspan(i, end - i), depth + 1, view, arena);
    const bool empty_group = value.is_object() && value.size() == 0 && keys.size() != depth + 1;
    if (value && !empty_group) object.add(name, value);
    i = end;
  }
  return object.finish();
}

}  // namespace

BoundPath bind_path(const InputPath& path) {
  BoundPath bound;
  bound.path = path;
  for (const Fact& fact : facts()) {
    const InputPath keys = split(fact.path);
    if (begins_with(path, keys)) {
      bound.rows = {&fact};
      bound.depth = keys.size();
      return bound;
    }
    if (begins_with(keys, path)) bound.rows.push_back(&fact);
  }
  return bound;
}

Value read(const BoundPath& bound, const EventView& view, Arena& arena) {
  if (bound.rows.empty()) return Value::undefined();
  if (bound.depth == 0) return group(bound.rows, bound.path.size(), view, arena);
  Value value = bound.rows.front()->compute(view, arena);
  for (std::size_t i = bound.depth; i < bound.path.size() && value; ++i) value = value.at(bound.path[i]);
  return value;
}

Value EventInput::at(std::uint32_t slot, Arena& arena) const {
  return read(slots_[slot], view_, arena);
}

Value EventInput::at_path(const InputPath& path, Arena& arena) const {
  return read(bind_path(path), view_, arena);
}

bool EventInput::append_json(std::string_view path, std::string& out) const {
  Arena arena;
  const Value value = at_path(split(path), arena);
  if (!value) return false;
  policy::append_json(out, value);
  return true;
}

}  // namespace signalbox::proxy
