// json.filter, json.remove and json.patch: documents are never edited; a change copies the spine above it.
// Paths are "a/b~1c" texts or arrays of keys.
#include <algorithm>
#include <charconv>
#include <vector>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/json_shape.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using Path = std::vector<Value>;

Operand<Path> parse_path(BuiltinContext& context, const Value& path) {
  Path out;
  if (path.is_array()) {
    out.assign(path.as_array().begin(), path.as_array().end());
    return out;
  }
  if (!path.is_string())
    return operand_complaint(
        2, "must be one of {set, array} containing string paths or array of path segments but got " +
               std::string(kind_name(path.kind())));
  std::string_view text = path.as_string();
  if (text.empty()) return out;
  for (std::string_view part : go::split(go::trim_left(text, "/"), "/")) {
    if (part.find('~') != std::string_view::npos)
      part = context.arena.copy(go::replace_all(go::replace_all(part, "~1", "/"), "~0", "~"));
    out.push_back(Value::string(part));
  }
  return out;
}

/// A tree of the paths: nested objects that end in null. An earlier, shorter path swallows a longer one.
Value insert_path(BuiltinContext& context, const Value& tree, std::span<const Value> path) {
  if (tree.is_null()) return tree;
  std::vector<Pair> pairs(tree.as_object().begin(), tree.as_object().end());
  Value child = tree.at(path[0]);
  Value below =
      path.size() == 1 ? Value::null() : insert_path(context, child ? child : kEmptyObject, path.subspan(1));
  pairs.push_back({path[0], below});
  return make_object(context.arena, pairs);
}

Operand<Value> path_tree(BuiltinContext& context, const Value& paths) {
  static constexpr std::string_view kSetOrArray[] = {"set", "array"};
  if (!paths.is_array() && !paths.is_set()) return operand_error(2, kSetOrArray, paths);
  Value tree = kEmptyObject;
  for (const Value& element : elements_of(paths)) {
    auto path = parse_path(context, element);
    if (!path) return std::unexpected(path.error());
    if (!context.meter.charge(1 + path->size() + tree.size())) return limit_failure();
    if (!path->empty()) tree = insert_path(context, tree, *path);
  }
  return tree;
}

Value index_key(BuiltinContext& context, std::size_t index) {
  return copy_string(context.arena, std::to_string(index));
}

/// `value` without what the tree names; undefined when all of it goes.
Value without(BuiltinContext& context, const Value& value, const Value& tree) {
  if (tree.is_null()) return {};
  if (!tree.is_object()) return value;
  (void)context.meter.charge(1 + value.size());
  if (value.is_object()) {
    ObjectBuilder out(context.arena);
    for (const Pair& pair : value.as_object())
      if (Value kept = without(context, pair.value, tree.at(pair.key))) out.add(pair.key, kept);
    return out.finish();
  }
  if (value.is_set()) {
    SetBuilder out(context.arena);
    for (const Value& element : value.as_set())
      if (Value kept = without(context, element, tree.at(element))) out.add(kept);
    return out.finish();
  }
  if (!value.is_array()) return value;
  ArrayBuilder out(context.arena);
  for (std::size_t i = 0; i < value.size(); ++i)
    if (Value kept = without(context, value.as_array()[i], tree.at(index_key(context, i)))) out.add(kept);
  return out.finish();
}

/// What the tree names of `value`. Elements of arrays are named by the text of their index.
Value only(BuiltinContext& context, const Value& value, const Value& tree) {
  if (!tree.is_object()) return value;
  (void)context.meter.charge(1 + tree.size());
  if (value.is_object()) {
    ObjectBuilder out(context.arena);
    for (const Pair& pair : tree.as_object())
      if (Value found = value.at(pair.key)) out.add(pair.key, only(context, found, pair.value));
    return out.finish();
  }
  if (value.is_set()) {
    SetBuilder out(context.arena);
    for (const Pair& pair : tree.as_object())
      if (value.contains(pair.key)) out.add(only(context, pair.key, pair.value));
    return out.finish();
  }
  if (!value.is_array()) return value;
  ArrayBuilder out(context.arena);
  for (std::size_t i = 0; i < value.size(); ++i)
    if (Value below = tree.at(index_key(context, i))) out.add(only(context, value.as_array()[i], below));
  return out.finish();
}

