// normalize and fingerprint over the token stream.
// Surprise: (1, 2, 3) and (1, 2) have one fingerprint: a constant after "constant ," adds nothing to the
// hash.
#include "sql/digest.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

bool is_constant(TokenKind kind) {
  return kind == TokenKind::String || kind == TokenKind::Number || kind == TokenKind::Invalid;
}

bool is_gap(TokenKind kind) {
  return kind == TokenKind::Blank || kind == TokenKind::LineComment || kind == TokenKind::BlockComment;
}

std::uint32_t highest_parameter(std::string_view text, bool standard) {
  std::uint32_t highest = 0;
  if (text.find('$') == std::string_view::npos) return highest;
  Lexer lexer(text, standard);
  for (Token token; lexer.next(token);) {
    std::uint32_t number = 0;
    if (token.kind != TokenKind::Parameter) continue;
    if (std::from_chars(token.text.data() + 1, token.text.data() + token.text.size(), number).ec ==
        std::errc{})
      highest = std::max(highest, std::min<std::uint32_t>(number, 65535));
  }
  return highest;
}

class Hash {
 public:
  void add(std::string_view text, bool fold) {
    for (char c : text) {
      if (fold && c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    value_ = (value_ ^ 0xff) * 0x100000001b3ULL;
  }
  std::uint64_t value() const { return value_ ^ (value_ >> 29); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325ULL;
};

}  // namespace

std::string normalize(std::string_view text, bool standard_conforming_strings) {
  std::string out;
  out.reserve(std::min<std::size_t>(text.size(), 4096));
  std::uint32_t next = highest_parameter(text, standard_conforming_strings);
  bool gap = false;
  Lexer lexer(text, standard_conforming_strings);
  for (Token token; lexer.next(token);) {
    if (is_gap(token.kind)) {
      gap = true;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    if (is_constant(token.kind)) {
      out += '$';
      out += std::to_string(++next);
    } else {
      out += token.text;
    }
  }
  return out;
}

std::string fingerprint(std::string_view text, bool standard_conforming_strings) {
  Hash hash;
  bool after_constant = false, after_comma = false;
  Lexer lexer(text, standard_conforming_strings);
  for (Token token; lexer.next(token);) {
    if (is_gap(token.kind)) continue;
    if (is_constant(token.kind) || token.kind == TokenKind::Parameter) {
      if (!after_comma) hash.add("?", false);
      after_constant = true, after_comma = false;
      continue;
    }
    if (after_comma) hash.add(",", false);
    after_comma = after_constant && token.text == ",";
    if (!after_comma) {
      after_constant = false;
      hash.add(token.text, token.kind == TokenKind::Identifier);
    }
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 0; i < 16; ++i) out[static_cast<std::size_t>(i)] = kDigits[hash.value() >> (60 - 4 * i) & 15];
  return out;
}

}  // namespace signalbox::sql
