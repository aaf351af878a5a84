// Unescaping of string literals.
#include "policy/syntax/unescape.h"

#include <charconv>
#include <cstdint>

namespace signalbox::policy::ast {
namespace {

constexpr std::uint32_t kReplacement = 0xFFFD;

std::optional<std::uint32_t> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return {};
  std::uint32_t value = 0;
  const char* first = text.data() + at;
  const auto [end, problem] = std::from_chars(first, first + 4, value, 16);
  if (problem != std::errc() || end != first + 4) return {};
  return value;
}

/// `\uXXXX` at `at` (of the digits), with its second half when it is a surrogate. Moves `at` behind it.
std::optional<std::uint32_t> unicode(std::string_view text, std::size_t& at) {
  const auto first = hex4(text, at);
  if (!first) return {};
  at += 4;
  if (*first < 0xD800 || *first > 0xDFFF) return first;
  if (*first < 0xDC00 && text.substr(at, 2) == "\\u") {
    const auto second = hex4(text, at + 2);
    if (second && *second >= 0xDC00 && *second <= 0xDFFF) {
      at += 6;
      return 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00);
    }
  }
  return kReplacement;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | code_point >> 6);
    tail(0);
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | code_point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code_point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::optional<std::string> unescape(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  for (std::size_t i = 0; i < inner.size();) {
    const char c = inner[i++];
    if (static_cast<unsigned char>(c) < 0x20) return {};  // JSON wants control characters escaped
    if (c != '\\') {
      out += c;
      continue;
    }
    if (i == inner.size()) return {};
    switch (inner[i++]) {
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case '/': out += '/'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        const auto code_point = unicode(inner, i);
        if (!code_point) return {};
        append_utf8(out, *code_point);
        break;
      }
      default: return {};
    }
  }
  return out;
}

}  // namespace signalbox::policy::ast
