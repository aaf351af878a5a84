// Brackets are counted outside of strings. Whether they match is the parser's business.
#include "base/json_depth.h"

namespace signalbox {

std::string_view if_shallow(std::string_view json, std::size_t deepest) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (in_string) {
      continue;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return {};
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return json;
}

}  // namespace signalbox
