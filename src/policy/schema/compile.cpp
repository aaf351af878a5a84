// A JSON Schema document to Nodes. One function a group of keywords, called in the library's order, because
// the first mistake is the one that is reported.
//
// The surprise: a reference is entered before its target is read, so that schemas may be recursive; the
// target's Node is then shared by all who name it.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "policy/builtins/pattern_cache.h"
#include "policy/builtins/plain_integer.h"
#include "policy/schema/pool.h"

namespace signalbox::policy::schema {
namespace {

using Text = std::string_view;
/// A complaint; empty when there is none.
using Complaint = std::string;

constexpr std::array<Text, 7> kTypes = {"array", "boolean", "integer", "null", "number", "object", "string"};
constexpr int kMaxDepth = 512;

Complaint invalid_type(Text expected, Text given) {
  return "Invalid type. Expected: " + std::string(expected) + ", given: " + std::string(given);
}
Complaint must_be_of_a(Text key, Text type) {
  return std::string(key) + " must be of a " + std::string(type);
}
Complaint must_be_of_an(Text key, Text type) {
  return std::string(key) + " must be of an " + std::string(type);
}
Complaint must_be_of_type(Text key, Text type) {
  return std::string(key) + " must be of type " + std::string(type);
}

bool holds(const auto& items, const auto& item) {
  return std::ranges::find(items, item) != std::ranges::end(items);
}

bool is_schema(const Value& value) {
  return value.is_boolean() || value.is_object();
}

std::shared_ptr<const re2::RE2> compiled(Text pattern) {
  auto regex = builtins::compile_regex(pattern);
  return regex ? std::shared_ptr<const re2::RE2>(std::move(*regex)) : nullptr;
}

class Compiler {
 public:
  Compiler(Schema& out, Patterns patterns) : out_(out), patterns_(patterns), pool_(out.arena) {}

  Complaint run(const Value& document) {
    const auto root = Reference::parse("#");
    if (auto wrong = pool_.add(document, *root); !wrong.empty()) return wrong;
    auto draft = draft_of(document);
    if (!draft) return draft.error();
    Node& node = new_node("(Root)");
    node.draft = draft->value_or(Draft::Hybrid);
    out_.root = &node;
    return read(document, node, *root, 0);
  }

 private:
  Node& new_node(Text property) {
    Node& node = out_.nodes.emplace_back();
    node.property = property;
    return node;
  }

  /// Where a schema is read: itself, the document scope of its id, how deep.
  struct At {
    const Value& document;
    Node& node;
    const Reference& id;
    int depth;
    Value operator[](Text key) const { return document.at(key); }
  };

  Complaint read(const Value& document, Node& node, const Reference& parent_id, int depth) {
    if (depth > kMaxDepth) return "schema is nested too deeply";
    if (node.draft >= Draft::V6 && document.is_boolean()) {
      node.pass = document.as_boolean();
      return {};
    }
    if (!document.is_object()) return "Expected: Valid Schema, given: Invalid JSON";
    Reference id = parent_id;
    if (auto wrong = read_id(document, node, depth == 0, id); !wrong.empty()) return wrong;
    const At at{document, node, id, depth};
    using Step = Complaint (Compiler::*)(const At&);
    static constexpr Step kBefore[] = {&Compiler::definitions, &Compiler::texts};
    static constexpr Step kKeywords[] = {&Compiler::type,
                                         &Compiler::properties,
                                         &Compiler::additional_properties,
                                         &Compiler::patterns,
                                         &Compiler::names,
                                         &Compiler::dependencies,
                                         &Compiler::items,
                                         &Compiler::additional_items,
                                         &Compiler::multiple_of,
                                         &Compiler::minimum,
                                         &Compiler::maximum,
                                         &Compiler::lengths,
                                         &Compiler::pattern,
                                         &Compiler::property_counts,
                                         &Compiler::required,
                                         &Compiler::item_counts,
                                         &Compiler::contains,
                                         &Compiler::values,
                                         &Compiler::combinations,
                                         &Compiler::conditions};
    for (Step step : kBefore)
      if (auto wrong = (this->*step)(at); !wrong.empty()) return wrong;
    if (const Value written = at["$ref"]) {
      if (!written.is_string()) return invalid_type("string", "$ref");
      auto reference = Reference::parse(pool_.reference_of(document, written.as_string()));
      if (!reference) return reference.error();
      const auto known = referenced_.find(reference->text());
      if (known == referenced_.end()) return refer(at, *reference);
      node.referenced = known->second;  // what stands beside is read all the same, and may be wrong
    }
    for (Step step : kKeywords)
      if (auto wrong = (this->*step)(at); !wrong.empty()) return wrong;
    return {};
  }

