// The literal text that every match of a regular expression begins with, and the searched text too.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::policy {

/// "/api/v1." of `^/api/v1\.[0-9]+$`: what a text must begin with to match `pattern`. ASCII; "" when nothing
/// is known. The pattern must be a valid one.
std::string literal_prefix(std::string_view pattern);

}  // namespace signalbox::policy
