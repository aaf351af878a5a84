// The parser's ground: tokens in, errors out, going back, and the bounds.
//
// Going back is a copy of State: the lexer is a few words, errors and comments are logs that a State points
// into, so that a reading that failed leaves nothing behind. Two readings of one text can nest (`{ {x | {y |
// ..`), which costs twice per level: the number of tokens that may be scanned is bounded, in proportion to
// the text.
#include "policy/syntax/parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace signalbox::policy::ast {
namespace {

constexpr std::uint32_t kMaxDepth = 400;    // nesting in the source; a level costs a few KiB of stack
constexpr std::uint32_t kMaxHeight = 1200;  // of the tree: `a + b + c` is nested to the left
constexpr std::uint64_t kScansPerByte = 64;
constexpr std::uint64_t kScansAtLeast = 200'000;

/// The line an error text shows: of the last character at or before `offset` that is no white space.
std::string line_at(std::string_view text, std::size_t offset) {
  if (text.empty()) return {};
  offset = std::min(offset, text.size() - 1);
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (offset > 0 && is_space(text[offset])) --offset;
  const std::size_t before = text.substr(0, offset).find_last_of("\r\n");
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return std::string(text.substr(begin, text.find_first_of("\r\n", begin) - begin));
}

std::string with_hints(std::string reason, const std::vector<std::string>& hints) {
  if (hints.empty()) return reason;
  reason += hints.size() == 1 ? " (hint: " : " (hints: ";
  for (std::size_t i = 0; i < hints.size(); ++i) reason += (i == 0 ? "" : ", ") + hints[i];
  return reason + ")";
}

}  // namespace

Parser::Parser(SourcePtr source, const ParseOptions& options)
    : source_(std::move(source)),
      version_(options.version),
      keywords_(options.keywords),
      repeated_keys_(options.repeated_keys),
      state_{.lexer = Lexer(source_->text, options.part), .token = {}, .hints = {}},
      scans_left_(kScansAtLeast +
                  kScansPerByte *
                      (options.part.known() ? options.part.end - options.part.begin : source_->text.size())) {
  if (version_ == RegoVersion::V1) keywords_ |= kV1Keywords;
}

template <class T>
std::vector<T> Parser::Log<T>::upto(std::int32_t last) const {
  std::vector<T> out;
  for (std::int32_t at = last; at >= 0; at = entries[static_cast<std::size_t>(at)].previous) {
    out.push_back(entries[static_cast<std::size_t>(at)].value);
  }
  std::ranges::reverse(out);
  return out;
}

Diagnostics Parser::errors() const {
  return errors_.upto(state_.last_error);
}
std::vector<Comment> Parser::comments() const {
  return comments_.upto(state_.last_comment);
}

Parser::Nest::Nest(Parser& parser) : parser_(parser), siblings_(std::exchange(parser.height_, 0)) {
  ok_ = ++parser_.depth_ <= kMaxDepth;
  if (!ok_) parser_.error(parser_.span(), "max parsing recursion depth exceeded");
}

Parser::Nest::~Nest() {
  --parser_.depth_;
  parser_.height_ = std::max(siblings_, parser_.height_ + 1);
}

bool Parser::grow() {
  if (++height_ <= kMaxHeight) return true;
  error(span(), "max parsing recursion depth exceeded");
  return false;
}

void Parser::scan_token(bool skip_space, Lexer::Mode mode) {
  if (token() != Token::Whitespace) {
    state_.last_end = state_.token_end;
    state_.skipped_newline = false;
  }
  while (true) {
    if (scans_left_ == 0) {
      exhausted_ = true;
      state_.token = {};
      state_.token.span = {1, 1, 0, 0, 0};
      return;
    }
    --scans_left_;
    state_.token = state_.lexer.next(mode, keywords_, not_is_keyword_);
    state_.token_end = span().end;
    for (const char* reason : state_.token.errors) {
      if (reason != nullptr) error(span(), reason);
    }
    if (token() == Token::Whitespace) {
      if (state_.token.text == "\n") state_.skipped_newline = true;
      if (!skip_space) return;
    } else if (token() == Token::Comment) {
      add_comment();
    } else {
      return;
    }
  }
}

void Parser::add_comment() {
  std::string_view words = state_.token.text.substr(1);
  while (words.ends_with('\r')) words.remove_suffix(1);
  state_.last_comment = comments_.append({std::string(words), span()}, state_.last_comment);
}

Token Parser::peek_keeping_space() const {
  Lexer ahead = state_.lexer;
  while (true) {
    const Lexeme next = ahead.next(Lexer::Mode::Normal, keywords_, not_is_keyword_);
    if (next.token != Token::Comment) return next.token;
  }
}

Span Parser::since(const Span& start) const {
  Span out = start;
  out.begin = start.offset;
  out.end = std::max(start.offset, state_.last_end);
  return out;
}

std::string_view Parser::text(std::uint32_t begin, std::uint32_t end) const {
  return end < begin || end > source_->text.size()
             ? std::string_view()
             : std::string_view(source_->text).substr(begin, end - begin);
}

void Parser::error(const Span& at, std::string reason) {
  Diagnostic diagnostic{.severity = Severity::Error,
                        .code = "rego_parse_error",
                        .message = with_hints(std::move(reason), state_.hints),
                        .at = position(*source_, at),
                        .source_line = line_at(source_->text, at.offset),
                        .hint = {}};
  state_.hints.clear();
  state_.last_error = errors_.append(std::move(diagnostic), state_.last_error);
}

void Parser::illegal(const std::string& note) {
  if (token() == Token::Illegal) return error(span(), "illegal token");
  std::string reason =
      fmt::format("unexpected {} {}", token_name(token()), is_word(token()) ? "keyword" : "token");
  if (!note.empty()) reason += ": " + note;
  error(span(), std::move(reason));
}

bool Parser::is_allowed_ref_keyword(Token candidate) const {
  const std::string_view name = token_name(candidate);
  if (keyword_token(name, keywords_) != Token::Ident) return true;
  return version_ != RegoVersion::V0 && keyword_token(name, kV1Keywords) != Token::Ident;
}

/// A keyword right before `.` or `[` is the head of a reference.
bool Parser::scan_ahead_ref() {
  if (!is_allowed_ref_keyword(token())) return false;
  const Token next = peek_keeping_space();
  if (next != Token::Dot && next != Token::LBrack) return false;
  state_.token.token = Token::Ident;
  return true;
}

}  // namespace signalbox::policy::ast
