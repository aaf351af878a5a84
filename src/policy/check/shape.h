// Shape: what two rules have in common when no type can tell them apart.
#pragma once

#include <optional>
#include <string>

#include "policy/syntax/ast.h"

namespace signalbox::policy::check {

/// Head and body as a text in which constants are but their types, except in references and as keys, and
/// variables are numbers in the order in which they come. Nothing for functions, `else` and rules with
/// schemas of their own.
std::optional<std::string> shape_of(const ast::Module& module, const ast::Rule& rule);

}  // namespace signalbox::policy::check