template <Value (*Apply)(BuiltinContext&, const Value&, const Value&)>
BuiltinResult by_paths(BuiltinContext& context, Object object, Value paths) {
  auto tree = path_tree(context, paths);
  if (!tree) return std::unexpected(tree.error());
  if (!charge_value(context, object.value)) return limit_failure();
  Value result = Apply(context, object.value, *tree);
  if (context.meter.hit() != LimitHit::None) return limit_failure();
  return result;
}

/// The element number that a path segment names in an array of `size`; "-" is the place after the last.
Operand<std::size_t> index_of(const Value& key, std::size_t size, const char* out_of_bounds,
                              std::size_t limit) {
  std::int64_t index = -1;
  if (key.is_number()) {
    if (!key.is_integer()) return builtin_failure("invalid number type for indexing");
    index = key.as_integer();
  } else if (!key.is_string()) {
    return builtin_failure("invalid type for indexing");
  } else if (key.as_string() == "-") {
    index = static_cast<std::int64_t>(size);
  } else {
    std::string_view text = key.as_string();
    auto end = std::from_chars(text.data(), text.data() + text.size(), index);
    if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size())
      return builtin_failure("invalid string for indexing");
    if (text != "0" && text[0] == '0') return builtin_failure("leading zeros are not allowed in JSON paths");
  }
  if (index < 0 || static_cast<std::size_t>(index) > limit) return builtin_failure(out_of_bounds);
  return static_cast<std::size_t>(index);
}

/// A scalar where a collection was wanted, with Go's name for its type, as OPA shows it.
std::string described(const Value& scalar) {
  std::string type(kind_name(scalar.kind()));
  type[0] = static_cast<char>(type[0] - 32);
  return to_rego(scalar) + " (type: ast." + type + ")";
}

/// A document that is edited step by step.
class Patcher {
 public:
  Patcher(BuiltinContext& context, const Value& document) : context_(context), document_(document) {}

  BuiltinResult run(const Value& operations);

 private:
  using Edit = BuiltinResult (Patcher::*)(const Value& container, const Value& key, const Value& value);

  std::expected<void, BuiltinError> apply(const Value& operation);
  std::expected<void, BuiltinError> add(const Path& path, const Value& value);
  std::expected<void, BuiltinError> remove(const Path& path);
  std::expected<void, BuiltinError> move(const Path& path, const Value& operation, bool keep);
  std::expected<void, BuiltinError> test(const Path& path, const Value& operation);
  BuiltinResult find(std::span<const Value> path) const;
  BuiltinResult child(const Value& container, const Value& key) const;
  BuiltinResult edit(const Value& at, std::span<const Value> path, Edit change, const Value& value);
  BuiltinResult inserted(const Value& container, const Value& key, const Value& value);
  BuiltinResult deleted(const Value& container, const Value& key, const Value&);
  BuiltinResult replaced(const Value& container, const Value& key, const Value& value);

  BuiltinContext& context_;
  Value document_;
};

