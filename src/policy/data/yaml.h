// YAML to values, exactly as OPA reads it, base documents and yaml.unmarshal alike: the first document,
// go-yaml's types (YAML 1.1: `yes` is true, 017 is 15), JSON's data model: other keys become their text.
#pragma once

#include <expected>
#include <string_view>

#include "policy/value/json.h"

namespace signalbox::policy {

/// Errors have go-yaml's words: "yaml: line 2: found character that cannot start any token".
std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text);

}  // namespace signalbox::policy
