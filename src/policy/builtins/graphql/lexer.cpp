// The GraphQL lexer. Commas are white space; strings come in quotes and in block form with common indentation
// cut off. The surprise: a string's column is that of its first character after the quotes, as in gqlparser.
#include "policy/builtins/graphql/lexer.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::graphql {
namespace {

using Kind = Token::Kind;

bool is_name_start(char c) {
  return c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z');
}
bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

std::size_t indent_of(std::string_view line) {
  return line.find_first_not_of(" \t");
}

/// BlockStringValue() of the specification.
std::string block_value(std::string_view raw) {
  auto lines = go::split(raw, "\n");
  std::size_t common = std::string_view::npos;
  for (std::string_view line : lines) common = std::min(common, indent_of(line));
  for (std::size_t i = 1; i < lines.size() && common != std::string_view::npos; ++i)
    lines[i] = lines[i].size() < common ? std::string_view() : lines[i].substr(common);
  auto blank = [](std::string_view line) { return indent_of(line) == std::string_view::npos; };
  while (!lines.empty() && blank(lines.front())) lines.erase(lines.begin());
  while (!lines.empty() && blank(lines.back())) lines.pop_back();
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) out.append(i > 0 ? "\n" : "").append(lines[i]);
  return out;
}

std::string code_of(unsigned char byte) {
  char digits[8];
  auto end = std::to_chars(digits, digits + 8, byte, 16);
  std::string text(digits, end.ptr);
  return "\"\\u" + std::string(4 - text.size(), '0') + text + "\"";
}

}  // namespace

std::string_view text_of(Kind kind) {
  static constexpr std::string_view kTexts[] = {
      "<Invalid>", "<EOF>", "!", "$", "&", "(",    ")",   "...",   ":",      "=",           "@",
      "[",         "]",     "{", "}", "|", "Name", "Int", "Float", "String", "BlockString", "Comment"};
  return kTexts[static_cast<std::size_t>(kind)];
}

std::string describe(const Token& token) {
  std::string out(text_of(token.kind));
  return token.value.empty() ? out : out + " " + go::quote(token.value);
}

Token Lexer::make(Kind kind, std::string value) const {
  return {kind, std::move(value), {}, {line_, token_runes_ - std::min(token_runes_, line_start_) + 1}};
}

Token Lexer::invalid(std::string complaint) const {
  return {Kind::Invalid, {}, std::move(complaint), {line_, runes_ - line_start_ + 1}};
}

void Lexer::new_line() {
  ++line_;
  line_start_ = runes_;
}

void Lexer::advance_rune() {
  advance(go::decode_rune(source_.substr(at_)).width, 1);
}

