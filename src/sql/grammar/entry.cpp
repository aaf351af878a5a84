// A grammar's entry: parses, walks each statement, and puts the facts together.
#include <cstddef>
#include <memory_resource>

#include "sql/collector.h"
#include "sql/grammar.h"
#include "sql/grammar/injection.h"
#include "sql/grammar/parse.h"
#include "sql/grammar/rewriter.h"
#include "sql/grammar/tracer.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// RawStmt counts from the end of the statement before; a length of 0 means to the end of the text.
void place_in(std::string_view text, const RawStmt* raw, StatementFacts& facts) {
  std::size_t begin = raw->stmt_location > 0 ? static_cast<std::size_t>(raw->stmt_location) : 0;
  std::size_t end = raw->stmt_len > 0 ? begin + static_cast<std::size_t>(raw->stmt_len) : text.size();
  end = std::min(end, text.size());
  while (begin < end && is_blank(text[begin])) ++begin;
  while (end > begin && (is_blank(text[end - 1]) || text[end - 1] == ';')) --end;
  facts.offset = static_cast<std::uint32_t>(begin);
  facts.length = static_cast<std::uint32_t>(end - begin);
}

constexpr std::size_t kPoolBytes = 4096;

/// Walks a statement, and then each statement inside it by itself. False when it is beyond the bounds.
bool walk(const RawTree& tree, const Node* statement, const AnalyzeOptions& options, StatementFacts& facts,
          std::vector<StatementFacts>& inner) {
  alignas(std::max_align_t) std::byte buffer[kPoolBytes];
  std::pmr::monotonic_buffer_resource pool(buffer, sizeof buffer);
  Collector collector(facts, options.max_facts);
  Walker walker(collector, options, pool, &tree);
  walker.statement(statement);
  std::uint64_t steps = walker.steps();
  bool fits = !walker.too_complex();
  for (const Walker::Inner& found : walker.inner()) {
    if (!fits || inner.size() >= options.max_statements) return false;
    StatementFacts one;
    one.offset = facts.offset, one.length = facts.length, one.index = facts.index;
    Collector of_inner(one, options.max_facts);
    Walker again(of_inner, options, pool, &tree, steps);
    again.statement(found);
    steps = again.steps();
    fits = !again.too_complex();
    inner.push_back(std::move(one));
  }
  return fits;
}

QueryFacts analyze(std::string_view text, const AnalyzeOptions& options) {
  QueryFacts facts;
  const RawTree tree(text, options);
  if (tree.error()) {
    facts.parse_error = tree.error();
    return facts;
  }
  const auto count = static_cast<std::size_t>(size_of(tree.statements()));
  if (count > options.max_statements) {
    facts.parse_error = ParseError{"query has too many statements to be analysed", 0, "54001"};
    return facts;
  }
  if (count > 1) facts.parts.resize(count);
  std::uint32_t i = 0;
  for (const ListCell& cell : Cells(tree.statements())) {
    StatementFacts& one = count > 1 ? facts.parts[i] : facts.whole;
    one.index = i++;
    place_in(text, in<RawStmt>(cell), one);
    if (walk(tree, in<RawStmt>(cell)->stmt, options, one, facts.inner)) continue;
    facts.parse_error = ParseError{"statement is too complex to be analysed", one.offset + 1, "54001"};
    return facts;
  }
  if (count > 1) facts.whole = combine(facts.parts, options.max_facts);
  return facts;
}

}  // namespace

extern const Grammar kGrammar;
const Grammar kGrammar{.major = PG_VERSION_NUM / 10000,
                       .analyze = analyze,
                       .outputs = outputs,
                       .rewrite = rewrite,
                       .injected_shapes = injected_shapes};

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
