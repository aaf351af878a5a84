// strings.Replacer: several replacements in one pass over the text.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace signalbox::policy::go {

struct Replacement {
  std::string_view from, to;
};

/// Asked wherever something may match, with the size reached and the comparisons made; false stops the work.
using Room = std::function<bool(std::size_t bytes, std::size_t comparisons)>;

/// Appends `text` to `out` with every match replaced; at one place the earliest replacement in the list wins.
/// An empty `from` matches between all bytes, as Go's does. False when `room` refused.
bool replace_into(std::string& out, std::string_view text, std::span<const Replacement> replacements,
                  const Room& room);

}  // namespace signalbox::policy::go
