// signalbox eval: a query over policies, data and an input, with the flags and the JSON of `opa eval`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <span>

#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "policy/value/json.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::string query;
  std::vector<std::string> data;
  std::string input;
  std::string format = "json";
  bool stdin_input = false;
  bool fail = false;
  bool fail_defined = false;
  bool strict_builtin_errors = false;
  bool v0 = false;
};

using Answers = std::vector<policy::Bindings>;

Exit report(const Diagnostics& diagnostics, const Options& options) {
  if (options.format == "json") {
    print(as_opa_errors(diagnostics));
  } else {
    complain(diagnostics);
  }
  return Exit::Usage;  // as opa: 2 is "the query could not be evaluated"
}

std::expected<policy::Value, Diagnostics> read_input(const Options& options, policy::Arena& arena) {
  std::string text;
  if (options.stdin_input) {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else if (!options.input.empty()) {
    std::ifstream in(options.input, std::ios::binary);
    if (!in)
      return std::unexpected(Diagnostics{
          {Severity::Error, "input_unreadable", "cannot read the input", {options.input, 0, 0}, {}, {}}});
    text.assign(std::istreambuf_iterator<char>(in), {});
  } else {
    return policy::Value();
  }
  const auto value = policy::parse_json(arena, text);
  if (value) return *value;
  const auto& e = value.error();
  return std::unexpected(
      Diagnostics{{Severity::Error, "input_not_json", e.message, {options.input, e.row, e.col}, {}, {}}});
}

std::string expression_json(const policy::Value& value, const std::string& text) {
  std::string out = R"({"value":)" + policy::to_json(value);
  if (!text.empty())
    out += R"(,"text":)" + policy::to_json(policy::Value::string(text)) + R"(,"location":{"row":1,"col":1})";
  return out + "}";
}

// {"result": [{"expressions": [...], "bindings": {...}}]}; {} when the query is undefined.
std::string as_json(const Answers& answers, std::span<const std::string> names, const std::string& query) {
  if (answers.empty()) return "{}";
  std::string out = R"({"result":[)";
  for (const auto& answer : answers) {
    out += out.ends_with('[') ? R"({"expressions":[)" : R"(,{"expressions":[)";
    for (const auto& value : answer.expressions) {
      if (!out.ends_with('[')) out += ',';
      out += expression_json(value, answer.expressions.size() == 1 ? query : "");
    }
    out += ']';
    if (!answer.variables.empty()) {
      out += R"(,"bindings":{)";
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (!answer.variables[i]) continue;
        if (!out.ends_with('{')) out += ',';
        out += policy::to_json(policy::Value::string(names[i])) + ":" + policy::to_json(answer.variables[i]);
      }
      out += '}';
    }
    out += '}';
  }
  return out + "]}";
}

// One line an expression: strings bare, everything else as JSON.
std::string as_raw(const Answers& answers) {
  std::string out;
  for (const auto& answer : answers) {
    for (const auto& value : answer.expressions) {
      out += (value.is_string() ? std::string(value.as_string()) : policy::to_json(value)) + "\n";
    }
  }
  return out;
}

std::string as_values(const Answers& answers) {
  std::string out = "[";
  for (const auto& answer : answers) {
    for (const auto& value : answer.expressions) {
      if (out.size() > 1) out += ',';
      out += policy::to_json(value);
    }
  }
  return out + "]";
}

void show(const Answers& answers, std::span<const std::string> names, const Options& options) {
  if (options.format == "raw") return print(as_raw(answers));
  policy::Arena arena;
  const auto document = policy::parse_json(
      arena, options.format == "json" ? as_json(answers, names, options.query) : as_values(answers));
  if (document) print(policy::to_json_pretty(*document) + "\n");
}

Exit eval(const Options& options) {
  auto files = read_sources(options.data);
  if (!files) return report(files.error(), options);
  policy::LoadOptions loading;
  loading.v0_compatible = options.v0;
  const auto set = policy::PolicySet::load(std::move(*files), {}, loading);
  if (!set) return report(set.error(), options);
  const auto query = (*set)->prepare(options.query);
  if (!query) return report(query.error(), options);
  policy::Arena arena;
  const auto input = read_input(options, arena);
  if (!input) return report(input.error(), options);
  policy::Evaluator evaluator;
  const auto answers = evaluator.query(**query, policy::JsonInput(*input, (*set)->input_paths()), {},
                                       {.strict_builtin_errors = options.strict_builtin_errors});
  if (!answers) {
    const auto& e = answers.error();
    return report(Diagnostics{{Severity::Error, e.code, e.message, e.at, {}, {}}}, options);
  }
  show(*answers, (*query)->variables(), options);
  if (options.fail && answers->empty()) return Exit::Finding;
  return options.fail_defined && !answers->empty() ? Exit::Finding : Exit::Ok;
}

}  // namespace

void add_eval(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("eval", "Evaluate a Rego query, as `opa eval` does");
  verb->add_option("query", options->query, "The query, such as data.gateway.actions")->required();
  verb->add_option("-d,--data", options->data, "Policy and data files or directories; may be repeated");
  verb->add_option("-i,--input", options->input, "The input document");
  verb->add_flag("-I,--stdin-input", options->stdin_input, "Read the input document from standard input");
  verb->add_option("-f,--format", options->format, "json, values or raw")
      ->check(CLI::IsMember({"json", "values", "raw"}));
  verb->add_flag("--fail", options->fail, "Exit 1 when the query is undefined");
  verb->add_flag("--fail-defined", options->fail_defined, "Exit 1 when the query is defined");
  verb->add_flag("--strict-builtin-errors", options->strict_builtin_errors,
                 "An error of a built-in fails the query");
  verb->add_flag("--v0-compatible", options->v0, "Read modules as Rego v0");
  verb->footer(
      "Examples:\n"
      "  signalbox eval 'x := 1 + 2'\n"
      "  signalbox eval -d rules/ -i input.json data.gateway.actions\n"
      "  echo '{\"query\": {\"kinds\": [\"delete\"]}}' | signalbox eval -d rules/ -I -f values "
      "data.gateway.actions");
  verb->callback([=, &chosen] { chosen = [=] { return eval(*options); }; });
}

}  // namespace signalbox::app::cli
