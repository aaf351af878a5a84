// Lexer: bytes to tokens, one at a time. Copying a Lexer saves its place; the parser backtracks by doing so.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "policy/syntax/source.h"
#include "policy/syntax/token.h"

namespace signalbox::policy::ast {

struct Lexeme {
  Token token = Token::Eof;
  Span span;              ///< row, col and bytes of the token
  std::string_view text;  ///< words, numbers, strings with their quotes, template parts; into the source
  std::string unescaped;  ///< a template part whose `\{` were resolved; else empty and `text` holds
  std::array<const char*, 3>
      errors{};  ///< what is wrong with it, when token is Illegal; null behind the last
};

class Lexer {
 public:
  enum class Mode : std::uint8_t { Normal, Template, RawTemplate };  ///< Template: after the `}` of `{expr}`

  /// Of `part` of the text, or all of it when that is unknown.
  explicit Lexer(std::string_view text, const Span& part = {});

  /// The next token, white space and comments included. Eof for ever after the end.
  Lexeme next(Mode mode, FutureKeywords enabled, bool not_is_keyword);

 private:
  void advance();
  void fail(const char* reason) {
    for (const char*& slot : errors_) {
      if (slot == nullptr) {
        slot = reason;
        return;
      }
    }
  }
  bool at_letter() const;
  bool at_digit() const { return current_ >= '0' && current_ <= '9'; }
  std::size_t here() const { return offset_ - width_; }

  void scan_number();
  void scan_string();
  void scan_escape();
  void scan_raw_string();
  Token scan_template(bool raw, Lexeme& out, std::size_t start);
  Token scan_symbol(Lexeme& out, std::size_t start);

  std::string_view text_;
  std::size_t offset_ = 0;  ///< after the current character
  std::size_t width_ = 0;
  std::uint32_t row_ = 1;
  std::uint32_t col_ = 0;
  std::int32_t current_ = -1;  ///< code point, -1 at the end
  std::array<const char*, 3> errors_{};
};

}  // namespace signalbox::policy::ast
