// The forms of an evaluation's result. Field names, their order and the layout are OPA's.
#include "app/cli/eval_result.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/cli/box_table.h"
#include "app/cli/json_text.h"
#include "app/cli/metrics_text.h"
#include "app/cli/sources.h"
#include "app/cli/story_text.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/print.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

std::string value_json(const policy::Value& value) {
  return policy::to_json(value, policy::EscapeHtml::Yes);
}

/// Appends `item` and a comma before it unless it is the list's first.
void append_item(std::string& list, std::string_view item) {
  if (!list.empty() && list.back() != '[' && list.back() != '{') list += ',';
  list += item;
}

std::string bindings_json(const EvalAnswer& answer) {
  std::string out = "{";
  for (const auto& [name, value] : answer.bindings)
    append_item(out, json_string(name) + ":" + value_json(value));
  return out + "}";
}

std::string answer_json(const EvalResult& result, const EvalAnswer& answer) {
  std::string out = R"({"expressions":[)";
  for (std::size_t i = 0; i < answer.expressions.size(); ++i) {
    const auto& [text, at] = result.expressions[i];
    append_item(out, fmt::format(R"({{"value":{},"text":{},"location":{{"row":{},"col":{}}}}})",
                                 value_json(answer.expressions[i]), json_string(text), at.row, at.col));
  }
  out += ']';
  if (!answer.bindings.empty()) out += R"(,"bindings":)" + bindings_json(answer);
  return out + "}";
}

std::string metrics_json(const EvalResult& result) {
  std::string out = "{";
  for (const auto& [name, value] : result.metrics)
    append_item(out, fmt::format("{}:{}", json_string(name), value));
  return out + "}";
}

std::string explanation_json(const EvalResult& result) {
  std::string out = "[";
  if (result.story) append_item(out, policy::to_json(*result.story));
  for (const Note& note : result.notes) {
    append_item(out, fmt::format(R"({{"Op":"Note","Location":{},"Message":{}}})", json_string(note.at),
                                 json_string(note.text)));
  }
  return out + "]";
}

bool all_boolean(const EvalAnswer& answer) {
  return std::ranges::all_of(answer.expressions, &policy::Value::is_boolean);
}

std::string cut(std::string text, std::size_t limit) {
  if (limit == 0 || text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;  // whole characters
  return text.substr(0, limit) + "...";
}

/// Columns: the variables, and the expressions that are not merely true or false.
std::string answers_table(const EvalResult& result, std::size_t limit) {
  const EvalAnswer& first = result.answers.front();
  std::vector<std::size_t> shown;
  std::vector<std::string> heading;
  for (std::size_t i = 0; i < first.expressions.size(); ++i) {
    if (!first.expressions[i].is_boolean() || first.bindings.empty()) {
      shown.push_back(i);
      heading.push_back(result.expressions[i].first);
    }
  }
  for (const auto& [name, value] : first.bindings) heading.push_back(name);
  std::vector<std::vector<std::string>> rows;
  for (const EvalAnswer& answer : result.answers) {
    auto& row = rows.emplace_back();
    for (const std::size_t i : shown) row.push_back(cut(value_json(answer.expressions[i]), limit));
    for (const auto& [name, value] : answer.bindings) row.push_back(cut(value_json(value), limit));
  }
  return box_table(heading, rows);
}

/// As policy::to_json, but that `opa eval` calls the support modules otherwise than the compile API.
std::string partial_json(const policy::PartialResult& partial) {
  policy::PartialResult queries{partial.queries, {}};
  std::string out = policy::to_json(queries);
  if (partial.support.empty()) return out;
  out.pop_back();
  std::string modules = R"("modules":[)";
  for (policy::ast::Module module : partial.support) {
    for (policy::ast::Rule& rule : module.rules) rule.head.assign = false;  // as there
    append_item(modules, policy::ast::to_ast_json(module));
  }
  append_item(out, modules + "]");
  return out + "}";
}

/// A cell of several lines is several rows of which only the first is named.
void append_lines(std::vector<std::vector<std::string>>& rows, std::string name, std::string_view text) {
  if (!rows.empty()) rows.emplace_back();
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (bool more = true; more;) {
    const auto end = text.find('\n');
    more = end != std::string_view::npos;
    std::string line(text.substr(0, end));
    for (std::size_t at; (at = line.find('\t')) != std::string::npos;) line.replace(at, 1, "  ");
    rows.push_back({std::exchange(name, ""), std::move(line)});
    if (more) text.remove_prefix(end + 1);
  }
}

/// The one part of a result as Rego, without the comment that numbers it.
std::string numberless(const policy::PartialResult& part) {
  std::string text = policy::to_text(part);
  return text.substr(text.find('\n') + 1);
}

std::string partial_table(const policy::PartialResult& partial) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& query : partial.queries) {
    append_lines(rows, fmt::format("Query {}", &query - partial.queries.data() + 1),
                 numberless({{query}, {}}));
  }
  for (const auto& module : partial.support) {
    append_lines(rows, fmt::format("Support {}", &module - partial.support.data() + 1),
                 numberless({{}, {module}}));
  }
  return box_table({}, rows);
}

