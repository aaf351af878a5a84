// From what plans ask for to a text. Values come into a condition as literals of the parse tree ($n until
// then), so nothing that a client controls is ever read as SQL.
#include "proxy/session/judge/rewriting.h"

#include <algorithm>
#include <set>

#include "actions/parameters.h"
#include "base/bytes.h"
#include "policy/value/json.h"
#include "proxy/hooks/event_input.h"

namespace signalbox::proxy {
namespace {

using actions::Parameters;
using policy::Value;

constexpr std::uint32_t kText = 25;
constexpr std::size_t kMostAnswerRows = 1000;

/// A fact as the characters of a literal; null when there is no such fact.
std::optional<std::string> literal_of(const Value& value) {
  if (!value || value.is_null()) return std::nullopt;
  if (value.is_string()) return std::string(value.as_string());
  std::string json;
  policy::append_json(json, value);
  return json;
}

using Values = std::vector<std::optional<std::string>>;

/// What $1, $2, ... of the conditions stand for.
Values values_of(const Parameters& given) {
  std::string json;
  Values values;
  if (!given.append_json("values", json)) return values;
  policy::Arena arena;
  const auto list = policy::parse_json(arena, json);
  if (!list || !list->is_array()) return values;
  for (const Value& value : list->as_array()) values.push_back(literal_of(value));
  return values;
}

sql::RowCondition condition_of(std::string_view table, std::string_view text, const Values& values) {
  sql::RowCondition condition;
  const auto dot = table.rfind('.');
  condition.table = table.substr(dot == std::string_view::npos ? 0 : dot + 1);
  if (dot != std::string_view::npos) condition.schema = table.substr(0, dot);
  condition.condition = text;
  condition.values = values;
  return condition;
}

/// Adds one `request`. Two limits are the smaller one, two lists of columns what is in both.
std::optional<std::string> add(sql::Rewrite& edits, const Parameters& given) {
  const Values values = values_of(given);
  for (const auto& [table, text] : given.text_map("where"))
    edits.conditions.push_back(condition_of(table, text, values));
  if (const auto limit = given.integer("limit")) edits.limit = std::min(edits.limit.value_or(*limit), *limit);
  for (const auto& [from, to] : given.text_map("tables")) edits.tables.emplace_back(from, to);
  if (const auto schema = given.text("schema")) {
    if (!edits.schema.empty() && edits.schema != *schema) return "two schemas are asked for";
    edits.schema = *schema;
  }
  if (!given.has("columns")) return std::nullopt;
  const std::vector<std::string> columns = given.text_list("columns");
  if (edits.columns.empty()) {
    edits.columns = columns;
  } else {
    std::erase_if(edits.columns,
                  [&](const std::string& one) { return std::ranges::find(columns, one) == columns.end(); });
  }
  if (edits.columns.empty()) return "no column is left";
  return std::nullopt;
}

struct Asked {
  sql::Rewrite edits;
  std::set<std::string> words;  ///< each request once, however many statements ask for it
  std::optional<std::string> fault;
};

Asked asked_by(const QueryRuling& ruling, const QueryStatements& statements, Event event) {
  Asked asked;
  for (std::size_t i = 0; i < ruling.each.size(); ++i) {
    const Ruling& one = ruling.of(i);
    event.statement = &statements.all()[std::min(i, statements.all().size() - 1)];
    const EventView view(event);
    const EventInput facts(view, one.policies->slots());
    for (const actions::PlannedAction& action : one.plan.sync) {
      if (action.spec->name != "request") continue;
      const Parameters given(action, one.decision, facts);
      std::string words;
      bool edits = false;
      for (const char* name : {"where", "values", "limit", "tables", "schema", "columns"}) {
        words += '\x1f';
        edits = given.append_json(name, words) || edits;
      }
      if (!edits) continue;  // its `timeout` is the lane's business
      if (!asked.words.insert(std::move(words)).second) continue;
      if (const auto fault = add(asked.edits, given)) asked.fault = fault;
    }
  }
  return asked;
}

std::string joined(const std::set<std::string>& words) {
  std::string all;
  for (const std::string& one : words) all += one + '\x1c';
  return all;
}

std::string quoted(std::string_view text, char quote) {
  std::string out;
  const bool escapes = quote == '\'' && text.find('\\') != std::string_view::npos;
  if (escapes) out += 'E';
  out += quote;
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == quote || (escapes && c == '\\')) out += c;
    out += c;
  }
  return out + quote;
}

std::string sql_value(const Value& value) {
  const auto text = literal_of(value);
  return text ? quoted(*text, '\'') : "NULL";
}

