// analyze(): the limits that need no parser, comments, and the choice of grammar.
#include "sql/analyze.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "sql/comment.h"
#include "sql/cost.h"
#include "sql/encoding.h"
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

/// In a text that is converted: places as the client counts them.
void restore_places(QueryFacts& facts, const Places& places) {
  const auto restore = [&](StatementFacts& one) {
    const std::uint32_t end = places.original(one.offset + one.length);
    one.offset = places.original(one.offset);
    one.length = end - one.offset;
    for (ParameterUse& use : one.parameters) use.position = places.original(use.position);
  };
  restore(facts.whole);
  for (StatementFacts& one : facts.parts) restore(one);
  for (StatementFacts& one : facts.inner) restore(one);
}

/// PostgreSQL's own limit of a name, in bytes of the server's encoding.
constexpr std::size_t kNameBytes = 63;

/// A server whose encoding is not UTF-8 folds letters beyond ASCII of unquoted names by its locale, and cuts
/// long names at other places: names that we cannot tell.
bool has_untold_names(std::string_view text, const AnalyzeOptions& options) {
  if (options.server_encoding.empty() || options.server_encoding == "UTF8") return false;
  Lexer lexer(text, options.standard_conforming_strings);
  for (Token token; lexer.next(token);) {
    const bool quoted = token.kind == TokenKind::QuotedIdentifier;
    if ((!quoted && token.kind != TokenKind::Identifier) || !is_beyond_ascii(token.text)) continue;
    if (!quoted || token.text.size() > kNameBytes) return true;
  }
  return false;
}

QueryFacts analyze_utf8(std::string_view text, const AnalyzeOptions& options) {
  if (is_too_costly(text, options)) return refused("statement text is too complex to be analysed", "54001");
  QueryFacts facts = grammar_for(options.server_version).analyze(text, options);
  if (facts.parse_error) facts = unparsed(std::move(*facts.parse_error));
  facts.comment = comment_tags(text, options.standard_conforming_strings);
  return facts;
}

QueryFacts not_analysed(std::string_view encoding) {
  return refused("statement text in client encoding " + std::string(encoding) + " is not analysed", "0A000");
}

/// Names of prepared statements and cursors live on, and are other bytes when the session's encoding changes.
bool names_what_lives_on(const StatementFacts& one) {
  static constexpr auto kKinds = std::to_array<std::string_view>(
      {"prepare", "execute", "deallocate", "declare_cursor", "fetch", "move", "close_cursor"});
  return is_beyond_ascii(one.subject) && std::ranges::find(kKinds, one.kind) != kKinds.end();
}

bool names_what_lives_on(const QueryFacts& facts) {
  const auto any = [](const auto& list) {
    return std::ranges::any_of(list, [](const StatementFacts& one) { return names_what_lives_on(one); });
  };
  return names_what_lives_on(facts.whole) || any(facts.parts) || any(facts.inner);
}

/// A text beyond ASCII.
QueryFacts analyze_converted(std::string_view text, const AnalyzeOptions& options, Encoding encoding) {
  std::optional<std::string> converted;
  if (encoding != Encoding::Utf8 && !(converted = to_utf8(text, encoding)))
    return not_analysed(options.client_encoding);
  const std::string_view utf8 = converted ? std::string_view(*converted) : text;
  if (has_untold_names(utf8, options)) return not_analysed(options.client_encoding);
  QueryFacts facts = analyze_utf8(utf8, options);
  const bool told = is_one_encoding(options.client_encoding, options.server_encoding);
  if (!told && names_what_lives_on(facts)) return not_analysed(options.client_encoding);
  if (converted) restore_places(facts, Places(utf8));
  return facts;
}

}  // namespace

QueryFacts analyze(std::string_view text, const AnalyzeOptions& options) {
  if (text.size() > options.max_bytes) return refused("statement text is too long to be analysed", "54000");
  if (text.find('\0') != std::string_view::npos) return refused("statement text has a NUL byte", "22021");
  const Encoding encoding =
      options.encoding.value_or(encoding_of(options.client_encoding, options.server_encoding));
  if (encoding == Encoding::MayHideAscii) return not_analysed(options.client_encoding);
  return is_beyond_ascii(text) ? analyze_converted(text, options, encoding) : analyze_utf8(text, options);
}

}  // namespace signalbox::sql
