// A value along a schema's Nodes. Complaints are collected, and every step that succeeds scores: of several
// alternatives that all fail, the one with the best score explains itself.
//
// The order of checks, and what scores, are the library's: complaints must come out as OPA's do.
#include <re2/re2.h>

#include <algorithm>
#include <unordered_map>

#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/schema/json_schema.h"
#include "policy/schema/numbers.h"
#include "policy/value/json.h"
#include "policy/value/number.h"

namespace signalbox::policy::schema {
namespace {

using Text = std::string_view;
constexpr int kMaxDepth = 1024;

/// The way from the root to the value at hand.
struct Place {
  Text name;
  const Place* parent = nullptr;

  std::string text() const {
    return parent == nullptr ? std::string(name) : parent->text() + "." + std::string(name);
  }
  std::string field() const {
    std::string all = text();
    constexpr Text kRoot = "(Root).";
    return all.starts_with(kRoot) ? all.substr(kRoot.size()) : all;
  }
};

struct Findings {
  std::vector<Problem> problems;
  int score = 0;

  bool valid() const { return problems.empty(); }
  void add(Text type, const Place& place, std::string description) {
    problems.push_back({std::string(type), place.field(), std::move(description)});
    score -= 2;
  }
  void merge(Findings&& other) {
    for (Problem& problem : other.problems) problems.push_back(std::move(problem));
    score += other.score;
  }
};

/// The type a value has where types are asked for. Sets count as arrays: they become arrays in JSON.
Text type_of(const Value& value) {
  switch (value.kind()) {
    case Kind::Boolean: return "boolean";
    case Kind::Number: return is_whole(value) ? "integer" : "number";
    case Kind::String: return "string";
    case Kind::Array:
    case Kind::Set: return "array";
    case Kind::Object: return "object";
    default: return "null";
  }
}

bool type_fits(const Node& node, Text type) {
  return node.types.empty() || node.has_type(type) || (type == "integer" && node.has_type("number"));
}

std::string types_text(const Node& node) {
  if (node.types.size() == 1) return std::string(node.types.front());
  std::string out = "[";
  for (Text type : node.types) out += (out.size() > 1 ? "," : "") + std::string(type);
  return out + "]";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

class Validator {
 public:
  explicit Validator(Meter& meter) : meter_(meter) {}

  void check(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (!meter_.charge(1) || depth_ >= kMaxDepth) {
      stopped_ = true;
      return;
    }
    if (node.pass) {
      if (!*node.pass) out.add("false", place, "False always fails validation");
      return;
    }
    ++depth_;
    if (node.referenced != nullptr) {
      check(*node.referenced, value, out, place);
    } else {
      check_typed(node, value, out, place);
    }
    --depth_;
  }
  bool stopped() const { return stopped_; }

 private:
  Findings checked(const Node& node, const Value& value, const Place& place) {
    Findings out;
    check(node, value, out, place);
    return out;
  }

  void check_typed(const Node& node, const Value& value, Findings& out, const Place& place) {
    const Text type = type_of(value);
    if (!type_fits(node, type)) {
      out.add("invalid_type", place,
              "Invalid type. Expected: " + types_text(node) + ", given: " + std::string(type));
      return;
    }
    combinations(node, value, out, place);
    switch (value.kind()) {
      case Kind::Null: common(node, value, out, place); break;
      case Kind::Array: array(node, value.as_array(), out, place), common(node, value, out, place); break;
      case Kind::Set: array(node, value.as_set(), out, place), common(node, value, out, place); break;
      case Kind::Object:
        object(node, value, out, place);
        common(node, value, out, place);
        for (const Node* property : node.properties)
          if (const Value member = value.at(property->property))
            check(*property, member, out, {property->property, &place});
        break;
      case Kind::Number:
        number(node, value, out, place);
        common(node, value, out, place);
        break;
      case Kind::String:
        common(node, value, out, place);
        string(node, value.as_string(), out, place);
        break;
      default: common(node, value, out, place); break;
    }
    ++out.score;
  }

  // Combinations of schemas.

  void combinations(const Node& node, const Value& value, Findings& out, const Place& place) {
    any_of(node, value, out, place);
    one_of(node, value, out, place);
    all_of(node, value, out, place);
    if (node.not_ != nullptr && checked(*node.not_, value, place).valid())
      out.add("number_not", place, "Must not validate the schema (not)");
    if (value.is_object()) dependencies(node, value, out, place);
    if (node.if_ != nullptr) condition(node, value, out, place);
    ++out.score;
  }

  void any_of(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (node.any_of.empty()) return;
    std::optional<Findings> best;
    for (const Node* one : node.any_of) {
      Findings found = checked(*one, value, place);
      if (found.valid()) return;
      if (!best || found.score > best->score) best = std::move(found);
    }
    out.add("number_any_of", place, "Must validate at least one schema (anyOf)");
    out.merge(std::move(*best));
  }

  void one_of(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (node.one_of.empty()) return;
    std::optional<Findings> best;
    int valid = 0;
    for (const Node* one : node.one_of) {
      Findings found = checked(*one, value, place);
      if (found.valid()) {
        ++valid;
      } else if (valid == 0 && (!best || found.score > best->score)) {
        best = std::move(found);
      }
    }
    if (valid == 1) return;
    out.add("number_one_of", place, "Must validate one and only one schema (oneOf)");
    if (valid == 0) out.merge(std::move(*best));
  }

  void all_of(const Node& node, const Value& value, Findings& out, const Place& place) {
    bool all = true;
    for (const Node* one : node.all_of) {
      Findings found = checked(*one, value, place);
      all = all && found.valid();
      out.merge(std::move(found));
    }
    if (!all) out.add("number_all_of", place, "Must validate all the schemas (allOf)");
  }

  void dependencies(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (node.dependencies.empty()) return;
    for (const Pair& member : value.as_object()) {
      const auto found = node.dependencies.find(member.key.as_string());
      if (found == node.dependencies.end()) continue;
      if (const auto* schema = std::get_if<const Node*>(&found->second)) {
        check(**schema, value, out, place);
        continue;
      }
      for (const std::string& needed : std::get<std::vector<std::string>>(found->second))
        if (!value.at(needed)) out.add("missing_dependency", place, "Has a dependency on " + needed);
    }
  }

  void condition(const Node& node, const Value& value, Findings& out, const Place& place) {
    const bool holds = checked(*node.if_, value, place).valid();
    const Node* next = holds ? node.then_ : node.else_;
    if (next == nullptr) return;
    Findings found = checked(*next, value, place);
    if (found.valid()) return;
    if (holds) {
      out.add("condition_then", place, "Must validate \"then\" as \"if\" was valid");
    } else {
      out.add("condition_else", place, "Must validate \"else\" as \"if\" was not valid");
    }
    out.merge(std::move(found));
  }

  // What every type has.

  void common(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (node.constant || node.allowed) {
      const std::string text = normalised_json(value).value_or("");
      if (node.constant && text != *node.constant)
        out.add("const", place, place.field() + " does not match: " + *node.constant);
      if (node.allowed && std::ranges::find(*node.allowed, text) == node.allowed->end())
        out.add("enum", place, place.field() + " must be one of the following: " + joined(*node.allowed));
    }
    if (!node.format.empty() && value.is_string() && !has_format(node.format, value.as_string()))
      out.add("format", place, "Does not match format '" + node.format + "'");
    ++out.score;
  }

  // Arrays.

  void array(const Node& node, std::span<const Value> values, Findings& out, const Place& place) {
    elements(node, values, out, place);
    const auto count = static_cast<std::int64_t>(values.size());
    if (node.min_items && count < *node.min_items)
      out.add("array_min_items", place,
              "Array must have at least " + std::to_string(*node.min_items) + " items");
    if (node.max_items && count > *node.max_items)
      out.add("array_max_items", place,
              "Array must have at most " + std::to_string(*node.max_items) + " items");
    if (node.unique_items) unique(values, out, place);
    if (node.contains != nullptr) contains(node, values, out, place);
    ++out.score;
  }

  void elements(const Node& node, std::span<const Value> values, Findings& out, const Place& place) {
    const auto one = [&](const Node& schema, std::size_t i) {
      const std::string name = std::to_string(i);
      out.merge(checked(schema, values[i], {name, &place}));
    };
    if (node.one_schema_for_items) {
      for (std::size_t i = 0; i < values.size(); ++i) one(*node.items.front(), i);
      return;
    }
    if (node.items.empty()) return;
    const std::size_t described = std::min(node.items.size(), values.size());
    for (std::size_t i = 0; i < described; ++i) one(*node.items[i], i);
    if (values.size() == described) return;
    if (const auto* allowed = std::get_if<bool>(&node.additional_items)) {
      if (!*allowed) out.add("array_no_additional_items", place, "No additional items allowed on array");
    } else if (const auto* schema = std::get_if<const Node*>(&node.additional_items)) {
      for (std::size_t i = described; i < values.size(); ++i) one(**schema, i);
    }
  }

  void unique(std::span<const Value> values, Findings& out, const Place& place) {
    std::unordered_map<std::string, std::size_t> seen;
    for (std::size_t j = 0; j < values.size(); ++j) {
      const std::string text = normalised_json(values[j]).value_or("");
      if (auto before = seen.find(text); before != seen.end())
        out.add(
            "unique", place,
            "array items[" + std::to_string(before->second) + "," + std::to_string(j) + "] must be unique");
      seen.insert_or_assign(text, j);
    }
  }

  void contains(const Node& node, std::span<const Value> values, Findings& out, const Place& place) {
    std::optional<Findings> best;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string name = std::to_string(i);
      Findings found = checked(*node.contains, values[i], {name, &place});
      if (found.valid()) return;
      if (!best || found.score > best->score) best = std::move(found);
    }
    out.add("contains", place, "At least one of the items must match");
    if (best) out.merge(std::move(*best));
  }

  // Objects.

  void object(const Node& node, const Value& value, Findings& out, const Place& place) {
    const auto count = static_cast<std::int64_t>(value.size());
    if (node.min_properties && count < *node.min_properties)
      out.add("array_min_properties", place,
              "Must have at least " + std::to_string(*node.min_properties) + " properties");
    if (node.max_properties && count > *node.max_properties)
      out.add("array_max_properties", place,
              "Must have at most " + std::to_string(*node.max_properties) + " properties");
    for (const std::string& name : node.required) {
      if (value.at(name)) {
        ++out.score;
      } else {
        out.add("required", place, name + " is required");
      }
    }
    for (const Pair& member : value.as_object()) undescribed(node, member, out, place);
    if (node.property_names != nullptr) {
      for (const Pair& member : value.as_object()) {
        Findings found = checked(*node.property_names, member.key, place);
        if (found.valid()) continue;
        out.add("invalid_property_name", place,
                "Property name of \"" + std::string(member.key.as_string()) + "\" does not match");
        out.merge(std::move(found));
      }
    }
    ++out.score;
  }

  /// patternProperties, and additionalProperties for what nothing else describes.
  void undescribed(const Node& node, const Pair& member, Findings& out, const Place& place) {
    const Text name = member.key.as_string();
    const Place below{name, &place};
    bool matched = false;
    for (const PatternProperty& property : node.pattern_properties) {
      if (!re2::RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *property.regex)) continue;
      matched = true;
      out.merge(checked(*property.node, member.value, below));
    }
    if (matched) {
      ++out.score;
      return;
    }
    if (std::ranges::find(node.properties, name, &Node::property) != node.properties.end()) return;
    if (const auto* allowed = std::get_if<bool>(&node.additional_properties)) {
      if (!*allowed)
        out.add("additional_property_not_allowed", place,
                "Additional property " + std::string(name) + " is not allowed");
    } else if (const auto* schema = std::get_if<const Node*>(&node.additional_properties)) {
      out.merge(checked(**schema, member.value, below));
    }
  }

