// The words of a Go template: text, and inside of {{ }} operands, names and punctuation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::policy::go::tmpl {

enum class ItemKind : std::uint8_t {
  Error,
  Bool,
  Char,
  CharConstant,
  Complex,
  Assign,
  Declare,
  Eof,
  Field,
  Identifier,
  LeftDelim,
  LeftParen,
  Number,
  Pipe,
  RawString,
  RightDelim,
  RightParen,
  Space,
  String,
  Text,
  Variable,
  // Keywords.
  Block,
  Break,
  Continue,
  Dot,
  Define,
  Else,
  End,
  If,
  Nil,
  Range,
  Template,
  With,
};

struct Item {
  ItemKind kind = ItemKind::Eof;
  std::size_t at = 0;  ///< byte of the template
  std::string text;
  int line = 1;

  /// As complaints name it: `"x"`, `<if>`, `EOF`.
  std::string shown() const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view input) : input_(input) {}
  Item next();

 private:
  Item text();
  Item left_delim();
  Item comment();
  Item right_delim();
  Item inside();
  Item space();
  Item identifier();
  Item field_or_variable(ItemKind kind);
  Item quoted(char end, std::string_view complaint);
  Item raw_quoted();
  Item number();
  bool scan_number();

  Item item(ItemKind kind);
  Item error(std::string message);
  void ignore();
  char32_t peek() const;
  char32_t advance();
  bool accept(std::string_view set);
  void accept_run(std::string_view set);
  bool at_terminator() const;
  bool at_right_delim(bool& trims) const;
  std::string_view rest() const { return input_.substr(at_); }

  std::string_view input_;
  std::size_t at_ = 0, start_ = 0;
  int line_ = 1, start_line_ = 1, parens_ = 0;
  bool inside_ = false;
};

}  // namespace signalbox::policy::go::tmpl
