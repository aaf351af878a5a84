// Unescaping of string literals: the escapes of JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace signalbox::policy::ast {

/// The text that `inner` (between the quotes) stands for; nothing when an escape is wrong. A surrogate
/// without its partner becomes U+FFFD, and so do bytes that are not UTF-8.
std::optional<std::string> unescape(std::string_view inner);

/// Appends `code_point` as UTF-8.
void append_utf8(std::string& out, std::uint32_t code_point);

}  // namespace signalbox::policy::ast