  // Strings and numbers.

  void string(const Node& node, Text text, Findings& out, const Place& place) {
    if (node.min_length || node.max_length) {
      const auto length = static_cast<std::int64_t>(go::rune_count(text));
      if (node.min_length && length < *node.min_length)
        out.add("string_gte", place,
                "String length must be greater than or equal to " + std::to_string(*node.min_length));
      if (node.max_length && length > *node.max_length)
        out.add("string_lte", place,
                "String length must be less than or equal to " + std::to_string(*node.max_length));
    }
    if (node.pattern != nullptr &&
        !re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *node.pattern))
      out.add("pattern", place, "Does not match pattern '" + node.pattern_text + "'");
    ++out.score;
  }

  void number(const Node& node, const Value& value, Findings& out, const Place& place) {
    if (node.multiple_of && !is_multiple(value, node.multiple_of))
      out.add("multiple_of", place, "Must be a multiple of " + bound_text(node.multiple_of));
    if (node.maximum && compare_numbers(value, node.maximum) > 0)
      out.add("number_lte", place, "Must be less than or equal to " + bound_text(node.maximum));
    if (node.exclusive_maximum && compare_numbers(value, node.exclusive_maximum) >= 0)
      out.add("number_lt", place, "Must be less than " + bound_text(node.exclusive_maximum));
    if (node.minimum && compare_numbers(value, node.minimum) < 0)
      out.add("number_gte", place, "Must be greater than or equal to " + bound_text(node.minimum));
    if (node.exclusive_minimum && compare_numbers(value, node.exclusive_minimum) <= 0)
      out.add("number_gt", place, "Must be greater than " + bound_text(node.exclusive_minimum));
    ++out.score;
  }

  Meter& meter_;
  int depth_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::optional<std::vector<Problem>> validate(const Schema& schema, const Value& value, Meter& meter) {
  Validator validator(meter);
  Findings out;
  validator.check(*schema.root, value, out, {"(Root)", nullptr});
  if (validator.stopped()) return std::nullopt;
  return std::move(out.problems);
}

}  // namespace signalbox::policy::schema
