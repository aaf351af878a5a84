// Parts of a text between separators, one after the other, without a list of them.
#pragma once

#include <string_view>

#include "policy/builtins/go/search.h"
#include "policy/builtins/go/text.h"

namespace signalbox::policy::go {

/// Calls `each` with every part, as strings.Split finds them: an empty separator parts the runes.
template <class Each>
void for_each_part(std::string_view text, std::string_view separator, const Each& each) {
  if (separator.empty()) {
    while (!text.empty()) {
      const auto width = decode_rune(text).width;
      each(text.substr(0, width));
      text.remove_prefix(width);
    }
    return;
  }
  std::size_t start = 0;
  for (auto at = find_text(text, separator); at != std::string_view::npos;
       at = find_text(text, separator, start)) {
    each(text.substr(start, at - start));
    start = at + separator.size();
  }
  each(text.substr(start));
}

}  // namespace signalbox::policy::go
