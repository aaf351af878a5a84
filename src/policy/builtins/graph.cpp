// graph.reachable, graph.reachable_paths and walk.
#include <algorithm>
#include <unordered_set>
#include <vector>

#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

constexpr std::string_view kCollection = "{array, set}";

BuiltinResult reachable(BuiltinContext& context, Object graph, Value start) {
  if (!start.is_array() && !start.is_set()) return operand_error(2, kCollection, start);
  auto first = elements_of(start);
  std::vector<Value> queue(first.begin(), first.end());
  std::unordered_set<Value> seen;
  SetBuilder reached(context.arena);
  while (!queue.empty()) {
    Value node = queue.back();
    queue.pop_back();
    if (!context.meter.charge()) return limit_failure();
    Value edges = graph.value.at(node);
    if (!edges || !seen.insert(node).second) continue;
    reached.add(node);
    for (const Value& next : elements_of(edges))
      if (!seen.contains(next)) queue.push_back(next);
  }
  return reached.finish();
}

/// Depth-first; every path that ends at a leaf, at a node outside the graph, or before a cycle closes is
/// committed.
class PathFinder {
 public:
  PathFinder(BuiltinContext& context, const Value& graph)
      : context_(context), graph_(graph), found_(context.arena) {}

  bool from(const Value& node) {
    Value edges = graph_.at(node);
    if (!edges) return true;
    path_ = {node};
    if (elements_of(edges).empty()) return commit();
    for (const Value& next : elements_of(edges))
      if (!extend(next)) return false;  // an edge back to the start is followed once, as OPA does
    return true;
  }
  Value finish() { return found_.finish(); }

 private:
  bool commit() {
    if (!context_.meter.charge(1 + path_.size()) || !context_.meter.fits(path_.size() * sizeof(Value)))
      return false;
    found_.add(make_array(context_.arena, path_));
    return true;
  }
  bool extend(const Value& node) {
    if (!context_.meter.charge(1 + path_.size()) || path_.size() >= kMaxDepth) return false;
    Value edges = graph_.at(node);
    if (!edges) return commit();
    path_.push_back(node);
    bool fits = elements_of(edges).empty() ? commit() : true;
    for (const Value& next : elements_of(edges)) {
      bool cycle = std::ranges::find(path_, next) != path_.end();
      fits = fits && (cycle ? commit() : extend(next));
    }
    path_.pop_back();
    return fits;
  }

  static constexpr std::size_t kMaxDepth = 10'000;  // bounds the native stack
  BuiltinContext& context_;
  Value graph_;
  SetBuilder found_;
  std::vector<Value> path_;
};

BuiltinResult reachable_paths(BuiltinContext& context, Object graph, Value start) {
  if (!start.is_array() && !start.is_set()) return operand_error(2, kCollection, start);
  PathFinder finder(context, graph.value);
  for (const Value& node : elements_of(start))
    if (!finder.from(node)) return limit_failure();
  return finder.finish();
}

/// All [path, value] pairs, parents first. Paths share nothing: each is an array of its own.
class Walker {
 public:
  explicit Walker(BuiltinContext& context) : context_(context), out_(context.arena) {}

  bool visit(const Value& value) {
    if (!context_.meter.charge(1 + path_.size()) || !context_.meter.fits((path_.size() + 4) * sizeof(Value)))
      return false;
    out_.add(pair_of(context_, make_array(context_.arena, path_), value));
    if (value.is_array())
      for (std::uint32_t i = 0; i < value.size(); ++i)
        if (!descend(Value::integer(i), value.as_array()[i])) return false;
    if (value.is_object())
      for (const Pair& pair : value.as_object())
        if (!descend(pair.key, pair.value)) return false;
    if (value.is_set())
      for (const Value& element : value.as_set())
        if (!descend(element, element)) return false;
    return true;
  }
  Value finish() const { return out_.finish(); }

 private:
  bool descend(const Value& key, const Value& value) {
    path_.push_back(key);
    bool fits = visit(value);
    path_.pop_back();
    return fits;
  }

  BuiltinContext& context_;
  ArrayBuilder out_;
  std::vector<Value> path_;
};

BuiltinResult walk(BuiltinContext& context, Value value) {
  Walker walker(context);
  if (!walker.visit(value)) return limit_failure();
  return walker.finish();
}

constexpr Builtin kTable[] = {
    declare("graph", "graph.reachable",
            "(object[any: any<array[any], set[any]>], any<array[any], set[any]>) => set[any]",
            typed<reachable>),
    declare("graph", "graph.reachable_paths",
            "(object[any: any<array[any], set[any]>], any<array[any], set[any]>) => set[array[any]]",
            typed<reachable_paths>),
    declare("graph", "walk", "(any) => array<array[any], any>", typed<walk>, {.relation = true}),
};

}  // namespace

std::span<const Builtin> graph() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
