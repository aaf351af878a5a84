// OPA's rule index, as far as one can see from outside which expressions it lets a rule reach.
#pragma once

#include "policy/check/context.h"

namespace signalbox::policy::check {

/// Orders the rules of one name as the index gives them, which matters where the first that fires ends the
/// search. ExprForm::OpaIndexed: what it looks at is put in front of their bodies as conditions, which have
/// no place in the source. The bodies must have been hoisted.
void arrange_as_indexed(Context& context);

}  // namespace signalbox::policy::check
