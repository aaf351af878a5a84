// YAML to values, with JSON's data model: the first document, scalars resolved as YAML 1.2's core schema does
// (plus what OPA's reader accepts), other keys become their text.
#pragma once

#include <expected>
#include <string_view>

#include "policy/value/json.h"

namespace signalbox::policy {

std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text);

}  // namespace signalbox::policy
