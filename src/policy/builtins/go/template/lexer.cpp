// text/template's scanner. Blanks matter: "{{- " and " -}}" trim the text around an action, and a blank
// between two operands separates them.
#include "policy/builtins/go/template/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::go::tmpl {
namespace {

constexpr std::string_view kLeft = "{{", kRight = "}}", kLeftComment = "/*", kRightComment = "*/";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kTrimMarker = 2;
constexpr char32_t kEnd = static_cast<char32_t>(-1);

constexpr std::array<std::pair<std::string_view, ItemKind>, 12> kKeywords = {{
    {".", ItemKind::Dot},
    {"block", ItemKind::Block},
    {"break", ItemKind::Break},
    {"continue", ItemKind::Continue},
    {"define", ItemKind::Define},
    {"else", ItemKind::Else},
    {"end", ItemKind::End},
    {"if", ItemKind::If},
    {"range", ItemKind::Range},
    {"nil", ItemKind::Nil},
    {"template", ItemKind::Template},
    {"with", ItemKind::With},
}};

bool is_blank(char32_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_word(char32_t c) {
  return c != kEnd && (c == '_' || is_alphanumeric(c));
}

bool trims_left(std::string_view text) {
  return text.size() >= kTrimMarker && text[0] == '-' && is_blank(static_cast<unsigned char>(text[1]));
}
bool trims_right(std::string_view text) {
  return text.size() >= kTrimMarker && is_blank(static_cast<unsigned char>(text[0])) && text[1] == '-';
}

/// Go's %#U: "U+0021 '!'".
std::string unicode_name(char32_t rune) {
  const auto code = rune == kEnd ? 0xFFFFFFFFU : static_cast<std::uint32_t>(rune);
  if (rune == kEnd) return "U+FFFFFFFFFFFFFFFF";
  std::string out = fmt::format("U+{:04X}", code);
  if (is_printable(rune)) {
    out += " '";
    append_rune(out, rune);
    out += "'";
  }
  return out;
}

}  // namespace

std::string Item::shown() const {
  constexpr std::size_t kShown = 10;
  if (kind == ItemKind::Eof) return "EOF";
  if (kind == ItemKind::Error) return text;
  if (kind >= ItemKind::Block) return "<" + text + ">";
  if (text.size() > kShown) return quote(std::string_view(text).substr(0, rune_offset(text, kShown))) + "...";
  return quote(text);
}

Item Lexer::next() {
  if (!inside_) return text();
  return inside();
}

Item Lexer::item(ItemKind kind) {
  Item out{kind, start_, std::string(input_.substr(start_, at_ - start_)), start_line_};
  line_ = start_line_ + static_cast<int>(std::ranges::count(out.text, '\n'));
  start_ = at_;
  start_line_ = line_;
  return out;
}

Item Lexer::error(std::string message) {
  Item out{ItemKind::Error, start_, std::move(message), start_line_};
  at_ = start_ = input_.size();
  inside_ = false;
  return out;
}

void Lexer::ignore() {
  item(ItemKind::Text);
}

char32_t Lexer::peek() const {
  const Rune rune = decode_rune(rest());
  return rune.width == 0 ? kEnd : rune.value;
}

char32_t Lexer::advance() {
  const Rune rune = decode_rune(rest());
  at_ += rune.width;
  return rune.width == 0 ? kEnd : rune.value;
}

bool Lexer::accept(std::string_view set) {
  if (at_ == input_.size() || !set.contains(input_[at_])) return false;
  ++at_;
  return true;
}

void Lexer::accept_run(std::string_view set) {
  while (accept(set)) {
  }
}

bool Lexer::at_right_delim(bool& trims) const {
  trims = trims_right(rest()) && rest().substr(kTrimMarker).starts_with(kRight);
  return trims || rest().starts_with(kRight);
}

bool Lexer::at_terminator() const {
  const char32_t c = peek();
  return c == kEnd || is_blank(c) || std::u32string_view(U".,|:)(").contains(c) || rest().starts_with(kRight);
}

Item Lexer::text() {
  while (true) {
    const auto found = input_.find(kLeft, at_);
    if (found == std::string_view::npos) {
      at_ = input_.size();
      return item(at_ > start_ ? ItemKind::Text : ItemKind::Eof);
    }
    if (found > at_) {
      std::string_view before = input_.substr(start_, found - start_);
      if (trims_left(input_.substr(found + kLeft.size())))
        before = before.substr(0, before.find_last_not_of(kBlanks) + 1);
      at_ = start_ + before.size();
      Item out = item(ItemKind::Text);
      at_ = found;
      ignore();
      if (!out.text.empty()) return out;
    }
    at_ = found + kLeft.size();
    const bool trims = trims_left(rest());
    if (!rest().substr(trims ? kTrimMarker : 0).starts_with(kLeftComment)) {
      at_ = found;
      return left_delim();
    }
    at_ += trims ? kTrimMarker : 0;
    ignore();
    if (Item wrong = comment(); wrong.kind == ItemKind::Error) return wrong;
  }
}

/// Skips a comment and the delimiter behind it; an Error item when it is malformed.
Item Lexer::comment() {
  const auto end = input_.find(kRightComment, at_ + kLeftComment.size());
  if (end == std::string_view::npos) return error("unclosed comment");
  at_ = end + kRightComment.size();
  bool trims = false;
  if (!at_right_delim(trims)) return error("comment ends before closing delimiter");
  at_ += kRight.size() + (trims ? kTrimMarker : 0);
  if (trims) accept_run(kBlanks);
  ignore();
  return {ItemKind::Text, start_, "", line_};
}

Item Lexer::left_delim() {
  at_ += kLeft.size();
  const bool trims = trims_left(rest());
  Item out = item(ItemKind::LeftDelim);
  inside_ = true;
  at_ += trims ? kTrimMarker : 0;
  ignore();
  parens_ = 0;
  return out;
}

Item Lexer::right_delim() {
  bool trims = false;
  at_right_delim(trims);
  if (trims) {
    at_ += kTrimMarker;
    ignore();
  }
  at_ += kRight.size();
  Item out = item(ItemKind::RightDelim);
  if (trims) {
    accept_run(kBlanks);
    ignore();
  }
  inside_ = false;
  return out;
}

Item Lexer::inside() {
  bool trims = false;
  if (at_right_delim(trims)) return parens_ == 0 ? right_delim() : error("unclosed left paren");
  const char32_t c = peek();
  if (c == kEnd) return error("unclosed action");
  if (is_blank(c)) return space();
  if (c == '+' || c == '-' || (c >= '0' && c <= '9')) return number();
  if (is_word(c)) return identifier();
  if (c == '.') {
    const std::string_view after = rest().substr(1);
    if (!after.empty() && after[0] >= '0' && after[0] <= '9') return number();
    if (after.empty()) return number();
    ++at_;
    return field_or_variable(ItemKind::Field);
  }
  advance();
  switch (c) {
    case '=': return item(ItemKind::Assign);
    case ':': return advance() == '=' ? item(ItemKind::Declare) : error("expected :=");
    case '|': return item(ItemKind::Pipe);
    case '"': return quoted('"', "unterminated quoted string");
    case '\'': return quoted('\'', "unterminated character constant");
    case '`': return raw_quoted();
    case '$': return field_or_variable(ItemKind::Variable);
    case '(': ++parens_; return item(ItemKind::LeftParen);
    case ')': return --parens_ < 0 ? error("unexpected right paren") : item(ItemKind::RightParen);
    default: break;
  }
  if (c <= 0x7F && is_printable(c)) return item(ItemKind::Char);
  return error("unrecognized character in action: " + unicode_name(c));
}

/// Blanks, but not the one that belongs to a trimming delimiter.
Item Lexer::space() {
  std::size_t count = 0;
  while (is_blank(peek())) ++at_, ++count;
  const std::string_view from_last = input_.substr(at_ - 1);
  if (trims_right(from_last) && from_last.substr(kTrimMarker).starts_with(kRight)) {
    --at_;
    if (count == 1) return right_delim();
  }
  return item(ItemKind::Space);
}

Item Lexer::identifier() {
  while (is_word(peek())) advance();
  if (!at_terminator()) return error("bad character " + unicode_name(peek()));
  const std::string_view word = input_.substr(start_, at_ - start_);
  for (const auto& [name, kind] : kKeywords)
    if (name == word) return item(kind);
  return item(word == "true" || word == "false" ? ItemKind::Bool : ItemKind::Identifier);
}

Item Lexer::field_or_variable(ItemKind kind) {
  if (at_terminator()) return item(kind == ItemKind::Variable ? kind : ItemKind::Dot);
  while (is_word(peek())) advance();
  if (!at_terminator()) return error("bad character " + unicode_name(peek()));
  return item(kind);
}

Item Lexer::quoted(char end, std::string_view complaint) {
  while (true) {
    char32_t c = advance();
    if (c == static_cast<char32_t>(end)) return item(end == '"' ? ItemKind::String : ItemKind::CharConstant);
    if (c == '\\') {
      c = advance();
      if (c != kEnd && c != '\n') continue;
    }
    if (c == kEnd || c == '\n') return error(std::string(complaint));
  }
}

Item Lexer::raw_quoted() {
  const auto end = input_.find('`', at_);
  if (end == std::string_view::npos) return error("unterminated raw quoted string");
  at_ = end + 1;
  return item(ItemKind::RawString);
}

Item Lexer::number() {
  const auto bad = [&] { return error("bad number syntax: " + quote(input_.substr(start_, at_ - start_))); };
  if (!scan_number()) return bad();
  if (peek() == '+' || peek() == '-') {
    if (!scan_number() || input_[at_ - 1] != 'i') return bad();
    return item(ItemKind::Complex);
  }
  return item(ItemKind::Number);
}

bool Lexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  bool decimal = true, hex = false;
  if (accept("0")) {
    decimal = false;
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      hex = true;
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    } else {
      decimal = true;
    }
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if ((decimal && accept("eE")) || (hex && accept("pP"))) {
    accept("+-");
    accept_run("0123456789_");
  }
  accept("i");
  if (!is_word(peek())) return true;
  advance();
  return false;
}

}  // namespace signalbox::policy::go::tmpl
