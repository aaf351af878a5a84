// The set operation that sets and numbers share: `-`.
#pragma once

#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {

/// Elements of `a` that are not in `b`.
BuiltinResult set_difference(BuiltinContext& context, Set a, Set b);

}  // namespace signalbox::policy::builtins
