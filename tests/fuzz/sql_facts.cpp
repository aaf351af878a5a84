// Any bytes as SQL: facts, JSON, digests and comment tags must come back, and agree with each other where
// they overlap. The first byte chooses the session's settings.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sql/analyze.h"
#include "sql/digest.h"
#include "sql/facts_json.h"
#include "sql/lexer.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void tokens_are_the_text(std::string_view text, bool standard) {
  std::size_t length = 0;
  signalbox::sql::Lexer lexer(text, standard);
  for (signalbox::sql::Token token; lexer.next(token); length += token.text.size())
    require(!token.text.empty());
  require(length == text.size());
}

void facts_are_consistent(const signalbox::sql::QueryFacts& facts, std::string_view text) {
  if (facts.parse_error) {
    require(facts.whole.kind == "unparsed" && !facts.whole.read_only && facts.statements().empty());
    require(facts.parse_error->sqlstate.size() == 5);
    return;
  }
  for (const auto& one : facts.statements()) {
    require(one.offset + std::size_t{one.length} <= text.size());
    require(!one.kinds.empty() && one.kinds.front() == one.kind);
    for (const auto& use : one.tables)
      require(!one.read_only || use.access == signalbox::sql::Access::Read || one.kind == "explain");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  signalbox::sql::AnalyzeOptions options{.max_facts = 200};
  options.standard_conforming_strings = (data[0] & 1) == 0;
  options.backslash_quote = static_cast<signalbox::sql::BackslashQuote>(data[0] / 2 % 3);
  signalbox::sql::QueryFacts facts = analyze(text, options);
  facts_are_consistent(facts, text);
  static_cast<void>(to_json(facts, text));
  static_cast<void>(signalbox::sql::normalize(text, options.standard_conforming_strings));
  static_cast<void>(signalbox::sql::fingerprint(text, options.standard_conforming_strings));
  tokens_are_the_text(text, options.standard_conforming_strings);
  const signalbox::sql::BoundParameter bound[] = {{data[0], (data[0] & 4) != 0, false, text}};
  bind_parameters(facts, bound);
  return 0;
}
