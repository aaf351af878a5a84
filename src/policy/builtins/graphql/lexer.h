// GraphQL tokens (October 2021 grammar), with the columns and complaints of gqlparser, which OPA uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::policy::graphql {

struct Position {
  std::uint32_t line = 1, column = 1;  ///< from 1; columns in runes
};

struct Token {
  enum class Kind : std::uint8_t {
    Invalid,
    End,
    Bang,
    Dollar,
    Amp,
    ParenL,
    ParenR,
    Spread,
    Colon,
    Equals,
    At,
    BracketL,
    BracketR,
    BraceL,
    BraceR,
    Pipe,
    Name,
    Int,
    Float,
    String,
    BlockString,
    Comment,
  } kind = Kind::End;
  std::string value;      ///< of names, numbers, strings and comments
  std::string complaint;  ///< why an Invalid token is one
  Position at;
};

std::string_view text_of(Token::Kind kind);
/// `Name "on"`, or just the kind when there is no value.
std::string describe(const Token& token);

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  Token next();

 private:
  void skip_ignored();
  void new_line();
  void advance(std::size_t bytes, std::uint32_t runes) { at_ += bytes, runes_ += runes; }
  void advance_rune();
  std::size_t accept_digits();
  bool accept(std::string_view any_of);
  std::string describe_next() const;
  Token make(Token::Kind kind, std::string value = {}) const;
  Token invalid(std::string complaint) const;
  Token read_number();
  Token read_string();
  Token read_block_string();
  bool read_escape(std::string& out, Token& failure);

  std::string_view source_;
  std::size_t at_ = 0;
  std::uint32_t runes_ = 0, line_ = 1, line_start_ = 0;
  std::uint32_t token_runes_ = 0;
};

}  // namespace signalbox::policy::graphql
