// Machine, lazy documents: `data` where rules, base documents and `with` overrides meet.
// A lazy document names a node of the rule tree, the base document at the same place, and the overrides that
// reach below it. Taking a key goes one step down in all three; only Force computes what is there.
#include <algorithm>

#include "policy/data/base_document.h"
#include "policy/vm/machine_parts.h"

namespace signalbox::policy {

Value Machine::lazy_value(std::uint32_t node, Value base, std::span<const Override* const> overrides,
                          std::uint32_t depth) {
  auto* lazy = arena_.allocate_array<Lazy>(1);
  *lazy = {node, base, overrides, depth};
  return Value::internal(kLazyTag, lazy);
}

Value Machine::document(std::uint32_t node) {
  std::span<const Override*> overrides;
  if (context_->data_overridden && node == 0) {
    auto* all = arena_.allocate_array<const Override*>(context_->overrides.size());
    std::size_t count = 0;
    for (const Override& o : context_->overrides) {
      if (o.kind == Override::Kind::Data) all[count++] = &o;
    }
    overrides = {all, count};
    // `with data as x` replaces everything before it.
    Value whole;
    for (std::size_t i = 0; i < count; ++i) {
      if (all[i]->path.empty()) whole = all[i]->value, overrides = {all + i + 1, count - i - 1};
    }
    if (whole) return lazy_value(kNone, whole, overrides, 0);
  }
  return lazy_value(node, program_->nodes[node].base, overrides, 0);
}

/// The value when an override names exactly this place: the last such one, changed by later ones that go
/// below.
bool Machine::overridden_value(const Lazy&, std::span<const Override* const> here, std::uint32_t depth,
                               Value& out) {
  std::size_t last = here.size();
  for (std::size_t i = here.size(); i-- > 0 && last == here.size();) {
    if (here[i]->path.size() == depth) last = i;
  }
  if (last == here.size()) return false;
  out = here[last]->value;
  for (std::size_t i = last + 1; i < here.size(); ++i) {
    out = merge_at(arena_, out, here[i]->path.subspan(depth), here[i]->value);
  }
  return true;
}

bool Machine::child_of(const Lazy& lazy, const Value& key, Value& out) {
  const std::uint32_t depth = lazy.depth + 1;
  std::span<const Override*> here;
  if (!lazy.overrides.empty()) {
    auto* matching = arena_.allocate_array<const Override*>(lazy.overrides.size());
    std::size_t count = 0;
    for (const Override* o : lazy.overrides) {
      if (o->path[lazy.depth] == key) matching[count++] = o;
    }
    here = {matching, count};
    if (overridden_value(lazy, here, depth, out)) return true;
  }
  std::uint32_t node = kNone;
  if (lazy.node != kNone) {
    const auto& children = program_->nodes[lazy.node].by_key;
    if (const auto it = children.find(key); it != children.end()) node = it->second;
  }
  const Value base = base_document_at(lazy.base, key);
  if (node != kNone && program_->nodes[node].function) node = kNone;
  if (node != kNone && program_->nodes[node].rule_set == kNone) {
    out = lazy_value(node, base, here, depth);
    return true;
  }
  out = base;
  if (node != kNone && !rule_set(program_->nodes[node].rule_set, out)) return false;
  for (const Override* o : here) out = merge_at(arena_, out, o->path.subspan(depth), o->value);
  return true;
}

/// Every key below, sorted, as an array; undefined when the base document here is no object and nothing lies
/// over it.
Value Machine::keys_of(const Lazy& lazy) {
  const bool node_has_children = lazy.node != kNone && !program_->nodes[lazy.node].children.empty();
  if (!node_has_children && lazy.overrides.empty() && !lazy.base.is_undefined() && !lazy.base.is_object())
    return {};
  SetBuilder keys(arena_);
  if (lazy.base.is_object()) {
    for (const Pair& pair : lazy.base.as_object()) keys.add(pair.key);
  }
  if (lazy.node != kNone) {
    for (const auto& [key, child] : program_->nodes[lazy.node].children) keys.add(key);
  }
  for (const Override* o : lazy.overrides) keys.add(o->path[lazy.depth]);
  return Value::array(keys.finish().as_set());
}

/// Both, object by object; `first` wins where they differ.
static Value merge_documents(Arena& arena, const Value& first, const Value& second) {
  if (!first.is_object() || !second.is_object()) return first;
  ObjectBuilder out(arena);
  for (const Pair& pair : second.as_object()) {
    const Value other = first.at(pair.key);
    out.add(pair.key, other ? merge_documents(arena, other, pair.value) : pair.value);
  }
  for (const Pair& pair : first.as_object()) {
    if (!second.at(pair.key)) out.add(pair.key, pair.value);
  }
  return out.finish();
}

/// The objects that the rules' paths make below a node, without what the rules give.
static Value frame_of(Arena& arena, const Program& program, std::uint32_t node) {
  ObjectBuilder out(arena);
  for (const auto& [key, child] : program.nodes[node].children) {
    const DocumentNode& below = program.nodes[child];
    if (!below.function && below.rule_set == kNone) out.add(key, frame_of(arena, program, child));
  }
  return out.finish();
}

/// The node at `key` when an override replaces exactly its document; kNone otherwise.
std::uint32_t Machine::replaced_node(const Lazy& lazy, const Value& key) const {
  if (lazy.node == kNone) return kNone;
  const auto& children = program_->nodes[lazy.node].by_key;
  const auto found = children.find(key);
  if (found == children.end()) return kNone;
  const DocumentNode& node = program_->nodes[found->second];
  if (node.function || node.rule_set != kNone) return kNone;
  const bool replaced = std::ranges::any_of(lazy.overrides, [&](const Override* o) {
    return o->path.size() == lazy.depth + 1 && o->path[lazy.depth] == key;
  });
  return replaced ? found->second : kNone;
}

bool Machine::force_lazy(const Lazy& lazy, Value& out) {
  const Value keys = keys_of(lazy);
  if (keys.is_undefined()) {
    out = lazy.base;
    return true;
  }
  ObjectBuilder object(arena_);
  for (const Value& key : keys.as_array()) {
    if (!meter_.charge()) return limit_error();
    Value child;
    if (!child_of(lazy, key, child) || !force(child, child)) return false;
    // In a whole document the base document's values stand where rules give others.
    const Value base = lazy.overrides.empty() ? lazy.base.at(key) : Value();
    if (base) child = child ? merge_documents(arena_, base, child) : base;
    // As in OPA, a whole document keeps the objects of the rules' paths also where `with` replaces them.
    if (const std::uint32_t node = replaced_node(lazy, key); node != kNone)
      child = merge_documents(arena_, child, frame_of(arena_, *program_, node));
    if (child) object.add(key, child);
  }
  out = object.finish();
  return true;
}

bool Machine::force(const Value& value, Value& out) {
  if (value.internal_tag() != kLazyTag) {
    out = value;
    return true;
  }
  return force_lazy(*static_cast<const Lazy*>(value.internal_thing()), out);
}

}  // namespace signalbox::policy
