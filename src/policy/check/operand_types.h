// The types of a call's operands, for what is said of calls outside of type checking.
#pragma once

#include <vector>

#include "policy/check/context.h"
#include "policy/check/type.h"

namespace signalbox::policy::check {

/// Null where nothing is known: of variables, and of rules' documents before their types have been found.
std::vector<TypePtr> operand_types(Context& context, const ast::Call& call);
/// Of the function that is called; null when it has none, or when the types of rules have not been found.
TypePtr called_type(Context& context, const ast::Call& call);

}  // namespace signalbox::policy::check