  Complaint read_id(const Value& document, const Node& node, bool root, Reference& id) {
    const bool old = node.draft == Draft::V4 || (node.draft == Draft::Hybrid && document.at("id"));
    const Text key = old ? "id" : "$id";
    const Value written = document.at(key);
    if (!written) return {};
    if (!written.is_string()) return invalid_type("string", key);
    auto own = Reference::parse(written.as_string());
    if (!own) return own.error();
    if (root) {
      id = *own;
      return {};
    }
    auto absolute = id.inherit(*own);
    if (!absolute) return absolute.error();
    id = *absolute;
    return {};
  }

  /// A schema below `at`, for the member or keyword `property`.
  Complaint child(const At& at, const Value& document, Text property, const Node*& out) {
    Node& node = new_node(property);
    node.draft = at.node.draft;
    out = &node;
    return read(document, node, at.id, at.depth + 1);
  }

  Complaint definitions(const At& at) {
    const Value all = at["definitions"];
    if (!all) return {};
    if (!all.is_object()) return invalid_type("Array Of Schemas", "definitions");
    for (const Pair& one : all.as_object()) {
      if (!is_schema(one.value)) return invalid_type("Array Of Schemas", "definitions");
      const Node* node = nullptr;
      if (auto wrong = child(at, one.value, "definitions", node); !wrong.empty()) return wrong;
    }
    return {};
  }

  Complaint texts(const At& at) {
    for (Text key : {"title", "description"})
      if (const Value text = at[key]; text && !text.is_string()) return invalid_type("string", key);
    return {};
  }

  Complaint refer(const At& at, const Reference& reference) {
    Node& target = new_node("$ref");
    referenced_.emplace(reference.text(), &target);
    auto document = pool_.find(reference);
    if (!document) return document.error();
    target.draft = document->draft.value_or(at.node.draft);
    if (!is_schema(document->value)) return must_be_of_type("Valid Schema", "object");
    if (auto wrong = read(document->value, target, reference, at.depth + 1); !wrong.empty()) return wrong;
    at.node.referenced = &target;
    return {};
  }

  Complaint type(const At& at) {
    const Value written = at["type"];
    if (!written) return {};
    if (written.is_string()) return add_type(at.node, written.as_string());
    if (!written.is_array()) return invalid_type("type", "string/Array Of Strings");
    for (const Value& one : written.as_array()) {
      if (!one.is_string()) return invalid_type("type", "string/Array Of Strings");
      if (auto wrong = add_type(at.node, one.as_string()); !wrong.empty()) return wrong;
    }
    return {};
  }
  static Complaint add_type(Node& node, Text name) {
    const auto* known = std::ranges::find(kTypes, name);
    if (known == kTypes.end())
      return "has a primitive type that is NOT VALID -- given: /" + std::string(name) +
             "/ Expected valid values are:[array boolean integer number null object string]";
    if (node.has_type(name)) return std::string(name) + " type is duplicated";
    node.types.push_back(*known);
    return {};
  }

