// Lexer: PostgreSQL's scan.l as functions over offsets; each skip_* takes the offset of a token's first byte
// and gives its end. Surprise: a string goes on after a line end ('a'\n'b' is one literal), and an E'' string
// keeps its escapes when it does.
#include "sql/lexer.h"

#include <algorithm>

namespace signalbox::sql {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) {
  return is_word_start(c) || is_digit(c) || c == '$';
}
bool is_operator(char c) {
  return c != '\0' && std::string_view("~!@#^&|`?+-*/%<>=").contains(c);
}

}  // namespace

bool Lexer::next(Token& token) {
  if (position_ >= text_.size()) return false;
  const std::size_t end = std::max(token_end(position_, token.kind), position_ + 1);
  token.text = text_.substr(position_, end - position_);
  position_ += token.text.size();
  return true;
}

std::size_t Lexer::token_end(std::size_t i, TokenKind& kind) const {
  const char c = text_[i];
  if (is_blank(c)) {
    kind = TokenKind::Blank;
    while (is_blank(at(i))) ++i;
    return i;
  }
  if (c == '-' && at(i + 1) == '-') {
    kind = TokenKind::LineComment;
    return std::min(text_.find_first_of("\n\r", i), text_.size());
  }
  if (c == '/' && at(i + 1) == '*') return skip_block_comment(i, kind);
  if (c == '\'') return skip_string(i, standard_ ? Escapes::None : Escapes::Backslash, kind);
  if (c == '"') {
    bool closed = false;
    const std::size_t end = skip_quoted(i, '"', Escapes::None, closed);
    kind = closed ? TokenKind::QuotedIdentifier : TokenKind::Invalid;
    return end;
  }
  if (c == '$') return skip_dollar_string(i, kind);
  if (is_digit(c) || (c == '.' && is_digit(at(i + 1)))) {
    kind = TokenKind::Number;
    return skip_number(i);
  }
  if (is_word_start(c)) return skip_word(i, kind);
  kind = TokenKind::Operator;
  return is_operator(c) ? skip_operator(i) : i + 1;
}

/// A word, or a string or identifier with a prefix (E, B, X, U&).
std::size_t Lexer::skip_word(std::size_t i, TokenKind& kind) const {
  const char c = static_cast<char>(text_[i] | 0x20);
  if (at(i + 1) == '\'') {
    if (c == 'e') return skip_string(i + 1, Escapes::Backslash, kind);
    if (c == 'b' || c == 'x') return skip_string(i + 1, Escapes::None, kind);
  }
  if (c == 'u' && at(i + 1) == '&' && (at(i + 2) == '\'' || at(i + 2) == '"')) {
    if (at(i + 2) == '\'') return skip_string(i + 2, Escapes::None, kind);
    bool closed = false;
    const std::size_t end = skip_quoted(i + 2, '"', Escapes::None, closed);
    kind = closed ? TokenKind::QuotedIdentifier : TokenKind::Invalid;
    return end;
  }
  kind = TokenKind::Identifier;
  while (is_word(at(i))) ++i;
  return i;
}

/// From an opening quote past the closing one; a doubled quote stands for itself.
std::size_t Lexer::skip_quoted(std::size_t i, char quote, Escapes escapes, bool& closed) const {
  for (++i; i < text_.size(); ++i) {
    if (escapes == Escapes::Backslash && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (at(i + 1) != quote) {
        closed = true;
        return i + 1;
      }
      ++i;
    }
  }
  return text_.size();
}

std::size_t Lexer::skip_string(std::size_t i, Escapes escapes, TokenKind& kind) const {
  while (true) {
    bool closed = false;
    const std::size_t end = skip_quoted(i, '\'', escapes, closed);
    kind = closed ? TokenKind::String : TokenKind::Invalid;
    if (!closed) return end;
    i = continuation(end);
    if (i == 0) return end;
  }
}

/// The offset of a quote that continues the string which ended at `i`, or 0.
std::size_t Lexer::continuation(std::size_t i) const {
  bool line_end = false;
  while (i < text_.size()) {
    const char c = text_[i];
    if (is_blank(c)) {
      line_end = line_end || c == '\n' || c == '\r';
      ++i;
    } else if (c == '-' && at(i + 1) == '-') {
      i = std::min(text_.find_first_of("\n\r", i), text_.size());
    } else {
      return c == '\'' && line_end ? i : 0;
    }
  }
  return 0;
}

std::size_t Lexer::skip_dollar_string(std::size_t i, TokenKind& kind) const {
  if (is_digit(at(i + 1))) {
    kind = TokenKind::Parameter;
    for (++i; is_digit(at(i));) ++i;
    return i;
  }
  std::size_t end = i + 1;
  if (is_word_start(at(end)))
    while (is_word(at(end)) && at(end) != '$') ++end;
  if (at(end) != '$') {
    kind = TokenKind::Operator;  // a lone $: the grammar rejects it
    return i + 1;
  }
  const std::string_view delimiter = text_.substr(i, end + 1 - i);
  const std::size_t close = text_.find(delimiter, end + 1);
  kind = close == std::string_view::npos ? TokenKind::Invalid : TokenKind::String;
  return close == std::string_view::npos ? text_.size() : close + delimiter.size();
}

std::size_t Lexer::skip_block_comment(std::size_t i, TokenKind& kind) const {
  kind = TokenKind::BlockComment;
  std::size_t depth = 0;
  while (i < text_.size()) {
    if (text_[i] == '/' && at(i + 1) == '*') {
      ++depth, i += 2;
    } else if (text_[i] == '*' && at(i + 1) == '/') {
      i += 2;
      if (--depth == 0) return i;
    } else {
      ++i;
    }
  }
  kind = TokenKind::Invalid;
  return text_.size();
}

std::size_t Lexer::skip_number(std::size_t i) const {
  const char radix = static_cast<char>(at(i + 1) | 0x20);
  if (at(i) == '0' && (radix == 'x' || radix == 'o' || radix == 'b')) {
    i += 2;
    while (is_digit(at(i)) || (is_word_start(at(i)))) ++i;
    return i;
  }
  const auto digits = [&] {
    while (is_digit(at(i)) || (at(i) == '_' && is_digit(at(i + 1)))) ++i;
  };
  digits();
  if (at(i) == '.' && at(i + 1) != '.') {
    ++i;
    digits();
  }
  if (at(i) == 'e' || at(i) == 'E') {
    const std::size_t sign = at(i + 1) == '+' || at(i + 1) == '-' ? 1 : 0;
    if (is_digit(at(i + 1 + sign))) {
      i += 1 + sign;
      digits();
    }
  }
  return i;
}

std::size_t Lexer::skip_operator(std::size_t i) const {
  while (is_operator(at(i))) {
    if ((at(i) == '-' && at(i + 1) == '-') || (at(i) == '/' && at(i + 1) == '*')) break;
    ++i;
  }
  return i;
}

}  // namespace signalbox::sql
