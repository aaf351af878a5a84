// A condition is tried out on a statement of its own, by the rewriter that will put it into clients'
// statements: what that cannot use then is a mistake now. The newest grammar of the build reads it; a
// server's own may know less, and then refuses the statement.
#include "app/policies/written_sql.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "sql/analyze.h"
#include "sql/grammar.h"
#include "sql/rewrite.h"

namespace signalbox::app {
namespace {

using policy::Value;
using policy::WrittenAction;

/// More than any condition has; while it is not known how many `values` there will be.
constexpr std::size_t kUnknownValues = 1000;

/// "name" or "schema.name".
bool is_table_name(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return !text.empty();
  return dot > 0 && dot + 1 < text.size() && text.find('.', dot + 1) == std::string_view::npos;
}

const Value* constant(const WrittenAction& action, std::string_view name) {
  const auto found = std::ranges::find(action.parameters, name, &WrittenAction::Parameter::name);
  return found == action.parameters.end() ? nullptr : &found->constant;
}

/// How many `$n` have a value. What is not known yet is not judged.
std::size_t count_of_values(const WrittenAction& action) {
  const Value* values = constant(action, "values");
  if (values == nullptr) return action.is_complete ? 0 : kUnknownValues;
  return values->is_array() ? values->as_array().size() : kUnknownValues;
}

/// Why the condition cannot hold for a table; nothing: it can.
std::optional<std::string> fault_of_condition(std::string_view condition, std::size_t values) {
  const sql::Grammar& grammar = sql::grammar_for(0);
  if (grammar.rewrite == nullptr) return std::nullopt;
  const sql::QueryFacts facts = sql::analyze(fmt::format("SELECT 1 FROM t WHERE {}", condition));
  if (facts.parse_error) return facts.parse_error->message;
  sql::Rewrite edits;
  edits.conditions.push_back({.schema = {}, .table = "t", .condition = std::string(condition), .values = {}});
  edits.conditions.back().values.resize(values);
  const auto tried = sql::rewrite("SELECT 1 FROM t", edits);
  return tried ? std::nullopt : std::optional(tried.error().message);
}

class Requests {
 public:
  Requests(const WrittenAction& action, std::size_t number, std::vector<policy::ActionFault>& faults)
      : action_(action), number_(number), faults_(faults) {}

  void run() {
    for_texts("where", [&](std::string_view table, std::string_view condition) {
      if (!is_table_name(table)) return no_table("where", table);
      if (const auto why = fault_of_condition(condition, count_of_values(action_)))
        fault("where", fmt::format("condition on {} cannot be used: {}", table, *why),
              "it is an expression over the table's columns, as it could stand behind WHERE");
    });
    for_texts("tables", [&](std::string_view from, std::string_view to) {
      if (!is_table_name(from)) return no_table("tables", from);
      if (!is_table_name(to)) no_table("tables", to);
    });
    const Value* schema = constant(action_, "schema");
    if (schema != nullptr && schema->is_string() && schema->as_string().empty())
      fault("schema", "a schema has a name", {});
  }

 private:
  template <class Judge>
  void for_texts(std::string_view parameter, Judge judge) {
    const Value* map = constant(action_, parameter);
    if (map == nullptr || !map->is_object() || is_faulty(parameter)) return;
    for (const auto& [key, value] : map->as_object()) {
      if (key.is_string() && value.is_string()) judge(key.as_string(), value.as_string());
    }
  }

  bool is_faulty(std::string_view parameter) const {
    return std::ranges::any_of(faults_, [&](const policy::ActionFault& one) {
      return one.action == number_ && one.parameter == parameter;
    });
  }

  void no_table(std::string_view parameter, std::string_view name) {
    fault(parameter, fmt::format("\"{}\" is no name of a table", name), "write name, or schema.name");
  }

  void fault(std::string_view parameter, std::string message, std::string hint) {
    faults_.push_back({number_, std::string(parameter), "policy_bad_sql",
                       fmt::format("parameter {} of action {}: {}", parameter, action_.action, message),
                       std::move(hint)});
  }

  const WrittenAction& action_;
  const std::size_t number_;
  std::vector<policy::ActionFault>& faults_;
};

}  // namespace

void judge_sql(std::span<const WrittenAction> together, std::vector<policy::ActionFault>& faults) {
  for (std::size_t i = 0; i < together.size(); ++i) {
    if (together[i].action == "request") Requests(together[i], i, faults).run();
  }
}

}  // namespace signalbox::app
