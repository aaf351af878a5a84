// Finding a text within another in time that grows with their lengths' sum: std::string_view::find takes
// their product where the text nearly matches everywhere, and no limit stops it.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace signalbox::policy::go {

/// As `text.find(part, from)`.
inline std::size_t find_text(std::string_view text, std::string_view part, std::size_t from = 0) {
  if (from > text.size()) return std::string_view::npos;
  if (part.empty()) return from;
  if (part.size() > text.size() - from) return std::string_view::npos;  // memmem takes no null
  const void* found = ::memmem(text.data() + from, text.size() - from, part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

}  // namespace signalbox::policy::go
