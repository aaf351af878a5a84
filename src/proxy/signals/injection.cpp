// injection: the statement has a shape that SQL takes on when something has been injected into it
// (sql/injection.h says which). By the parse tree, so no spelling hides it, and a string that talks about SQL
// is only a string.
#include "sql/injection.h"

#include "policy/value/builder.h"
#include "proxy/hooks/query_statements.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

/// A statement inside another has been looked at with the one around it; one that EXECUTE runs has its own
/// text.
bool has_own_text(const QueryStatement& statement) {
  return statement.facts->within.empty() || statement.arguments != nullptr;
}

policy::Value signal(const EventView& view, policy::Arena& arena) {
  const Event& event = view.event();
  const QueryStatement* statement = event.statement;
  if (statement == nullptr || statement->facts == nullptr || statement->query->parse_error ||
      !has_own_text(*statement))
    return policy::Value::undefined();
  sql::AnalyzeOptions options = analyze_options(event);
  if (event.query->prepared) read_as(options, event.query->prepared->reading);
  auto shapes = sql::injected_shapes(statement->text, options);
  const bool first = statement->facts->index == 0 && statement->facts->within.empty();
  if (first && statement->count > 1 &&
      sql::ends_in_cut_off_comment(event.query->text, options.standard_conforming_strings))
    shapes.push_back("stacked");
  if (shapes.empty()) return policy::Value::undefined();
  policy::ArrayBuilder array(arena);
  for (const std::string_view one : shapes) array.add(policy::Value::string(one));
  policy::ObjectBuilder object(arena);
  object.add("value", array.finish());
  return object.finish();
}

}  // namespace

extern const Detector kInjection;
const Detector kInjection{
    .name = "injection",
    .path = "signals.injection",
    .summary = "The statement has a shape that SQL takes on when something has been injected into it.",
    .raised =
        "with a statement that has one: `blind` (a character of a sub-select or of what the server says of "
        "itself is compared; the server's secrets are read beside a table), `comment_tail` (a comment cuts "
        "off "
        "what came behind it), `delay` (a condition that waits), `encoded` (a string put together of chr() "
        "or "
        "bytes), `error_based` (a sub-select cast to a number, so that the error shows it), `stacked` "
        "(several "
        "statements, the last cut off by a comment), `tautology` (OR with what is always true), "
        "`union_catalog` (a UNION of a table with the system catalog), `union_constants` (a UNION of a table "
        "with a row of NULLs, of 1, 2, 3, or of what the server says of itself)",
    .schema = R"({
  "type": "object",
  "properties": {
    "value": {
      "type": "array",
      "items": {"type": "string", "enum": ["blind", "comment_tail", "delay", "encoded", "error_based", "stacked", "tautology", "union_catalog", "union_constants"]}
    }
  }
})",
    .depends_on = DependsOn::Text,
    .signal = signal};

}  // namespace signalbox::proxy