/// A SELECT that gives the result which `answer` describes.
std::expected<std::string, std::string> query_for(const Value& answer) {
  const Value columns = answer.at("columns"), rows = answer.at("rows");
  if (!columns.is_array() || columns.as_array().empty())
    return std::unexpected("the answer needs a list of columns");
  std::string names, nulls;
  for (const Value& column : columns.as_array()) {
    if (!column.is_string()) return std::unexpected("a column of the answer has no name");
    const std::string name = quoted(column.as_string(), '"');
    names += (names.empty() ? "" : ", ") + name;
    nulls += (nulls.empty() ? "" : ", ") + ("NULL::pg_catalog.text AS " + name);
  }
  if (!rows.is_array() || rows.as_array().empty()) return "SELECT " + nulls + " LIMIT 0";
  if (rows.as_array().size() > kMostAnswerRows) return std::unexpected("the answer has too many rows");
  std::string values;
  for (const Value& row : rows.as_array()) {
    if (!row.is_array() || row.as_array().size() != columns.as_array().size())
      return std::unexpected("a row of the answer has not as many values as there are columns");
    std::string one;
    for (const Value& value : row.as_array()) one += (one.empty() ? "" : ", ") + sql_value(value);
    values += (values.empty() ? "(" : ", (") + one + ")";
  }
  return "SELECT * FROM (VALUES " + values + ") AS answer (" + names + ")";
}

std::expected<Rewriting, std::string> answer_of(const Ruling& decisive, const QueryStatements& statements,
                                                const Event& event) {
  const EventView view(event);
  const EventInput facts(view, decisive.policies->slots());
  Rewriting rewriting;
  rewriting.stands_in = true;
  rewriting.edits = actions::name(actions::Verdict::Response);
  for (const actions::PlannedAction& action : decisive.plan.sync) {
    if (action.spec->name != "response") continue;
    std::string json;
    if (!Parameters(action, decisive.decision, facts).append_json("answer", json)) break;
    policy::Arena arena;
    const auto answer = policy::parse_json(arena, json);
    if (!answer) break;
    auto text = query_for(*answer);
    if (!text) return std::unexpected(std::move(text.error()));
    rewriting.text = std::move(*text);
    for (const QueryStatement& statement : statements.all()) {
      if (statement.facts == nullptr) continue;
      for (const sql::ParameterUse& use : statement.facts->parameters)
        rewriting.parameters = std::max(rewriting.parameters, use.number);
    }
    for (std::int32_t n = 1; n <= rewriting.parameters; ++n) rewriting.untyped.push_back(n);
    return rewriting;
  }
  return std::unexpected("no answer is given");
}

}  // namespace

std::string Rewriting::types(std::string_view given) const {
  std::string all(given);
  for (const std::int32_t n : untyped) {
    const auto at = static_cast<std::size_t>(n - 1) * 4;
    if (all.size() < at + 4) all.resize(at + 4, '\0');
    if (load_be<std::uint32_t>(all.data() + at) == 0) store_be(all.data() + at, kText);
  }
  return all;
}

std::expected<std::string, std::string> edits_of(const QueryRuling& ruling, const QueryStatements& statements,
                                                 Event event) {
  const Asked asked = asked_by(ruling, statements, event);
  if (asked.fault) return std::unexpected(*asked.fault);
  return joined(asked.words);
}

std::expected<Rewriting, std::string> rewriting_of(const QueryRuling& ruling,
                                                   const QueryStatements& statements, Event event) {
  const Ruling& decisive = ruling.of(ruling.decisive);
  if (decisive.plan.verdict == actions::Verdict::Response) {
    event.statement = &statements.all()[std::min(ruling.decisive, statements.all().size() - 1)];
    if (statements.all().front().count > 1) return std::unexpected("it is not one statement");
    return answer_of(decisive, statements, event);
  }
  Rewriting rewriting;
  Asked asked;
  if (decisive.plan.verdict == actions::Verdict::Discard) {
    asked.edits.nothing = rewriting.stands_in = true;
    rewriting.edits = actions::name(actions::Verdict::Discard);
  } else {
    asked = asked_by(ruling, statements, event);
    if (asked.fault) return std::unexpected(*asked.fault);
    if (ruling.refers)
      return std::unexpected("it runs what was prepared or declared otherwise; do that again");
    rewriting.edits = joined(asked.words);
    rewriting.is_the_same = asked.words.empty();
    if (rewriting.is_the_same) return rewriting;
  }
  auto rewritten = sql::rewrite(event.query->text, asked.edits, analyze_options(event));
  if (!rewritten) return std::unexpected(std::move(rewritten.error().message));
  rewriting.text = std::move(rewritten->text);
  rewriting.tag = std::move(rewritten->tag);
  rewriting.parameters = rewritten->parameters;
  rewriting.untyped = std::move(rewritten->unused);
  return rewriting;
}

}  // namespace signalbox::proxy
