// GraphQL documents as Rego values: the JSON form of gqlparser's syntax tree, which graphql.* built-ins
// return. Every node also carries "Position": [line, column], which without_positions() takes away again.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/builtins/graphql/lexer.h"
#include "policy/value/value.h"

namespace signalbox::policy::graphql {

struct Complaint {
  std::string message;
  Position at;  ///< line 0: unknown
};

/// An executable document: {"Operations": [...], "Fragments": [...]}.
std::expected<Value, Complaint> parse_query(Arena& arena, std::string_view text);
/// A type system document: {"Definitions": [...], "Schema": [...], ...}.
std::expected<Value, Complaint> parse_schema(Arena& arena, std::string_view text);

/// The tree without positions, nulls and empty collections.
Value without_positions(Arena& arena, const Value& tree);

}  // namespace signalbox::policy::graphql
