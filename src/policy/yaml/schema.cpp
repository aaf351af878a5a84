// The schema is put together of JSON texts for the fixed parts and of values for what the vocabulary says.
#include "policy/yaml/schema.h"

#include <fmt/format.h>

#include <initializer_list>
#include <set>
#include <utility>
#include <vector>

#include "policy/value/builder.h"
#include "policy/value/json.h"

namespace signalbox::policy::yaml {
namespace {

constexpr int kDeepestPath = 5;

/// The tests that a condition may make; reader.h says the same in code.
constexpr std::string_view kCondition = R"({
  "anyOf": [{"$ref": "#/definitions/value"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/value"}},
            {"$ref": "#/definitions/tests"}]
})";
constexpr std::string_view kTests = R"({
  "type": "object", "minProperties": 1, "additionalProperties": false,
  "properties": {
    "equals": {"$ref": "#/definitions/values", "description": "equal to one of these; no globs"},
    "in": {"$ref": "#/definitions/values", "description": "the same as equals"},
    "glob": {"$ref": "#/definitions/texts", "description": "* stands for any text, ? for one character"},
    "regex": {"$ref": "#/definitions/texts", "description": "RE2; found anywhere in the text unless ^ and $ say otherwise"},
    "cidr": {"$ref": "#/definitions/texts", "description": "networks that hold the address"},
    "prefix": {"$ref": "#/definitions/texts", "description": "what the text begins with"},
    "range": {"anyOf": [
      {"type": "array", "minItems": 2, "maxItems": 2, "items": {"$ref": "#/definitions/value"}},
      {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": {
        "min": {"$ref": "#/definitions/value"}, "max": {"$ref": "#/definitions/value"},
        "above": {"$ref": "#/definitions/value"}, "below": {"$ref": "#/definitions/value"}}}]},
    "exists": {"type": "boolean", "description": "there is a value, and it is not null"},
    "any": {"type": "object", "minProperties": 1, "additionalProperties": {"$ref": "#/definitions/condition"},
            "description": "of a list of objects: one element whose members fulfil all of these"},
    "not": {"$ref": "#/definitions/condition", "description": "holds also where there is no value"}
  }
})";
constexpr std::string_view kValue = R"({"type": ["string", "number", "boolean", "null"]})";
constexpr std::string_view kValues = R"({
  "anyOf": [{"$ref": "#/definitions/value"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/value"}}]
})";
constexpr std::string_view kTexts = R"({
  "anyOf": [{"type": ["string", "number"]}, {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}}]
})";
constexpr std::string_view kHooks = R"({
  "description": "where the rules are asked; without it, on statements of clients",
  "anyOf": [{"$ref": "#/definitions/hook"}, {"type": "array", "items": {"$ref": "#/definitions/hook"}}]
})";
constexpr std::string_view kThen = R"({
  "anyOf": [{"$ref": "#/definitions/action"}, {"type": "array", "items": {"$ref": "#/definitions/action"}}]
})";
constexpr std::string_view kWhen = R"({
  "description": "Rego that must hold too",
  "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
})";
constexpr std::string_view kMode = R"({
  "enum": ["enforce", "shadow"], "description": "shadow: decided and recorded, not acted on"
})";
constexpr std::string_view kPriority =
    R"({"type": "integer", "description": "of what contradicts, the higher one wins; 0 by default"})";
constexpr std::string_view kFinal =
    R"({"type": "boolean", "description": "requests of lower priority do not count"})";
constexpr std::string_view kText = R"({"type": "string"})";
constexpr std::string_view kName = R"({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})";
constexpr std::string_view kTags = R"({"type": "array", "items": {"type": "string"}})";
constexpr std::string_view kParameters =
    R"({"type": "object", "description": "constants for {{ parameters.NAME }}"})";