  Complaint properties(const At& at) {
    const Value all = at["properties"];
    if (!all) return {};
    if (!all.is_object()) return must_be_of_type("Properties", "object");
    for (const Pair& one : all.as_object()) {
      const Node* node = nullptr;
      auto wrong = child(at, one.value, one.key.as_string(), node);
      at.node.properties.push_back(node);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  Complaint additional(const At& at, Text key, Additional& out) {
    const Value written = at[key];
    if (!written) return {};
    if (written.is_boolean()) {
      out = written.as_boolean();
      return {};
    }
    if (!written.is_object()) return invalid_type("boolean/Valid Schema", key);
    const Node* node = nullptr;
    auto wrong = child(at, written, key, node);
    out = node;
    return wrong;
  }
  Complaint additional_properties(const At& at) {
    return additional(at, "additionalProperties", at.node.additional_properties);
  }
  Complaint additional_items(const At& at) {
    return additional(at, "additionalItems", at.node.additional_items);
  }

  Complaint patterns(const At& at) {
    const Value all = at["patternProperties"];
    if (!all) return {};
    if (!all.is_object()) return invalid_type("Valid Schema", "patternProperties");
    for (const Pair& one : all.as_object()) {
      PatternProperty property{std::string(one.key.as_string()), compiled(one.key.as_string()), nullptr};
      if (property.regex == nullptr) return "Invalid regex pattern '" + property.pattern + "'";
      if (auto wrong = child(at, one.value, property.pattern, property.node); !wrong.empty()) return wrong;
      at.node.pattern_properties.push_back(std::move(property));
    }
    return {};
  }

  Complaint names(const At& at) {
    const Value written = at["propertyNames"];
    if (!written || at.node.draft < Draft::V6) return {};
    if (!is_schema(written)) return invalid_type("Valid Schema", "patternProperties");
    return child(at, written, "propertyNames", at.node.property_names);
  }

  Complaint dependencies(const At& at) {
    const Value all = at["dependencies"];
    if (!all) return {};
    if (!all.is_object()) return must_be_of_type("dependencies", "object");
    const Complaint wrong_type = must_be_of_type("Dependency", "Schema Or Array Of Strings");
    for (const Pair& one : all.as_object()) {
      const std::string name(one.key.as_string());
      if (one.value.is_array()) {
        std::vector<std::string> needed;
        for (const Value& other : one.value.as_array()) {
          if (!other.is_string()) return wrong_type;
          needed.emplace_back(other.as_string());
        }
        if (!needed.empty()) at.node.dependencies.emplace(name, std::move(needed));
      } else if (is_schema(one.value)) {
        const Node* node = nullptr;
        if (auto wrong = child(at, one.value, name, node); !wrong.empty()) return wrong;
        at.node.dependencies.emplace(name, node);
      } else {
        return wrong_type;
      }
    }
    return {};
  }

  Complaint items(const At& at) {
    const Value written = at["items"];
    if (!written) return {};
    const bool one = is_schema(written);
    if (!one && !written.is_array()) return invalid_type("Valid Schema/Array Of Schemas", "items");
    at.node.one_schema_for_items = one;
    for (const Value& item : one ? std::span(&written, 1) : written.as_array()) {
      if (!is_schema(item)) return invalid_type("Valid Schema/Array Of Schemas", "items");
      const Node* node = nullptr;
      if (auto wrong = child(at, item, "items", node); !wrong.empty()) return wrong;
      at.node.items.push_back(node);
    }
    return {};
  }

  // Numbers.

  Complaint multiple_of(const At& at) {
    const Value written = at["multipleOf"];
    if (!written) return {};
    if (!written.is_number()) return invalid_type("Number", "multipleOf");
    if (!(Value::integer(0) < written)) return "multipleOf must be strictly greater than 0";
    at.node.multiple_of = written;
    return {};
  }
  Complaint minimum(const At& at) {
    return bound(at, "minimum", "exclusiveMinimum", at.node.minimum, at.node.exclusive_minimum);
  }
  Complaint maximum(const At& at) {
    return bound(at, "maximum", "exclusiveMaximum", at.node.maximum, at.node.exclusive_maximum);
  }
  /// In draft 4 the exclusive form is a flag on the other; later it is a number of its own.
  static Complaint bound(const At& at, Text key, Text exclusive_key, Value& inclusive, Value& exclusive) {
    if (const Value written = at[key]) {
      if (!written.is_number()) return must_be_of_a(key, "Number");
      inclusive = written;
    }
    const Value written = at[exclusive_key];
    if (!written) return {};
    const bool flag_allowed = at.node.draft == Draft::V4 || at.node.draft == Draft::Hybrid;
    const bool number_allowed = at.node.draft != Draft::V4;
    if (written.is_boolean() && flag_allowed) {
      if (!inclusive) return std::string(exclusive_key) + " cannot be used without " + std::string(key);
      if (written.as_boolean()) exclusive = std::exchange(inclusive, Value());
      return {};
    }
    if (written.is_number() && number_allowed) {
      exclusive = written;
      return {};
    }
    return invalid_type(!number_allowed ? "boolean"
                        : flag_allowed  ? "boolean/number"
                                        : "number",
                        exclusive_key);
  }

  // Sizes.

  static Complaint size(const At& at, Text key, std::optional<std::int64_t>& out) {
    const Value written = at[key];
    if (!written) return {};
    const auto integer = written.is_number() ? builtins::plain_integer(written) : std::nullopt;
    if (!integer) return must_be_of_an(key, "integer");
    if (*integer < 0) return std::string(key) + " must be greater than or equal to 0";
    out = integer;
    return {};
  }
  static Complaint sizes(const At& at, Text least, std::optional<std::int64_t>& min, Text most,
                         std::optional<std::int64_t>& max) {
    if (auto wrong = size(at, least, min); !wrong.empty()) return wrong;
    return size(at, most, max);
  }
  static Complaint ordered(Text least, const std::optional<std::int64_t>& min, Text most,
                           const std::optional<std::int64_t>& max) {
    if (!min || !max || *min <= *max) return {};
    return std::string(least) + " cannot be greater than " + std::string(most);
  }
  Complaint lengths(const At& at) {
    Node& node = at.node;
    auto wrong = sizes(at, "minLength", node.min_length, "maxLength", node.max_length);
    return wrong.empty() ? ordered("minLength", node.min_length, "maxLength", node.max_length) : wrong;
  }
  Complaint property_counts(const At& at) {
    Node& node = at.node;
    auto wrong = sizes(at, "minProperties", node.min_properties, "maxProperties", node.max_properties);
    return wrong.empty() ? ordered("minProperties", node.min_properties, "maxProperties", node.max_properties)
                         : wrong;
  }
  Complaint item_counts(const At& at) {
    auto wrong = sizes(at, "minItems", at.node.min_items, "maxItems", at.node.max_items);
    if (!wrong.empty()) return wrong;
    const Value unique = at["uniqueItems"];
    if (unique && !unique.is_boolean()) return must_be_of_a("uniqueItems", "boolean");
    at.node.unique_items = unique.is_true();
    return {};
  }

  Complaint pattern(const At& at) {
    const Value written = at["pattern"], format = at["format"];
    if (written && !written.is_string()) return invalid_type("string", "pattern");
    if (written && patterns_ == Patterns::Check) {
      at.node.pattern = compiled(written.as_string());
      if (at.node.pattern == nullptr) return "pattern must be a valid regex";
      at.node.pattern_text = written.as_string();
    }
    if (format && !format.is_string()) return invalid_type("string", "format");
    if (format) at.node.format = format.as_string();
    return {};
  }

  // Lists.

  static Complaint list(const At& at, Text key, std::span<const Value>& out) {
    const Value written = at[key];
    if (!written) return {};
    if (!written.is_array()) return must_be_of_an(key, "array");
    out = written.as_array();
    return {};
  }

  Complaint required(const At& at) {
    std::span<const Value> names;
    if (auto wrong = list(at, "required", names); !wrong.empty()) return wrong;
    for (const Value& name : names) {
      if (!name.is_string()) return invalid_type("string", "required");
      if (holds(at.node.required, name.as_string())) return "required items must be unique";
      at.node.required.emplace_back(name.as_string());
    }
    return {};
  }

  Complaint contains(const At& at) {
    const Value written = at["contains"];
    if (!written || at.node.draft < Draft::V6) return {};
    return child(at, written, "contains", at.node.contains);
  }

  Complaint values(const At& at) {
    const Complaint no_double = "json: cannot unmarshal number into Go value of type float64";
    if (const Value constant = at["const"]; constant && at.node.draft >= Draft::V6) {
      at.node.constant = normalised_json(constant);
      if (!at.node.constant) return no_double;
    }
    if (!at["enum"]) return {};
    std::span<const Value> allowed;
    if (auto wrong = list(at, "enum", allowed); !wrong.empty()) return wrong;
    auto& texts = at.node.allowed.emplace();
    for (const Value& one : allowed) {
      auto text = normalised_json(one);
      if (!text) return no_double;
      if (holds(texts, *text)) return "enum items must be unique";
      texts.push_back(std::move(*text));
    }
    return {};
  }

  Complaint alternatives(const At& at, Text key, std::vector<const Node*>& out) {
    std::span<const Value> all;
    if (auto wrong = list(at, key, all); !wrong.empty()) return wrong;
    for (const Value& one : all) {
      const Node* node = nullptr;
      auto wrong = child(at, one, key, node);
      out.push_back(node);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }
  Complaint combinations(const At& at) {
    if (auto wrong = alternatives(at, "oneOf", at.node.one_of); !wrong.empty()) return wrong;
    if (auto wrong = alternatives(at, "anyOf", at.node.any_of); !wrong.empty()) return wrong;
    if (auto wrong = alternatives(at, "allOf", at.node.all_of); !wrong.empty()) return wrong;
    return condition(at, "not", at.node.not_);
  }

  Complaint condition(const At& at, Text key, const Node*& out) {
    const Value written = at[key];
    if (!written) return {};
    return is_schema(written) ? child(at, written, key, out) : must_be_of_an(key, "object");
  }
  Complaint conditions(const At& at) {
    if (at.node.draft < Draft::V7) return {};
    if (auto wrong = condition(at, "if", at.node.if_); !wrong.empty()) return wrong;
    if (auto wrong = condition(at, "then", at.node.then_); !wrong.empty()) return wrong;
    return condition(at, "else", at.node.else_);
  }

  Schema& out_;
  Patterns patterns_;
  Pool pool_;
  std::unordered_map<std::string, const Node*> referenced_;
};

}  // namespace

bool Node::has_type(Text type) const {
  return holds(types, type);
}

std::expected<std::unique_ptr<Schema>, std::string> compile(const Value& document, Patterns patterns) {
  auto schema = std::make_unique<Schema>();
  // A copy of our own: what the nodes borrow lives as long as they do, and no two objects share a place.
  const Value own = copy(schema->arena, document);
  if (auto wrong = Compiler(*schema, patterns).run(own); !wrong.empty()) return std::unexpected(wrong);
  return schema;
}

}  // namespace signalbox::policy::schema