void Lexer::skip_ignored() {
  while (at_ < source_.size()) {
    char c = source_[at_];
    if (c == '\t' || c == ' ' || c == ',') {
      advance(1, 1);
    } else if (c == '\n') {
      advance(1, 1);
      new_line();
    } else if (c == '\r') {
      advance(1, 1);
      new_line();
      if (at_ < source_.size() && source_[at_] == '\n') advance(1, 1);
    } else if (source_.substr(at_).starts_with("\xEF\xBB\xBF")) {
      advance(3, 1);
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_ignored();
  token_runes_ = runes_;
  if (at_ >= source_.size()) return make(Kind::End);
  char c = source_[at_];
  static constexpr std::string_view kPunctuators = "!$&():=@[]{}|";
  static constexpr Kind kKinds[] = {Kind::Bang,   Kind::Dollar, Kind::Amp, Kind::ParenL,   Kind::ParenR,
                                    Kind::Colon,  Kind::Equals, Kind::At,  Kind::BracketL, Kind::BracketR,
                                    Kind::BraceL, Kind::BraceR, Kind::Pipe};
  if (auto found = kPunctuators.find(c); found != std::string_view::npos && c != '\0') {
    advance(1, 1);
    return make(kKinds[found]);
  }
  if (source_.substr(at_).starts_with("...")) {
    advance(3, 3);
    return make(Kind::Spread);
  }
  std::size_t begin = at_;
  if (c == '#') {
    while (at_ < source_.size() && (static_cast<unsigned char>(source_[at_]) > 0x1F || source_[at_] == '\t'))
      advance_rune();
    return make(Kind::Comment, std::string(source_.substr(begin, at_ - begin)));
  }
  if (is_name_start(c)) {
    while (at_ < source_.size() && is_name_part(source_[at_])) advance(1, 1);
    return make(Kind::Name, std::string(source_.substr(begin, at_ - begin)));
  }
  if (c == '-' || (c >= '0' && c <= '9')) return read_number();
  if (c == '"') return source_.substr(at_).starts_with("\"\"\"") ? read_block_string() : read_string();
  auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20) return invalid("Cannot contain the invalid character " + code_of(byte));
  if (c == '\'')
    return invalid("Unexpected single quote character ('), did you mean to use a double quote (\")?");
  std::string shown;
  go::append_rune(shown, byte);
  return invalid("Cannot parse the unexpected character \"" + shown + "\".");
}

bool Lexer::accept(std::string_view any_of) {
  if (at_ >= source_.size() || any_of.find(source_[at_]) == std::string_view::npos) return false;
  advance(1, 1);
  return true;
}

std::size_t Lexer::accept_digits() {
  std::size_t count = 0;
  while (accept("0123456789")) ++count;
  return count;
}

std::string Lexer::describe_next() const {
  return at_ < source_.size() ? "\"" + std::string(1, source_[at_]) + "\"" : "<EOF>";
}

Token Lexer::read_number() {
  std::size_t begin = at_;
  auto expected_digit = [&] {
    return invalid("Invalid number, expected digit but got: " + describe_next() + ".");
  };
  accept("-");
  if (accept("0")) {
    if (at_ < source_.size() && source_[at_] >= '0' && source_[at_] <= '9')
      return invalid("Invalid number, unexpected digit after 0: " + describe_next() + ".");
  } else if (accept_digits() == 0) {
    return expected_digit();
  }
  bool real = accept(".");
  if (real && accept_digits() == 0) return expected_digit();
  if (accept("eE")) {
    real = true;
    accept("-+");
    if (accept_digits() == 0) return expected_digit();
  }
  return make(real ? Kind::Float : Kind::Int, std::string(source_.substr(begin, at_ - begin)));
}

/// The escape at the cursor; false with `failure` set when it is none.
bool Lexer::read_escape(std::string& out, Token& failure) {
  auto fail = [&](std::string_view shown) {
    advance(1, 1);
    failure = invalid("Invalid character escape sequence: \\" + std::string(shown) + ".");
    return false;
  };
  if (at_ + 1 >= source_.size()) {
    advance(1, 1);
    failure = invalid("Invalid character escape sequence.");
    return false;
  }
  char escape = source_[at_ + 1];
  if (escape == 'u') {
    std::string_view digits = source_.substr(at_ + 2, 4);
    unsigned value = 0;
    auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (at_ + 6 >= source_.size()) return fail(source_.substr(at_ + 1));
    if (end.ptr != digits.data() + 4) return fail(source_.substr(at_ + 1, 5));
    go::append_rune(out, value);
    advance(6, 6);
    return true;
  }
  static constexpr std::string_view kEscapes = "\"/\\bfnrt", kMeanings = "\"/\\\b\f\n\r\t";
  auto found = kEscapes.find(escape);
  if (found == std::string_view::npos) return fail(std::string_view(&escape, 1));
  out += kMeanings[found];
  advance(2, 2);
  return true;
}

Token Lexer::read_string() {
  advance(1, 1);
  ++token_runes_;
  std::string out;
  while (at_ < source_.size()) {
    auto byte = static_cast<unsigned char>(source_[at_]);
    if (byte == '\n' || byte == '\r') break;
    if (byte < 0x20 && byte != '\t')
      return invalid("Invalid character within String: " + code_of(byte) + ".");
    if (byte == '"') {
      Token token = make(Kind::String, std::move(out));
      advance(1, 1);
      return token;
    }
    if (byte == '\\') {
      Token failure;
      if (!read_escape(out, failure)) return failure;
      continue;
    }
    std::size_t begin = at_;
    advance_rune();
    out += source_.substr(begin, at_ - begin);
  }
  return invalid("Unterminated string.");
}

Token Lexer::read_block_string() {
  advance(3, 3);
  token_runes_ += 3;
  std::string out;
  while (at_ < source_.size()) {
    std::string_view rest = source_.substr(at_);
    if (rest.starts_with("\"\"\"")) {
      std::size_t quotes = std::min(rest.find_first_not_of('"'), rest.size());
      out.append(quotes - 3, '"');
      Token token = make(Kind::BlockString, block_value(out));
      advance(quotes, static_cast<std::uint32_t>(quotes));
      return token;
    }
    auto byte = static_cast<unsigned char>(rest[0]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r')
      return invalid("Invalid character within String: " + code_of(byte) + ".");
    if (rest.starts_with("\\\"\"\"")) {
      out += "\"\"\"";
      advance(4, 4);
    } else if (byte == '\r' || byte == '\n') {
      advance(rest.starts_with("\r\n") ? 2 : 1, rest.starts_with("\r\n") ? 2 : 1);
      out += '\n';
      new_line();
    } else {
      std::size_t begin = at_;
      advance_rune();
      out += source_.substr(begin, at_ - begin);
    }
  }
  return invalid("Unterminated string.");
}

}  // namespace signalbox::policy::graphql