constexpr std::string_view kTemplate = R"({"type": "string", "pattern": "\\{\\{"})";

using Members = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class SchemaWriter {
 public:
  explicit SchemaWriter(const Vocabulary& words) : words_(words), input_(json(words.input_schema)) {}

  std::string write() {
    ObjectBuilder root(arena_);
    root.add("$schema", text("http://json-schema.org/draft-07/schema#"));
    root.add("title", text("signalbox policy"));
    root.add("type", text("object"));
    root.add("required", texts({"policy", "rules"}));
    root.add("additionalProperties", kFalse);
    ObjectBuilder members =
        fixed({{"policy", kName},
               {"description", kText},
               {"mode", kMode},
               {"on", kHooks},
               {"parameters", kParameters},
               {"priority", kPriority},
               {"final", kFinal},
               {"tags", kTags},
               {"rules", R"({"type": "array", "items": {"$ref": "#/definitions/rule"}})"}});
    root.add("properties", members.finish());
    root.add("definitions", definitions());
    return to_json_pretty(root.finish()) + "\n";
  }

 private:
  Value json(std::string_view source) { return parse_json(arena_, source).value_or(kEmptyObject); }
  Value text(std::string_view value) { return copy_string(arena_, value); }
  Value texts(std::initializer_list<std::string_view> values) {
    ArrayBuilder array(arena_);
    for (const std::string_view one : values) array.add(text(one));
    return array.finish();
  }
  ObjectBuilder fixed(Members members) {
    ObjectBuilder object(arena_);
    for (const auto& [name, schema] : members) object.add(name, json(schema));
    return object;
  }

  Value definitions() {
    ObjectBuilder all = fixed({{"condition", kCondition},
                               {"tests", kTests},
                               {"value", kValue},
                               {"values", kValues},
                               {"texts", kTexts}});
    all.add("hook", hook());
    all.add("rule", rule());
    all.add("match", match());
    all.add("action", action());
    return all.finish();
  }

  Value hook() {
    ArrayBuilder names(arena_);
    for (const std::string& one : words_.hooks) names.add(text(one));
    ObjectBuilder out(arena_);
    out.add("enum", names.finish());
    return out.finish();
  }

  Value rule() {
    ObjectBuilder out(arena_);
    out.add("type", text("object"));
    out.add("required", texts({"then"}));
    out.add("additionalProperties", kFalse);
    ObjectBuilder members = fixed({{"name", kText},
                                   {"description", kText},
                                   {"mode", kMode},
                                   {"on", kHooks},
                                   {"priority", kPriority},
                                   {"final", kFinal},
                                   {"tags", kTags},
                                   {"when", kWhen},
                                   {"then", kThen},
                                   {"match", R"({"$ref": "#/definitions/match"})"}});
    out.add("properties", members.finish());
    return out.finish();
  }

  /// Every path of the input schema, with what it says of it.
  Value match() {
    ObjectBuilder paths(arena_), patterns(arena_);
    std::set<std::string> open;
    add_paths("", input_, 0, open, paths, patterns);
    patterns.add("^input\\.", json(R"({"$ref": "#/definitions/condition"})"));
    ObjectBuilder out(arena_);
    out.add("type", text("object"));
    out.add("description", text("conditions on facts, all of which must hold"));
    out.add("additionalProperties", kFalse);
    out.add("properties", paths.finish());
    out.add("patternProperties", patterns.finish());
    return out.finish();
  }

  /// What `$ref` says, if anything; the name of it is kept in `open` on the way down.
  Value followed(Value schema, std::string& reference) {
    const Value to = schema.is_object() ? schema.at("$ref") : Value::undefined();
    if (!to || !to.is_string() || !to.as_string().starts_with("#/")) return schema;
    reference = to.as_string();
    Value found = input_;
    for (std::string_view rest = to.as_string().substr(2); found && !rest.empty();) {
      const auto slash = rest.find('/');
      found = found.at(rest.substr(0, slash));
      rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    }
    return found ? found : kEmptyObject;
  }

  void add_paths(const std::string& path, Value schema, int depth, std::set<std::string>& open,
                 ObjectBuilder& paths, ObjectBuilder& patterns) {
    std::string reference;
    schema = followed(schema, reference);
    if (!reference.empty() && !open.insert(reference).second) return;
    const Value elements = schema.at("items");
    if (elements) add_members(path, elements, depth, open, paths, patterns);
    add_members(path, schema, depth, open, paths, patterns);
    if (!reference.empty()) open.erase(reference);
  }

  void add_members(const std::string& path, Value schema, int depth, std::set<std::string>& open,
                   ObjectBuilder& paths, ObjectBuilder& patterns) {
    std::string reference;
    schema = followed(schema, reference);
    const Value members = schema.at("properties"), others = schema.at("additionalProperties");
    const bool is_map = others && (others.is_object() || (others.is_true() && !members));
    if (is_map && !path.empty())
      patterns.add(text("^" + escaped(path) + "\\."), json(R"({"$ref": "#/definitions/condition"})"));
    if (!members || !members.is_object() || depth >= kDeepestPath) return;
    if (!reference.empty() && !open.insert(reference).second) return;
    for (const Pair& member : members.as_object()) {
      const std::string below = (path.empty() ? "" : path + ".") + std::string(member.key.as_string());
      paths.add(text(below), condition_on(member.value));
      add_paths(below, member.value, depth + 1, open, paths, patterns);
    }
    if (!reference.empty()) open.erase(reference);
  }

  static std::string escaped(const std::string& path) {
    std::string out;
    for (const char c : path) out += c == '.' ? std::string("\\.") : std::string(1, c);
    return out;
  }

  Value condition_on(Value schema) {
    ArrayBuilder all(arena_);
    all.add(json(R"({"$ref": "#/definitions/condition"})"));
    ObjectBuilder out(arena_);
    out.add("allOf", all.finish());
    const Value description = schema.is_object() ? schema.at("description") : Value::undefined();
    if (description) out.add("description", description);
    return out.finish();
  }

  /// A name, or a map of one name to its parameters.
  Value action() {
    ArrayBuilder names(arena_), alternatives(arena_);
    ObjectBuilder maps(arena_);
    for (const Vocabulary::Action& one : words_.actions) {
      std::vector<std::string> spellings = one.aliases;
      spellings.push_back(one.name);
      for (const std::string& name : spellings) {
        names.add(text(name));
        maps.add(text(name), parameters(one));
      }
    }
    ObjectBuilder plain(arena_), map(arena_), out(arena_);
    plain.add("enum", names.finish());
    map.add("type", text("object"));
    map.add("minProperties", Value::integer(1));
    map.add("maxProperties", Value::integer(1));
    map.add("additionalProperties", kFalse);
    map.add("properties", maps.finish());
    alternatives.add(plain.finish());
    alternatives.add(map.finish());
    out.add("anyOf", alternatives.finish());
    return out.finish();
  }

  Value parameters(const Vocabulary::Action& action) {
    const Value schema = json(action.parameter_schema.empty() ? "{}" : action.parameter_schema);
    const Value given = schema.at("properties"), required = schema.at("required");
    ObjectBuilder out(arena_);
    out.add("type",
            given && required && required.size() > 0 ? text("object") : json(R"(["object", "null"])"));
    if (!given || !given.is_object()) return out.finish();
    ObjectBuilder members = fixed({{"priority", kPriority}, {"final", kFinal}});
    for (const Pair& one : given.as_object()) members.add(one.key, or_template(one.value));
    out.add("properties", members.finish());
    out.add("additionalProperties", kFalse);
    if (required && required.size() > 0) out.add("required", required);
    return out.finish();
  }

  Value or_template(Value schema) {
    ArrayBuilder either(arena_);
    either.add(schema);
    either.add(json(kTemplate));
    ObjectBuilder out(arena_);
    out.add("anyOf", either.finish());
    if (const Value description = schema.at("description")) out.add("description", description);
    return out.finish();
  }

  const Vocabulary& words_;
  Arena arena_;
  Value input_;
};

}  // namespace

std::string editor_schema(const Vocabulary& vocabulary) {
  return SchemaWriter(vocabulary).write();
}

}  // namespace signalbox::policy::yaml