BuiltinResult Patcher::child(const Value& container, const Value& key) const {
  if (!container) return builtin_failure("nil value encountered where composite value was expected");
  if (container.is_object()) {
    Value found = container.at(key);
    if (!found)
      return builtin_failure("path " + to_rego(key) + " does not exist in object term " + to_rego(container));
    return found;
  }
  if (container.is_set()) {
    if (!container.contains(key))
      return builtin_failure("path " + (key.is_string() ? std::string(key.as_string()) : to_rego(key)) +
                             " does not exist in set term " + to_rego(container));
    return key;
  }
  if (!container.is_array())
    return builtin_failure("expected composite type for path " + to_rego(key) +
                           ", found value: " + described(container));
  auto index = index_of(key, container.size(), "", INT64_MAX);
  if (!index && !index.error().message.empty()) return std::unexpected(index.error());
  if (!index || *index >= container.size())
    return builtin_failure("path " + to_rego(key) + " does not exist in array term " + to_rego(container));
  return container.as_array()[*index];
}

BuiltinResult Patcher::find(std::span<const Value> path) const {
  Value at = document_;
  for (const Value& key : path) {
    auto next = child(at, key);
    if (!next) return next;
    at = *next;
  }
  return at;
}

BuiltinResult Patcher::inserted(const Value& container, const Value& key, const Value& value) {
  if (container.is_object()) {
    std::vector<Pair> pairs(container.as_object().begin(), container.as_object().end());
    pairs.push_back({key, value});
    return make_object(context_.arena, pairs);
  }
  if (container.is_set()) {
    if (!(key == value))
      return builtin_failure("set key " + to_rego(key) + " does not equal value to be inserted " +
                             to_rego(value));
    std::vector<Value> elements(container.as_set().begin(), container.as_set().end());
    elements.push_back(value);
    return make_set(context_.arena, elements);
  }
  if (!container.is_array())
    return builtin_failure("expected composite type, found value: " + described(container));
  auto index = index_of(key, container.size(), "index for array insertion out of bounds", container.size());
  if (!index) return std::unexpected(index.error());
  std::vector<Value> elements(container.as_array().begin(), container.as_array().end());
  elements.insert(elements.begin() + static_cast<std::ptrdiff_t>(*index), value);
  return make_array(context_.arena, elements);
}

BuiltinResult Patcher::deleted(const Value& container, const Value& key, const Value&) {
  if (container.is_array()) {
    auto index =
        index_of(key, container.size(), "index for array delete out of bounds", container.size() - 1);
    if (!index || container.size() == 0)
      return builtin_failure(index ? "index for array delete out of bounds" : index.error().message);
    std::vector<Value> elements(container.as_array().begin(), container.as_array().end());
    elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(*index));
    return make_array(context_.arena, elements);
  }
  if (!container.is_object() && !container.is_set())
    return builtin_failure("expected composite type, found value: " + described(container));
  if (!container.at(key))
    return builtin_failure("cannot delete child key " + to_rego(key) + " that does not exist");
  if (container.is_set()) {
    std::vector<Value> elements(container.as_set().begin(), container.as_set().end());
    std::erase_if(elements, [&](const Value& element) { return element == key; });
    return make_set(context_.arena, elements);
  }
  std::vector<Pair> pairs(container.as_object().begin(), container.as_object().end());
  std::erase_if(pairs, [&](const Pair& pair) { return pair.key == key; });
  return make_object(context_.arena, pairs);
}

BuiltinResult Patcher::replaced(const Value& container, const Value& key, const Value& value) {
  if (container.is_set()) {
    std::vector<Value> elements(container.as_set().begin(), container.as_set().end());
    std::ranges::replace(elements, key, value);
    return make_set(context_.arena, elements);
  }
  if (container.is_object()) return inserted(container, key, value);
  std::vector<Value> elements(container.as_array().begin(), container.as_array().end());
  elements[*index_of(key, container.size(), "", container.size())] = value;
  return make_array(context_.arena, elements);
}

/// `at` with `change` made at the end of the path.
BuiltinResult Patcher::edit(const Value& at, std::span<const Value> path, Edit change, const Value& value) {
  if (!context_.meter.charge(1 + at.size()) || !context_.meter.fits(at.size() * sizeof(Pair)))
    return limit_failure();
  if (path.size() == 1) return (this->*change)(at, path[0], value);
  auto below = child(at, path[0]);
  if (!below) return below;
  auto edited = edit(*below, path.subspan(1), change, value);
  if (!edited) return edited;
  return replaced(at, path[0], *edited);
}

