// The members `name` and `key` that OPA's JSON of a rule's head has beside its reference, from the days when
// a head was a name and perhaps a key.
#pragma once

#include <string>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

/// What a head says beside its reference.
struct HeadNames {
  const std::string* name = nullptr;
  const Term* key = nullptr;
};

HeadNames names_of(const Rule& rule);

}  // namespace signalbox::policy::ast
