// Tokens of a SQL text by PostgreSQL's lexical rules (src/backend/parser/scan.l of PostgreSQL): for comments,
// normalised text and token counts. Decisions never rest on it alone: the grammar's own lexer reads the text
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace signalbox::sql {

enum class TokenKind : std::uint8_t {
  Blank,
  LineComment,
  BlockComment,  ///< nested comments are one token
  Identifier,
  QuotedIdentifier,
  String,  ///< '...', E'...', B'...', X'...', U&'...', $tag$...$tag$, with continuations over line ends
  Number,
  Parameter,  ///< $n
  Operator,   ///< a run of operator characters, or one of ( ) [ ] , ; : .
  Invalid,    ///< unterminated string, identifier or comment: reaches to the end of the text
};

struct Token {
  TokenKind kind = TokenKind::Invalid;
  std::string_view text;
};

/// Splits a text, which it borrows, into tokens that together are the whole text. Linear, constant memory.
class Lexer {
 public:
  Lexer(std::string_view text, bool standard_conforming_strings)
      : text_(text), standard_(standard_conforming_strings) {}
  /// False at the end of the text.
  bool next(Token& token);

 private:
  enum class Escapes : std::uint8_t { None, Backslash };

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  std::size_t skip_string(std::size_t i, Escapes escapes, TokenKind& kind) const;
  std::size_t skip_quoted(std::size_t i, char quote, Escapes escapes, bool& closed) const;
  std::size_t continuation(std::size_t i) const;
  std::size_t skip_dollar_string(std::size_t i, TokenKind& kind) const;
  std::size_t skip_block_comment(std::size_t i, TokenKind& kind) const;
  std::size_t skip_number(std::size_t i) const;
  std::size_t skip_operator(std::size_t i) const;
  std::size_t skip_word(std::size_t i, TokenKind& kind) const;
  std::size_t token_end(std::size_t i, TokenKind& kind) const;

  std::string_view text_;
  std::size_t position_ = 0;
  bool standard_;
};

}  // namespace signalbox::sql
