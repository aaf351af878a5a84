// Differences between two texts, line by line, as `diff -u` shows them.
#pragma once

#include <string>
#include <string_view>

namespace signalbox::app::cli {

/// Coloured on a terminal. Empty when the texts are equal.
std::string line_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace signalbox::app::cli
