// References against types: what is dereferenced must be able to have the key.
#pragma once

#include <map>
#include <string>

#include "policy/check/context.h"
#include "policy/check/type_env.h"

namespace signalbox::policy::check {

/// Checks every reference of the expression, closures left out, and lets variables that stand in references
/// learn their types. Returns the complaints, in which the variables in `moved` are shown as what they stand
/// for.
Diagnostics check_refs(const Context& context, const std::map<std::string, ast::Term>& moved, TypeEnv& env,
                       const ast::Expr& expr);

}  // namespace signalbox::policy::check
