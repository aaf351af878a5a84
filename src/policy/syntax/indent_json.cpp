// JSON on one line, broken into lines as encoding/json's MarshalIndent does it.
#include <cstddef>

#include "policy/syntax/ast_json.h"

namespace signalbox::policy::ast {

std::string indent_json(std::string_view compact, std::string_view indent) {
  std::string out;
  std::size_t depth = 0;
  const auto line = [&] {
    out += '\n';
    for (std::size_t i = 0; i < depth; ++i) out += indent;
  };
  for (std::size_t i = 0; i < compact.size(); ++i) {
    const char c = compact[i];
    if (c == '"') {
      std::size_t end = i + 1;
      while (end < compact.size() && compact[end] != '"') end += compact[end] == '\\' ? 2 : 1;
      out += compact.substr(i, end + 1 - i);
      i = end;
    } else if (c == '{' || c == '[') {
      out += c;
      if (i + 1 < compact.size() && compact[i + 1] == c + 2) continue;  // {} or []
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      if (out.back() != c - 2) {
        --depth;
        line();
      }
      out += c;
    } else {
      out += c;
      if (c == ',') line();
      if (c == ':') out += ' ';
    }
  }
  return out;
}

}  // namespace signalbox::policy::ast
