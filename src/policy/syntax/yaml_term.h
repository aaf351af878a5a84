// YAML as ground terms: metadata blocks and inline schemas.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

struct YamlProblem {
  std::uint32_t row = 0;  ///< from 1, in the text given; 0 when unknown
  std::string message;
};

/// Parses one YAML document. Mappings become Objects (in the order of the text), sequences Arrays; plain
/// scalars are typed by the core schema (null, booleans, numbers), all others are Strings. Nesting and
/// aliases are bounded.
std::expected<Term, YamlProblem> term_from_yaml(std::string_view text);

/// A plain YAML scalar as a term.
Term scalar_from_yaml(std::string_view text);

}  // namespace signalbox::policy::ast
