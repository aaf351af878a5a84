// analyze(): the limits that need no parser, comments, and the choice of grammar.
// Surprise: tokens are counted before a long text is parsed, because a parse tree takes about 150 bytes a
// token, so that the memory of one statement is bounded whatever the client sends.
#include "sql/analyze.h"

#include <array>
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

bool has_more_tokens(std::string_view text, std::size_t limit, bool standard) {
  if (text.size() <= limit) return false;
  std::size_t count = 0;
  Lexer lexer(text, standard);
  for (Token token; lexer.next(token);)
    if (token.kind != TokenKind::Blank && ++count > limit) return true;
  return false;
}

/// Encodings whose characters may hold ASCII bytes: PostgreSQL converts them before it looks for quotes, so
/// must we.
bool is_ascii_safe(std::string_view encoding) {
  static constexpr auto kUnsafe = std::to_array<std::string_view>(
      {"SJIS",       "SHIFTJIS2004", "BIG5",       "GBK",        "UHC",    "GB18030",    "JOHAB",
       "SHIFTJIS",   "MSKANJI",      "WIN932",     "WINDOWS932", "WIN936", "WINDOWS936", "WIN949",
       "WINDOWS949", "WIN950",       "WINDOWS950", "CP932",      "CP936",  "CP949"});
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
  if (has_more_tokens(text, options.max_tokens, options.standard_conforming_strings))
    return refused("statement text has too many tokens to be analysed", "54001");
  QueryFacts facts = grammar_for(options.server_version).analyze(text, options);
  if (facts.parse_error) facts = unparsed(std::move(*facts.parse_error));
  facts.comment = comment_tags(text, options.standard_conforming_strings);
  return facts;
}

}  // namespace signalbox::sql
