// JSON that verbs print: written compactly, key by key in the order people expect, and indented at the end.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace signalbox::app::cli {

/// A JSON string, escaped as Go's encoder does (<, > and & too).
std::string json_string(std::string_view text);
/// {"file": .., "row": .., "col": ..}
std::string json_location(const SourcePosition& at);
/// Compact JSON with line breaks and two blanks a level, keys in the order they are in; ends with a newline.
std::string indented(std::string_view compact);

}  // namespace signalbox::app::cli
