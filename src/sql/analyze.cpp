// analyze(): the limits that need no parser, comments, and the choice of grammar.
// Surprise: tokens are counted before a long text is parsed, because a parse tree takes about 150 bytes a
// token, so that the memory of one statement is bounded whatever the client sends.
#include "sql/analyze.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "sql/comment.h"
#include "sql/grammar.h"
#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

QueryFacts unparsed(ParseError error) {
  QueryFacts facts;
  facts.whole.kind = "unparsed";
  facts.whole.read_only = false;
  facts.whole.opaque = {"unparsed"};
  facts.parse_error = std::move(error);
  return facts;
}

QueryFacts refused(std::string message, std::string sqlstate) {
  return unparsed({std::move(message), 0, std::move(sqlstate)});
}

/// A shorter text cannot cost much, whatever it holds.
constexpr std::size_t kSmallText = 4096;
/// Characters that PostgreSQL's lexer may look at again and again; about a tenth of a second.
constexpr std::uint64_t kMaxRescans = 30'000'000;

bool is_operator_character(char c) {
  return c != '\0' && std::string_view("~!@#^&|`?+-*/%<>=").contains(c);
}

/// What parsing would cost. PostgreSQL's lexer matches a whole run of operator characters and then puts most
/// of it back when a comment begins within, so that "/*/*/*..." and "+/**/+/**/..." cost the square of their
/// length.
class Cost {
 public:
  explicit Cost(std::string_view text, bool standard) : lexer_(text, standard) {}

  bool is_within(std::size_t max_tokens) {
    std::size_t tokens = 0;
    for (Token token; lexer_.next(token);) {
      if (token.kind != TokenKind::Blank && ++tokens > max_tokens) return false;
      const bool is_text = token.kind == TokenKind::String || token.kind == TokenKind::QuotedIdentifier;
      if (is_text)
        end_run();
      else
        for (const char c : token.text) is_operator_character(c) ? void(++run_) : end_run();
    }
    end_run();
    return rescans_ <= kMaxRescans;
  }

 private:
  void end_run() {
    rescans_ += run_ * run_;
    run_ = 0;
  }

  Lexer lexer_;
  std::uint64_t run_ = 0;
  std::uint64_t rescans_ = 0;
};

bool is_too_costly(std::string_view text, const AnalyzeOptions& options) {
  if (text.size() <= std::min(kSmallText, options.max_tokens)) return false;
  return !Cost(text, options.standard_conforming_strings).is_within(options.max_tokens);
}

/// Encodings whose characters may hold ASCII bytes: PostgreSQL converts them before it looks for quotes, so
/// must we.
bool is_ascii_safe(std::string_view encoding) {
  static constexpr auto kUnsafe = std::to_array<std::string_view>(
      {"SJIS",       "SHIFTJIS2004", "BIG5",       "GBK",        "UHC",    "GB18030",    "JOHAB",
       "SHIFTJIS",   "MSKANJI",      "WIN932",     "WINDOWS932", "WIN936", "WINDOWS936", "WIN949",
       "WINDOWS949", "WIN950",       "WINDOWS950", "CP932",      "CP936",  "CP949"});
  if (encoding == "UTF8") return true;
  std::string plain;
  for (const char c : encoding)
    if (c != '_' && c != '-' && c != ' ') plain += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  for (std::string_view unsafe : kUnsafe)
    if (plain == unsafe) return false;
  return true;
}

}  // namespace

QueryFacts analyze(std::string_view text, const AnalyzeOptions& options) {
  if (text.size() > options.max_bytes) return refused("statement text is too long to be analysed", "54000");
  if (text.find('\0') != std::string_view::npos) return refused("statement text has a NUL byte", "22021");
  if (!is_ascii_safe(options.client_encoding))
    return refused(
        "statement text in client encoding " + std::string(options.client_encoding) + " is not analysed",
        "0A000");
  if (is_too_costly(text, options)) return refused("statement text is too complex to be analysed", "54001");
  QueryFacts facts = grammar_for(options.server_version).analyze(text, options);
  if (facts.parse_error) facts = unparsed(std::move(*facts.parse_error));
  facts.comment = comment_tags(text, options.standard_conforming_strings);
  return facts;
}

}  // namespace signalbox::sql
