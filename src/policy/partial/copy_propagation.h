// Copy propagation: variables that only pass something on are taken out of what partial evaluation saved, so
// that `x = input.a; x > 1` is read as `input.a > 1`. The rules are those of OPA's copy propagator
// (Apache-2.0): what it leaves is what OPA's clients have learned to read.
#pragma once

#include "policy/check/vars.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy::partial {

/// `live` variables stay bound in the result; an expression that can fail is never lost. A body that holds
/// always is empty.
ast::Body propagate_copies(const ast::Body& body, const check::VarSet& live, const check::Arity& arity);

}  // namespace signalbox::policy::partial
