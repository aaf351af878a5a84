// dangerous: what cannot be taken back, or reaches beyond the data. By the statement's own facts; one inside
// another has an event of its own.
#include <algorithm>

#include "policy/value/builder.h"
#include "proxy/hooks/query_statements.h"
#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

using sql::StatementFacts;

bool has_effect(const StatementFacts& facts, std::string_view effect) {
  return std::ranges::find(facts.effects, effect) != facts.effects.end();
}

struct Danger {
  std::string_view name;
  bool (*is)(const StatementFacts& facts);
};
using F = const StatementFacts&;
constexpr Danger kDangers[] = {
    {"code", [](F f) { return f.kind == "do" || has_effect(f, "sql"); }},
    {"drop", [](F f) { return f.kind.starts_with("drop_"); }},
    {"file", [](F f) { return has_effect(f, "file_read") || has_effect(f, "file_write"); }},
    {"network", [](F f) { return has_effect(f, "network"); }},
    {"program", [](F f) { return has_effect(f, "program"); }},
    {"rights", [](F f) { return !f.categories.empty() && f.categories.front() == "dcl"; }},
    {"server",
     [](F f) {
       return has_effect(f, "server") || has_effect(f, "process") ||
              (!f.categories.empty() && f.categories.front() == "server");
     }},
    {"truncate", [](F f) { return f.kind == "truncate_table"; }},
    {"unbounded_delete", [](F f) { return f.kind == "delete" && !f.has_where; }},
    {"unbounded_update", [](F f) { return f.kind == "update" && !f.has_where; }},
};

policy::Value signal(const EventView& view, policy::Arena& arena) {
  const QueryStatement* statement = view.event().statement;
  if (statement == nullptr || statement->facts == nullptr) return policy::Value::undefined();
  policy::ArrayBuilder reasons(arena);
  for (const Danger& one : kDangers) {
    if (one.is(*statement->facts)) reasons.add(policy::Value::string(one.name));
  }
  if (reasons.size() == 0) return policy::Value::undefined();
  policy::ObjectBuilder object(arena);
  object.add("value", reasons.finish());
  return object.finish();
}

}  // namespace

extern const Detector kDangerous;
const Detector kDangerous{.name = "dangerous",
                          .path = "signals.dangerous",
                          .summary = "The statement cannot be taken back, or reaches beyond the data.",
                          .raised = "with a statement that is one of these",
                          .schema = R"({
  "type": "object",
  "properties": {
    "value": {
      "type": "array",
      "items": {"type": "string", "enum": ["code", "drop", "file", "network", "program", "rights", "server", "truncate", "unbounded_delete", "unbounded_update"]}
    }
  }
})",
                          .depends_on = DependsOn::Shape,
                          .signal = signal};

}  // namespace signalbox::proxy