/// `result`: the text of that member; empty leaves it out.
std::string document(const EvalResult& result, const std::string& answers) {
  std::string out = "{";
  if (!result.errors.empty()) append_item(out, R"("errors":)" + opa_error_list(result.errors));
  if (!answers.empty()) append_item(out, R"("result":)" + answers);
  if (result.partial) append_item(out, R"("partial":)" + partial_json(*result.partial));
  if (!result.metrics.empty()) append_item(out, R"("metrics":)" + metrics_json(result));
  if (!result.aggregated_metrics.empty())
    append_item(out, R"("aggregated_metrics":)" + aggregated_metrics_json(result));
  if (result.story || !result.notes.empty()) append_item(out, R"("explanation":)" + explanation_json(result));
  if (result.profile) append_item(out, R"("profile":)" + policy::to_json(*result.profile));
  if (!result.aggregated_profile.empty())
    append_item(out, R"("aggregated_profile":)" + aggregated_profile_json(result));
  if (result.coverage) append_item(out, R"("coverage":)" + policy::to_json(*result.coverage));
  return indented(out + "}");
}

}  // namespace

std::string as_json(const EvalResult& result) {
  std::string answers;
  if (!result.answers.empty()) {
    answers = "[";
    for (const EvalAnswer& answer : result.answers) append_item(answers, answer_json(result, answer));
    answers += ']';
  }
  return document(result, answers);
}

std::string as_discarded(const EvalResult& result) {
  return document(result, result.defined() ? R"("discarded")" : "");
}

std::string as_source(const EvalResult& result) {
  return result.partial ? policy::to_text(*result.partial) : "";
}

std::string as_values(const EvalResult& result) {
  std::string out;
  for (const EvalAnswer& answer : result.answers) {
    std::string line = "[";
    for (const policy::Value& value : answer.expressions) append_item(line, value_json(value));
    out += indented(line + "]");
  }
  return out;
}

std::string as_bindings(const EvalResult& result) {
  std::string out;
  for (const EvalAnswer& answer : result.answers) out += indented(bindings_json(answer));
  return out;
}

std::string as_raw(const EvalResult& result) {
  std::string out;
  for (const EvalAnswer& answer : result.answers) {
    for (std::size_t i = 0; i < answer.expressions.size(); ++i) {
      const policy::Value& value = answer.expressions[i];
      if (i != 0) out += ' ';
      out += value.is_string() ? std::string(value.as_string()) : value_json(value);
    }
    out += '\n';
  }
  return out;
}

std::string as_pretty(const EvalResult& result, std::size_t limit) {
  std::string out;
  if (result.story) out += story_text(*result.story);
  for (const Note& note : result.notes) out += fmt::format("{:<20} Note \"{}\"\n", note.at, note.text);
  if (!result.defined()) {
    out += "undefined\n";
  } else if (result.partial) {
    out += partial_table(*result.partial);
  } else if (const EvalAnswer& only = result.answers.front();
             result.answers.size() == 1 && only.bindings.empty() &&
             (only.expressions.size() == 1 || all_boolean(only))) {
    out += indented(value_json(only.expressions.front()));
  } else {
    out += answers_table(result, limit);
  }
  out += metrics_tables(result);
  if (result.coverage) {
    out += box_table({}, {{"Overall Coverage", fmt::format("{:.2f}", result.coverage->percent())}});
  }
  return out;
}

}  // namespace signalbox::app::cli
