// statement_class: what a statement is for, in one word, by the gravest thing in it: a SELECT with a
// data-modifying WITH writes, an EXPLAIN of a DROP defines. For rules and logs that want a handful of classes
// and not a hundred kinds.
#include <algorithm>
#include <array>

#include "policy/value/builder.h"
#include "proxy/hooks/query_statements.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

/// The categories of the facts, gravest first. `copy` says how rows travel, not what for.
constexpr auto kByGravity =
    std::to_array<std::string_view>({"unknown", "server", "dcl", "ddl", "code", "write", "maintenance",
                                     "session", "cursor", "transaction", "copy", "read"});

policy::Value signal(const EventView& view, policy::Arena& arena) {
  const QueryStatement* statement = view.event().statement;
  if (statement == nullptr || statement->facts == nullptr) return policy::Value::undefined();
  const auto& categories = statement->facts->categories;
  const auto gravest = std::ranges::find_if(kByGravity, [&](std::string_view one) {
    return std::ranges::find(categories, one) != categories.end();
  });
  if (gravest == kByGravity.end()) return policy::Value::undefined();
  policy::ObjectBuilder object(arena);
  object.add("value", policy::Value::string(*gravest));
  object.add("kind", policy::Value::string(statement->facts->kind));
  return object.finish();
}

}  // namespace

extern const Detector kStatementClass;
const Detector kStatementClass{.name = "statement_class",
                               .path = "signals.statement_class",
                               .summary = "What a statement is for, by the gravest thing in it.",
                               .raised = "with every statement",
                               .schema = R"({
  "type": "object",
  "properties": {
    "value": {"type": "string", "enum": ["unknown", "server", "dcl", "ddl", "code", "write", "maintenance", "session", "cursor", "transaction", "copy", "read"]},
    "kind": {"type": "string", "description": "the statement's own kind, as query.kind"}
  }
})",
                               .depends_on = DependsOn::Shape,
                               .signal = signal};

}  // namespace signalbox::proxy
