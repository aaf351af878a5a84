// Schemas to types, as OPA reads them: `properties` alone make an object closed, the first fitting of several
// types stands, `anyOf` is a union, and `allOf` is merged when its parts are of one type.
// A schema that refers to itself is anything below that point.
#include "policy/check/schema_types.h"

#include <algorithm>
#include <set>

#include "policy/data/yaml.h"
#include "policy/schema/json_schema.h"
#include "policy/syntax/compare.h"
#include "policy/value/json.h"

namespace signalbox::policy::check {
namespace {

using schema::Node;
using Typed = std::expected<TypePtr, std::string>;

/// What of a schema matters for its type; several may be merged into one.
struct Shape {
  std::vector<std::string_view> types;
  std::vector<const Node*> properties, items;
  bool one_schema_for_items = false;
  bool open = false;  ///< `additionalProperties` lets others in

  bool is(std::string_view type) const { return std::ranges::find(types, type) != types.end(); }
  std::string types_text() const {
    if (types.empty()) return "Undefined";
    if (types.size() == 1) return std::string(types.front());
    std::string out = "[";
    for (std::string_view type : types) out += (out.size() > 1 ? "," : "") + std::string(type);
    return out + "]";
  }
  /// A schema with properties is an object's, one with items an array's.
  void assume_type() {
    const std::string_view own = !properties.empty() ? "object" : !items.empty() ? "array" : "";
    if (!own.empty() && !is(own)) types.push_back(own);
  }
};

Shape shape_of(const Node& node) {
  const bool* flag = std::get_if<bool>(&node.additional_properties);
  const bool open = flag != nullptr ? *flag : node.additional_properties.index() != 0;
  return {node.types, node.properties, node.items, node.one_schema_for_items, open};
}

class SchemaReader {
 public:
  explicit SchemaReader(SchemaSense sense) : sense_(sense) {}

  Typed read(const Node& node) {
    if (node.referenced != nullptr) {
      if (!open_.insert(node.referenced).second) return any_type();
      auto type = read(*node.referenced);
      open_.erase(node.referenced);
      return type;
    }
    if (!node.any_of.empty()) return read_any_of(node);
    if (!node.all_of.empty()) return read_all_of(node);
    return read_shape(shape_of(node));
  }

 private:
  Typed read_any_of(const Node& node) {
    TypePtr type;
    if (!node.types.empty()) {
      auto core = node.all_of.empty() ? read_shape(shape_of(node)) : read_all_of(node);
      if (!core) return core;
      // Only a closed object adds something to the alternatives.
      if ((*core)->kind == TypeKind::Object && !(*core)->open) type = *core;
    }
    for (const Node* one : node.any_of) {
      auto alternative = read(*one);
      if (!alternative) return alternative;
      type = either(*alternative, type);
    }
    return type;
  }

  Typed read_all_of(const Node& node) {
    std::vector<Shape> shapes;
    for (const Node* one : node.all_of) {
      while (one->referenced != nullptr && one->referenced != one) one = one->referenced;
      const bool wrapper =
          one->types.empty() && !one->any_of.empty() && one->properties.empty() && one->items.empty();
      if (!wrapper) shapes.push_back(shape_of(*one));
    }
    if (shapes.empty()) return any_type();
    auto merged = merge(std::move(shapes));
    if (!merged) return std::unexpected(merged.error());
    if (node.types.empty()) return read_shape(std::move(*merged));
    const Shape own = shape_of(node);
    if ((own.is("object") && merged->is("object")) || (own.is("array") && merged->is("array"))) {
      auto both = merge({std::move(*merged), own});
      return both ? read_shape(std::move(*both)) : Typed(std::unexpected(both.error()));
    }
    if (own.types_text() != merged->types_text()) return std::unexpected("unable to merge these schemas");
    return read_shape(std::move(*merged));
  }

  static std::expected<Shape, std::string> merge(std::vector<Shape> shapes) {
    for (Shape& one : shapes) one.assume_type();
    Shape out = std::move(shapes.front());
    for (std::size_t i = 1; i < shapes.size(); ++i) {
      const Shape& other = shapes[i];
      if (out.types_text() != other.types_text())
        return std::unexpected("unable to merge these schemas: type mismatch: " + out.types_text() + " and " +
                               other.types_text());
      if (out.is("object") && !out.properties.empty())
        out.properties.insert(out.properties.end(), other.properties.begin(), other.properties.end());
      for (std::size_t j = 0; !out.items.empty() && j < other.items.size(); ++j) {
        if (out.items.size() <= j) out.items.push_back(other.items[j]);
        if (shape_of(*out.items[j]).types_text() != shape_of(*other.items[j]).types_text())
          return std::unexpected("unable to merge these schemas");
      }
    }
    return out;
  }

  Typed read_shape(Shape shape) {
    if (shape.types.empty()) shape.assume_type();
    if (sense_ == SchemaSense::Written && shape.types.size() > 1) return read_each(shape);
    if (shape.is("boolean")) return scalar_type(TypeKind::Boolean);
    if (shape.is("string")) return scalar_type(TypeKind::String);
    if (shape.is("integer") || shape.is("number")) return scalar_type(TypeKind::Number);
    if (shape.is("object")) return read_object(shape);
    if (shape.is("array")) return read_array(shape);
    if (sense_ == SchemaSense::Written && shape.is("null")) return scalar_type(TypeKind::Null);
    return any_type();
  }

