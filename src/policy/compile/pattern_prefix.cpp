// Reads RE2's syntax just far enough: an anchor, literal characters, and whether an alternative follows that
// would do without them. What is not understood ends the prefix.
#include "policy/compile/pattern_prefix.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kMeta = "\\.+*?()|[]{}^$";

bool is_punctuation(char c) {
  return c > ' ' && c < 0x7F && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
         !(c >= 'A' && c <= 'Z') && c != '_';
}

/// Behind the character class that begins at `at`.
std::size_t after_class(std::string_view pattern, std::size_t at) {
  if (++at < pattern.size() && pattern[at] == '^') ++at;
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) return at + 1;
    if (pattern.substr(at).starts_with("[:")) {
      const std::size_t end = pattern.find(":]", at + 2);
      at = end == std::string_view::npos ? at + 1 : end + 2;
    } else {
      at += pattern[at] == '\\' ? 2 : 1;
    }
  }
  return at;
}

/// Whether a `|` stands outside of all groups. Quoted text (\Q) is not read: it may hide one.
bool has_alternatives(std::string_view pattern) {
  if (pattern.find("\\Q") != std::string_view::npos) return true;
  int depth = 0;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '[') {
      at = after_class(pattern, at);
      continue;
    }
    if (c == '|' && depth == 0) return true;
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    at += c == '\\' ? 2 : 1;
  }
  return false;
}

}  // namespace

std::string literal_prefix(std::string_view pattern) {
  if (!pattern.starts_with('^') || has_alternatives(pattern)) return "";
  std::string out;
  std::size_t at = 1;
  while (at < pattern.size()) {
    const bool escaped = pattern[at] == '\\' && at + 1 < pattern.size() && is_punctuation(pattern[at + 1]);
    const char c = pattern[at + (escaped ? 1 : 0)];
    if (static_cast<unsigned char>(c) >= 0x80 || (!escaped && kMeta.find(c) != std::string_view::npos)) break;
    out += c;
    at += escaped ? 2 : 1;
  }
  // The last character may be repeated no times.
  const bool optional =
      at < pattern.size() && (pattern[at] == '*' || pattern[at] == '?' || pattern[at] == '{');
  if (optional && !out.empty()) out.pop_back();
  return out;
}

}  // namespace signalbox::policy
