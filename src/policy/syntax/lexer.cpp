// The lexer. Columns count code points; a newline is column 0 of the row it opens, and the end of the text is
// reported at the last character, as OPA does: diagnostics of the two agree to the column.
#include "policy/syntax/lexer.h"

#include <algorithm>
#include <utility>

namespace signalbox::policy::ast {
namespace {

constexpr std::int32_t kByteOrderMark = 0xFEFF;
constexpr std::int32_t kBadCodePoint = 0xFFFD;

struct Decoded {
  std::int32_t code_point;
  std::size_t width;
};

/// Decodes one code point; {kBadCodePoint, 1} for what is not UTF-8 (over-long forms and surrogates
/// included).
Decoded decode(std::string_view at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const unsigned char lead = byte(0);
  const std::size_t width = lead < 0x80   ? 1
                            : lead < 0xC2 ? 0
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                            : lead < 0xF5 ? 4
                                          : 0;
  if (width == 1) return {lead, 1};
  if (width == 0 || at.size() < width) return {kBadCodePoint, 1};
  std::int32_t code_point = lead & (0x7F >> width);
  for (std::size_t i = 1; i < width; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {kBadCodePoint, 1};
    code_point = code_point << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (width == 3 && code_point < 0x800) || (width == 4 && code_point < 0x10000);
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  if (overlong || surrogate || code_point > 0x10FFFF) return {kBadCodePoint, 1};
  return {code_point, width};
}

}  // namespace

Lexer::Lexer(std::string_view text, const Span& part) : text_(text) {
  if (part.known()) {
    text_ = text.substr(0, part.end);
    offset_ = part.begin;
    row_ = part.row;
    col_ = part.col - 1;
  }
  advance();
  if (current_ == kByteOrderMark) advance();
}

void Lexer::advance() {
  if (offset_ >= text_.size()) {
    current_ = -1;
    offset_ = text_.size() + 1;
    width_ = 1;
    return;
  }
  const auto [code_point, width] = decode(text_.substr(offset_));
  if (code_point == 0) fail("illegal null character");
  if (code_point == kBadCodePoint && width == 1) fail("illegal utf-8 character");
  if (code_point == kByteOrderMark && offset_ > 0) fail("illegal byte-order mark");
  current_ = code_point;
  width_ = width;
  offset_ += width;
  if (current_ == '\n') {
    ++row_;
    col_ = 0;
  } else {
    ++col_;
  }
}

bool Lexer::at_letter() const {
  return (current_ >= 'a' && current_ <= 'z') || (current_ >= 'A' && current_ <= 'Z') || current_ == '_';
}

Lexeme Lexer::next(Mode mode, FutureKeywords enabled, bool not_is_keyword) {
  Lexeme out;
  const std::size_t start = here();
  out.span = {row_, col_, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(start), 0};
  if (mode != Mode::Normal) {
    // The `}` that ends the expression is the current token; the text goes on behind it.
    out.token = scan_template(mode == Mode::RawTemplate, out, start - 1);
  } else if (current_ == ' ' || current_ == '\t' || current_ == '\n' || current_ == '\r') {
    out.token = Token::Whitespace;
    advance();
    out.text = text_.substr(start, 1);
  } else if (at_letter()) {
    while (at_letter() || at_digit()) advance();
    out.text = text_.substr(start, here() - start);
    out.token = keyword_token(out.text, enabled, not_is_keyword);
  } else if (at_digit()) {
    scan_number();
    out.text = text_.substr(start, here() - start);
    out.token = Token::Number;
  } else {
    out.token = scan_symbol(out, start);
  }
  out.span.end = static_cast<std::uint32_t>(here());
  if (errors_[0] != nullptr) {
    out.token = Token::Illegal;
    out.errors = std::exchange(errors_, {});
  }
  return out;
}

void Lexer::scan_number() {
  const auto digits = [this] {
    bool found = false;
    for (; at_digit(); found = true) advance();
    return found;
  };
  digits();
  if (current_ == '.') {
    advance();
    if (!digits()) fail("expected fraction");
  }
  if (current_ == 'e' || current_ == 'E') {
    advance();
    if (current_ == '+' || current_ == '-') advance();
    if (!digits()) fail("expected exponent");
  }
  // `0a2b` is one wrong number rather than a number and a name.
  if (at_letter()) {
    fail("illegal number format");
    while (at_letter() || at_digit()) advance();
  }
}

void Lexer::scan_string() {
  while (true) {
    const std::int32_t ch = current_;
    if (ch == '\n' || ch < 0) return fail("non-terminated string");
    advance();
    if (ch == '"') return;
    if (ch != '\\') continue;
    scan_escape();
  }
}

/// What follows a backslash.
void Lexer::scan_escape() {
  switch (current_) {
    case '\\':
    case '"':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return advance();
    case 'u':
      for (int i = 0; i < 4; ++i) advance();
      return;
    default: fail("illegal escape sequence");
  }
}

void Lexer::scan_raw_string() {
  while (true) {
    const std::int32_t ch = current_;
    if (ch < 0) return fail("non-terminated string");
    advance();
    if (ch == '`') return;
  }
}

Token Lexer::scan_template(bool raw, Lexeme& out, std::size_t start) {
  Token token = raw ? Token::RawTemplatePart : Token::TemplatePart;
  std::size_t copied = start;  // everything before is in out.unescaped
  const std::int32_t quote = raw ? '`' : '"';
  while (true) {
    const std::int32_t ch = current_;
    if (ch < 0 || (!raw && ch == '\n')) {
      fail("non-terminated string");
      break;
    }
    advance();
    if (ch == quote) {
      token = raw ? Token::RawTemplateEnd : Token::TemplateEnd;
      break;
    }
    if (ch == '{') break;
    if (ch != '\\') continue;
    if (current_ == '{') {  // `\{` stands for `{`: leave out the backslash
      out.unescaped += text_.substr(copied, here() - 1 - copied);
      copied = here();
      advance();
    } else if (!raw) {
      scan_escape();
    }
  }
  if (copied != start) out.unescaped += text_.substr(copied, here() - copied);
  out.text = text_.substr(start, here() - start);
  return token;
}

Token Lexer::scan_symbol(Lexeme& out, std::size_t start) {
  const std::int32_t ch = current_;
  advance();
  const auto either = [this](char second, Token both, Token one) {
    if (current_ != second) return one;
    advance();
    return both;
  };
  const auto to_here = [&] { return text_.substr(start, here() - start); };
  switch (ch) {
    case -1: return Token::Eof;
    case '#':
      while (current_ != '\n' && current_ != -1) advance();
      out.text = to_here();
      return Token::Comment;
    case '"':
      scan_string();
      out.text = to_here();
      return Token::String;
    case '`':
      scan_raw_string();
      out.text = to_here();
      return Token::String;
    case '[': return Token::LBrack;
    case ']': return Token::RBrack;
    case '{': return Token::LBrace;
    case '}': return Token::RBrace;
    case '(': return Token::LParen;
    case ')': return Token::RParen;
    case ',': return Token::Comma;
    case ':': return either('=', Token::Assign, Token::Colon);
    case '+': return Token::Add;
    case '-': return Token::Sub;
    case '*': return Token::Mul;
    case '/': return Token::Quo;
    case '%': return Token::Rem;
    case '&': return Token::And;
    case '|': return Token::Or;
    case '=': return either('=', Token::Equal, Token::Unify);
    case '>': return either('=', Token::Gte, Token::Gt);
    case '<': return either('=', Token::Lte, Token::Lt);
    case '!': {
      const Token token = either('=', Token::Neq, Token::Illegal);
      if (token == Token::Illegal) fail("illegal ! character");
      return token;
    }
    case ';': return Token::Semicolon;
    case '.': return Token::Dot;
    case '$':
      if (current_ != '`' && current_ != '"') {
        fail("illegal $ character");
        return Token::Illegal;
      } else {
        const bool raw = current_ == '`';
        advance();
        return scan_template(raw, out, start + 1);
      }
    default: return Token::Illegal;
  }
}

}  // namespace signalbox::policy::ast
