// Types as OPA's JSON, compact.
#pragma once

#include <string>
#include <vector>

#include "policy/check/type.h"

namespace signalbox::policy::check {

/// "null" where nothing is known.
std::string to_json(const TypePtr& type);
std::string to_json(const std::vector<TypePtr>& types);
/// A constant, such as a known member's key.
std::string key_json(const ast::Term& key);

}  // namespace signalbox::policy::check
