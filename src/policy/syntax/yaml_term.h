// Scalars of YAML policies as ground terms.
#pragma once

#include <string_view>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

/// A plain scalar as a term, typed by the core schema (null, booleans, numbers); all others are Strings.
Term scalar_from_yaml(std::string_view text);

}  // namespace signalbox::policy::ast