  Typed read_each(const Shape& shape) {
    TypePtr out;
    for (const std::string_view type : shape.types) {
      Shape one = shape;
      one.types = {type};
      auto read = read_shape(std::move(one));
      if (!read) return read;
      out = either(*read, out);
    }
    return out;
  }

  Typed read_object(const Shape& shape) {
    if (shape.properties.empty()) return object_type({}, any_type(), any_type());
    std::vector<Property> properties;
    for (const Node* one : shape.properties) {
      auto type = read(*one);
      if (!type) return type;
      properties.push_back({ast::make_string(one->property), *type});
    }
    if (sense_ == SchemaSense::Written && shape.open)
      return object_type(std::move(properties), any_type(), any_type());
    return object_type(std::move(properties));
  }

  Typed read_array(const Shape& shape) {
    if (shape.items.empty()) return array_type({}, any_type());
    std::vector<TypePtr> parts;
    for (const Node* one : shape.items) {
      auto type = read(*one);
      if (!type) return type;
      parts.push_back(*type);
    }
    if (shape.one_schema_for_items) return array_type({}, parts.front());
    return array_type(std::move(parts), nullptr);
  }

  SchemaSense sense_;
  std::set<const Node*> open_;  ///< references being read
};

/// The ground term as a value.
Value value_of(Arena& arena, const ast::Term& term) {
  if (const auto* text = ast::as<ast::String>(term)) return copy_string(arena, text->value);
  if (const auto* number = ast::as<ast::Number>(term))
    return parse_json(arena, number->text).value_or(Value::null());
  if (const auto* flag = ast::as<ast::Boolean>(term)) return Value::boolean(flag->value);
  if (const auto* array = ast::as<ast::Array>(term)) {
    std::vector<Value> items;
    for (const ast::Term& item : array->items) items.push_back(value_of(arena, item));
    return make_array(arena, items);
  }
  if (const auto* object = ast::as<ast::Object>(term)) {
    std::vector<Pair> pairs;
    for (const ast::ObjectItem& item : object->items)
      pairs.push_back({value_of(arena, item.key), value_of(arena, item.value)});
    return make_object(arena, pairs);
  }
  return Value::null();
}

/// An object that is `type` at `path`, and open with these types beside it.
TypePtr nested(std::span<const ast::Term> path, const TypePtr& type, const TypePtr& key,
               const TypePtr& value) {
  const TypePtr below = path.size() == 1 ? type : nested(path.subspan(1), type, key, value);
  std::vector<Property> properties = {{path[0], below}};
  return key == nullptr ? object_type(std::move(properties)) : object_type(std::move(properties), key, value);
}

TypePtr overridden(std::span<const ast::Term> path, const TypePtr& known, const TypePtr& type) {
  if (known->kind != TypeKind::Object) return nested(path, type, any_type(), any_type());
  std::vector<Property> properties = known->properties;
  const auto own =
      std::ranges::find_if(properties, [&](const Property& p) { return ast::compare(p.key, path[0]) == 0; });
  if (own == properties.end()) {
    properties.push_back(nested(path, type, known->key, known->value)->properties.front());
  } else {
    own->value = path.size() == 1 ? type : overridden(path.subspan(1), own->value, type);
  }
  return known->open ? object_type(std::move(properties), known->key, known->value)
                     : object_type(std::move(properties));
}

}  // namespace

namespace {

Typed type_of_document(const Value& document, SchemaSense sense) {
  auto compiled = schema::compile(document, schema::Patterns::Ignore);
  if (!compiled) return std::unexpected("unable to compile the schema: " + compiled.error());
  auto type = SchemaReader(sense).read(*(*compiled)->root);
  if (!type) return std::unexpected("type checking: " + type.error());
  return type;
}

}  // namespace

std::expected<TypePtr, std::string> type_of_schema(const ast::Term& term) {
  Arena arena;
  return type_of_document(value_of(arena, term), SchemaSense::Opa);
}

std::expected<TypePtr, std::string> type_of_schema_text(std::string_view text, SchemaSense sense) {
  Arena arena;
  if (const auto json = parse_json(arena, text)) return type_of_document(*json, sense);
  const auto yaml = parse_yaml(arena, text);
  if (!yaml) return std::unexpected("unable to parse the schema: " + yaml.error().message);
  return type_of_document(*yaml, sense);
}

void set_document_type(TypeEnv& env, const ast::Ref& path, const TypePtr& type) {
  for (std::size_t length = 1; length < path.terms.size(); ++length) {
    ast::Ref prefix;
    prefix.terms.assign(path.terms.begin(), path.terms.begin() + static_cast<std::ptrdiff_t>(length));
    const TypePtr known = env.of(prefix);
    if (known == nullptr) continue;
    env.set(prefix, overridden(std::span(path.terms).subspan(length), known, type));
    return;
  }
  env.set(path, type);
}

}  // namespace signalbox::policy::check
