// JSON Schema, drafts 4, 6 and 7, with the keywords, the messages and the peculiarities of the library that
// OPA uses (gojsonschema): json.match_schema, json.verify_schema, and the type checker's schemas.
//
// compile() turns a document into a graph of Nodes; validate() walks a value along it. Nothing is loaded from
// outside: a reference to another host or file is an error, except the three meta-schemas, which are built
// in.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/limits.h"
#include "policy/value/value.h"

namespace re2 {
class RE2;
}

namespace signalbox::policy::schema {

/// Hybrid: no `$schema` says which; both spellings of what changed between drafts are understood.
enum class Draft : std::uint8_t { V4 = 4, V6 = 6, V7 = 7, Hybrid = 255 };

struct Node;

/// `additionalProperties`, `additionalItems`: absent, a flag, or a schema.
using Additional = std::variant<std::monostate, bool, const Node*>;
/// One entry of `dependencies`: names that must be there too, or a schema for the whole object.
using Dependency = std::variant<std::vector<std::string>, const Node*>;

struct PatternProperty {
  std::string pattern;
  std::shared_ptr<const re2::RE2> regex;
  const Node* node = nullptr;
};

/// One schema. Owned by its Schema; values and names borrow the Schema's arena.
struct Node {
  Draft draft = Draft::Hybrid;
  std::string property;  ///< the member of the parent it describes, or the keyword it hangs below

  std::optional<bool> pass;          ///< the schema is `true` or `false`
  const Node* referenced = nullptr;  ///< `$ref`: stands for everything else
  std::vector<std::string_view> types;

  Value multiple_of, minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<std::int64_t> min_length, max_length, min_items, max_items, min_properties, max_properties;
  std::shared_ptr<const re2::RE2> pattern;
  std::string pattern_text;
  std::string format;

  std::vector<std::string> required;
  std::vector<const Node*> properties;
  std::vector<PatternProperty> pattern_properties;
  Additional additional_properties, additional_items;
  std::map<std::string, Dependency, std::less<>> dependencies;
  const Node* property_names = nullptr;

  std::vector<const Node*> items;
  bool one_schema_for_items = false;
  bool unique_items = false;
  const Node* contains = nullptr;

  std::optional<std::string> constant;              ///< as normalised JSON text
  std::optional<std::vector<std::string>> allowed;  ///< `enum`, the same
  std::vector<const Node*> any_of, one_of, all_of;
  const Node *not_ = nullptr, *if_ = nullptr, *then_ = nullptr, *else_ = nullptr;

  bool has_type(std::string_view type) const;
};

struct Schema {
  Arena arena;
  std::deque<Node> nodes;
  const Node* root = nullptr;
};

enum class Patterns : std::uint8_t {
  Check,   ///< `pattern` must be an RE2 expression and is enforced
  Ignore,  ///< not even read: for type checking, where ECMAScript's expressions must not matter
};

/// What is wrong with the schema, in the library's words.
std::expected<std::unique_ptr<Schema>, std::string> compile(const Value& document,
                                                            Patterns patterns = Patterns::Check);

/// One complaint about a value.
struct Problem {
  std::string type;   ///< "required", "invalid_type", ...
  std::string field;  ///< "a.b.0", or "(Root)"
  std::string description;
  std::string text() const { return field + ": " + description; }
};

/// Every complaint, in the order of the schema's keywords; nothing when a limit is hit.
std::optional<std::vector<Problem>> validate(const Schema& schema, const Value& value, Meter& meter);

/// Whether `text` has the named format; unknown formats accept everything.
bool has_format(std::string_view format, std::string_view text);

/// The value as JSON text in which equal numbers are spelled equally (by way of doubles). Empty when a number
/// is no double.
std::optional<std::string> normalised_json(const Value& value);

}  // namespace signalbox::policy::schema