std::expected<void, BuiltinError> Patcher::add(const Path& path, const Value& value) {
  if (path.empty()) {
    document_ = value;
    return {};
  }
  auto edited = edit(document_, path, &Patcher::inserted, value);
  if (!edited) return std::unexpected(edited.error());
  document_ = *edited;
  return {};
}

std::expected<void, BuiltinError> Patcher::remove(const Path& path) {
  if (path.empty()) {
    document_ = Value::undefined();
    return {};
  }
  if (!document_) return builtin_failure("nil value encountered where composite value was expected");
  auto edited = edit(document_, path, &Patcher::deleted, {});
  if (!edited) return std::unexpected(edited.error());
  document_ = *edited;
  return {};
}

std::expected<void, BuiltinError> Patcher::move(const Path& path, const Value& operation, bool keep) {
  Value from_value = operation.at("from");
  if (!from_value) return builtin_failure("missing required attribute 'from'");
  auto from = parse_path(context_, from_value);
  if (!from) return std::unexpected(from.error());
  auto chunk = find(*from);
  if (!chunk) return std::unexpected(chunk.error());
  if (!keep)
    if (auto done = remove(*from); !done) return done;
  return add(path, *chunk);
}

std::expected<void, BuiltinError> Patcher::test(const Path& path, const Value& operation) {
  auto found = find(path);
  if (!found) return std::unexpected(found.error());
  Value value = operation.at("value");
  if (!value) return builtin_failure("missing required attribute 'value'");
  if (*found == value) return {};
  return builtin_failure("value from EditTree != patch value.\n\nExpected: " + to_rego(value) +
                         "\n\nFound: " + to_rego(*found));
}

std::expected<void, BuiltinError> Patcher::apply(const Value& operation) {
  if (!operation.is_object())
    return builtin_failure(
        "must be an array of JSON-Patch objects, but at least one element is not an object");
  Value path_value = operation.at("path"), op = operation.at("op"), value = operation.at("value");
  if (!path_value) return builtin_failure("missing required attribute 'path'");
  if (!op) return builtin_failure("missing required attribute 'op'");
  if (!op.is_string())
    return builtin_failure("attribute 'op' must be a string but found: " + std::string(kind_name(op.kind())));
  auto path = parse_path(context_, path_value);
  if (!path) return std::unexpected(path.error());
  std::string_view name = op.as_string();
  if (name == "remove") return remove(*path);
  if (name == "move" || name == "copy") return move(*path, operation, name == "copy");
  if (name == "test") return test(*path, operation);
  if (name != "add" && name != "replace")
    return builtin_failure("unrecognized op: '" + std::string(name) + "'");
  if (name == "replace")
    if (auto done = remove(*path); !done) return done;
  if (!value) return builtin_failure("missing required attribute 'value'");
  return add(*path, value);
}

BuiltinResult Patcher::run(const Value& operations) {
  for (const Value& operation : operations.as_array())
    if (auto done = apply(operation); !done) return std::unexpected(done.error());
  return document_;
}

BuiltinResult patch(BuiltinContext& context, Value document, Array operations) {
  return Patcher(context, document).run(operations.value);
}

constexpr std::string_view kByPaths =
    "(object[any: any], any<array[any<string, array[any]>], set[any<string, array[any]>]>) => object[any: "
    "any]";

constexpr Builtin kTable[] = {
    declare("object", "json.filter", kByPaths, typed<by_paths<only>>),
    declare("object", "json.patch", "(any, array[object<op: string, path: any>[any: any]]) => any",
            typed<patch>),
    declare("object", "json.remove", kByPaths, typed<by_paths<without>>),
};

}  // namespace

std::span<const Builtin> json_paths() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
