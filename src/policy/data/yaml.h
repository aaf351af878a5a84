// YAML to values, with JSON's data model: the first document, scalars resolved as YAML 1.2's core schema does
// (plus what OPA's reader accepts), other keys become their text.
#pragma once

#include <expected>
#include <string_view>

#include "policy/value/json.h"

namespace signalbox::policy {

/// What plain scalars are.
enum class YamlTyping : std::uint8_t {
  Core,  ///< the core schema of YAML 1.2; numbers keep their spelling
  Go,    ///< YAML 1.1 by way of Go's types, as yaml.unmarshal gives them: `yes` is true, 1.0 is 1
};

std::expected<Value, JsonError> parse_yaml(Arena& arena, std::string_view text,
                                           YamlTyping typing = YamlTyping::Core);

}  // namespace signalbox::policy
