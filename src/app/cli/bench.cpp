// signalbox bench: how long a query takes, with the output of `opa bench`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/box_table.h"
#include "app/cli/duration.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/measure.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  SourceOptions sources;
  EvalOptions eval;
  std::string query;
  std::string format = "pretty";
  std::string time = "1s";
  std::size_t count = 1;
  bool stdin_input = false, fail = false, no_memory = false;
};

std::string as_table(const Measurement& m, bool memory) {
  std::vector<std::vector<std::string>> rows{{"samples", std::to_string(m.runs)},
                                             {"ns/op", std::to_string(m.ns_per_op)}};
  if (memory) {
    rows.push_back({"B/op", std::to_string(m.bytes_per_op)});
    rows.push_back({"allocs/op", std::to_string(m.allocs_per_op)});
  }
  for (const auto& [name, value] : m.histogram) {
    rows.push_back({"histogram_timer_rego_query_eval_ns_" + name, fmt::format("{:.0f}", value)});
  }
  return box_table({}, rows);
}

void show(const Measurement& m, const Options& options) {
  if (options.format == "json") {
    print(indented(to_json(m)));
  } else if (options.format == "gobench") {
    print(fmt::format("BenchmarkOPAEval\t{}\n", go_line(m, !options.no_memory)));
  } else {
    print(as_table(m, !options.no_memory));
  }
}

Exit report(const Diagnostics& diagnostics, const Options& options) {
  if (options.format == "json") {
    print(as_opa_errors(diagnostics));
  } else {
    complain(diagnostics);
  }
  return Exit::Finding;
}

Exit bench(Options options) {
  const auto time = parse_duration(options.time);
  if (!time) {
    complain(fmt::format("--time: \"{}\" is no duration, such as 5s", options.time));
    return Exit::Usage;
  }
  if (options.stdin_input)
    options.eval.input_text = std::string(std::istreambuf_iterator<char>(std::cin), {});
  Evaluation evaluation(options.eval);
  if (const EvalResult loaded = evaluation.load(options.sources); !loaded.errors.empty())
    return report(loaded.errors, options);
  const auto query = evaluation.set()->prepare(options.query, options.eval.context);
  if (!query) return report(query.error(), options);
  policy::Evaluator evaluator;
  const policy::JsonInput input(evaluation.input(), evaluation.set()->input_paths());
  const policy::Limits limits = command_line_limits(std::chrono::seconds(0));
  for (std::size_t i = 0; i < options.count; ++i) {
    Diagnostics wrong;
    const Measurement m = measure(
        [&] {
          const auto value = evaluator.value(**query, input, limits);
          if (!value)
            wrong = {{Severity::Error, value.error().code, value.error().message, value.error().at, {}, {}}};
          if (value && options.fail && value->is_undefined())
            wrong = {{Severity::Error, "bench_undefined", "undefined result", {}, {}, {}}};
          return wrong.empty();
        },
        *time);
    if (!wrong.empty()) return report(wrong, options);
    show(m, options);
  }
  return Exit::Ok;
}

}  // namespace

void add_bench(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  options->fail = true;
  CLI::App* verb = root.add_subcommand("bench", "Measure a query, as `opa bench` does");
  verb->add_option("query", options->query, "The query, such as data.gateway.actions")->required();
  options->sources.add_options(*verb);
  verb->add_option("-i,--input", options->eval.input, "The input document");
  add_schema_option(*verb, options->eval.schema);
  verb->add_flag("-I,--stdin-input", options->stdin_input, "Read the input document from standard input");
  verb->add_option("-f,--format", options->format, "pretty, json or gobench")
      ->check(CLI::IsMember({"pretty", "json", "gobench"}));
  verb->add_option("--count", options->count, "Measure so many times")->check(CLI::PositiveNumber);
  verb->add_option("--time", options->time, "How long to measure");
  verb->add_option("--package", options->eval.context.package,
                   "Ask the query as if it stood in this package");
  repeated(*verb, "--import", options->eval.context.imports, "Ask the query with this import");
  verb->add_flag("--fail,!--no-fail", options->fail, "Fail when the query is undefined (default)");
  verb->add_flag("--no-benchmem", options->no_memory, "Leave memory out");
  verb->add_flag("--v0-compatible", options->eval.v0, "Read modules as Rego v0");
  verb->footer(
      "The query is prepared once; each operation evaluates it, the input parsed already.\n"
      "Example:\n"
      "  signalbox bench -d rules/ -i input.json data.gateway.actions");
  verb->callback([=, &chosen] { chosen = [=] { return bench(*options); }; });
}

}  // namespace signalbox::app::cli
