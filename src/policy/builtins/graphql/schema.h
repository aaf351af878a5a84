// A GraphQL schema: a type system document merged with the predefined types, extensions applied, and
// validated. Borrows the document and the arena it was built with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/builtins/graphql/parser.h"

namespace signalbox::policy::graphql {

struct Definition {
  std::string_view name, kind;
  Value node;  ///< the definition; for a type that exists by extension only, the first extension
  bool built_in = false;
  std::vector<Value> fields, directives, enum_values;
  std::vector<std::string_view> interfaces, types;

  bool is_input() const { return kind == "SCALAR" || kind == "ENUM" || kind == "INPUT_OBJECT"; }
  bool is_leaf() const { return kind == "SCALAR" || kind == "ENUM"; }
  bool is_composite() const { return kind == "OBJECT" || kind == "INTERFACE" || kind == "UNION"; }
  bool is_abstract() const { return kind == "INTERFACE" || kind == "UNION"; }
};

struct Schema {
  std::map<std::string_view, Definition> types;
  std::map<std::string_view, Value> directives;
  std::map<std::string_view, std::vector<std::string_view>> possible_types;
  const Definition* query = nullptr;
  const Definition* mutation = nullptr;
  const Definition* subscription = nullptr;

  const Definition* find(std::string_view name) const {
    auto at = types.find(name);
    return at == types.end() ? nullptr : &at->second;
  }
};

/// The schema of a parsed or given document. The complaint is gqlparser's, with its place when the document
/// has one.
std::expected<Schema, Complaint> build_schema(Arena& arena, const Value& document);
/// Every rule that `query` breaks, in gqlparser's words; none when it is valid.
std::vector<Complaint> validate_query(Arena& arena, const Schema& schema, const Value& query);

// Reading tree nodes. A member that is missing, or of another kind, reads as empty.
Position position_of(const Value& node);
std::string_view text_in(const Value& node, std::string_view name);
std::span<const Value> list_in(const Value& node, std::string_view name);
bool flag_in(const Value& node, std::string_view name);
/// The element of a list whose "Name" is `name`; undefined when there is none.
Value named(std::span<const Value> list, std::string_view name);
/// The innermost type's name, and the type as written: "[String!]".
std::string_view base_name(const Value& type);
std::string type_text(const Value& type);
/// Whether a value of `type` can stand where `other` is wanted.
bool compatible(const Value& type, const Value& other);

}  // namespace signalbox::policy::graphql
