// signalbox bench: how long a query takes, with the output of `opa bench`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/box_table.h"
#include "app/cli/duration.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/measure.h"
#include "app/cli/opa_flags.h"
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
  bool stdin_input = false, stdin_query = false, fail = true, memory = true, metrics = true;
  bool partial = false;
  policy::PartialOptions unknown;
};

/// What a single operation took, by the name that OPA has for it.
Statistics metrics_of(const Measurement& m, const Options& options) {
  Statistics out;
  if (!options.metrics) return out;
  const std::string timer = options.partial ? "timer_rego_partial_eval_ns" : "timer_rego_query_eval_ns";
  for (const auto& [name, value] : m.histogram) out.emplace("histogram_" + timer + "_" + name, value);
  return out;
}

std::string as_table(const Measurement& m, const Options& options) {
  std::vector<std::vector<std::string>> rows{{"samples", std::to_string(m.runs)},
                                             {"ns/op", std::to_string(m.ns_per_op)}};
  if (options.memory) {
    rows.push_back({"B/op", std::to_string(m.bytes_per_op)});
    rows.push_back({"allocs/op", std::to_string(m.allocs_per_op)});
  }
  for (const auto& [name, value] : metrics_of(m, options))
    rows.push_back({name, fmt::format("{:.0f}", value)});
  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row[1].size());
  for (auto& row : rows) row[1].insert(0, width - row[1].size(), ' ');  // numbers stand to the right
  return box_table({}, rows);
}

void show(const Measurement& m, const Options& options) {
  const Statistics metrics = metrics_of(m, options);
  if (options.format == "json") {
    print(indented(to_json(m, metrics)));
  } else if (options.format == "gobench") {
    print(fmt::format("BenchmarkOPAEval\t{}\n", go_line(m, metrics, options.memory)));
  } else {
    print(as_table(m, options));
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

Diagnostics one_error(std::string code, std::string message, SourcePosition at = {}) {
  return {{Severity::Error, std::move(code), std::move(message), std::move(at), {}, {}}};
}

/// One operation; what went wrong, or nothing.
using Operation = std::function<Diagnostics()>;

Exit run(const Operation& operation, std::chrono::nanoseconds time, const Options& options) {
  for (std::size_t i = 0; i < options.count; ++i) {
    Diagnostics wrong;
    const auto work = [&] { return (wrong = operation()).empty(); };
    const Measurement m = measure(work, time);
    if (!wrong.empty()) return report(wrong, options);
    show(m, options);
  }
  return Exit::Ok;
}

Exit bench_partial(Evaluation& evaluation, std::chrono::nanoseconds time, const Options& options) {
  const Operation operation = [&]() -> Diagnostics {
    EvalResult result = evaluation.run(options.query);
    if (result.errors.empty() && options.fail && !result.defined())
      return one_error("bench_undefined", "undefined result");
    return std::move(result.errors);
  };
  return run(operation, time, options);
}

Exit bench_whole(const Evaluation& evaluation, std::chrono::nanoseconds time, const Options& options) {
  const auto query = evaluation.set()->prepare(options.query, options.eval.context);
  if (!query) return report(query.error(), options);
  policy::Evaluator evaluator;
  const policy::JsonInput input(evaluation.input(), evaluation.set()->input_paths());
  const policy::Limits limits = command_line_limits(std::chrono::seconds(0));
  const Operation operation = [&]() -> Diagnostics {
    const auto value = evaluator.value(**query, input, limits);
    if (!value) return one_error(value.error().code, value.error().message, value.error().at);
    if (options.fail && value->is_undefined()) return one_error("bench_undefined", "undefined result");
    return {};
  };
  return run(operation, time, options);
}

std::string read_stdin() {
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

/// What is wrong with the flags together; empty when nothing is.
std::string contradiction(const Options& o) {
  if (o.query.empty() && !o.stdin_query) return "specify query argument or --stdin";
  if (!o.query.empty() && o.stdin_query) return "specify query argument or --stdin but not both";
  if (o.stdin_query && o.stdin_input) return "specify --stdin or --stdin-input but not both";
  if (o.stdin_input && !o.eval.input.empty()) return "specify --stdin-input or --input but not both";
  if (!parse_duration(o.time)) return fmt::format("--time: \"{}\" is no duration, such as 5s", o.time);
  return {};
}

Exit bench(Options options) {
  if (const std::string wrong = contradiction(options); !wrong.empty()) {
    complain(wrong);
    return Exit::Usage;
  }
  if (options.stdin_query) options.query = read_stdin();
  if (options.stdin_input) options.eval.input_text = read_stdin();
  if (options.partial) options.eval.partial = options.unknown;
  Evaluation evaluation(options.eval);
  if (const EvalResult loaded = evaluation.load(options.sources); !loaded.errors.empty())
    return report(loaded.errors, options);
  const auto time = *parse_duration(options.time);
  return options.partial ? bench_partial(evaluation, time, options) : bench_whole(evaluation, time, options);
}

}  // namespace

void add_bench(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("bench", "Measure a query, as `opa bench` does");
  verb->add_option("query", options->query, "The query, such as data.gateway.actions");
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
  verb->add_flag("--benchmem,!--no-benchmem", options->memory, "Report memory (default true)");
  verb->add_flag("--metrics,!--no-metrics", options->metrics, "Report the spread of times (default true)");
  verb->add_flag("--stdin", options->stdin_query, "Read the query from standard input");
  verb->add_flag("-p,--partial", options->partial, "Measure partial evaluation");
  repeated(*verb, "-u,--unknowns", options->unknown.unknowns, "What --partial does not know (default input)");
  add_target_option(*verb);
  add_read_speed_flag(*verb);
  add_version_flags(*verb, options->eval.v0);
  add_refused_flag(*verb, "--e2e", "a server is measured by its own clients: see docs/performance.md");
  for (const char* name : {"-c,--config-file", "--shutdown-grace-period", "--shutdown-wait-period"})
    add_refused_option(*verb, name, "goes with --e2e, which is not supported");
  verb->footer(
      "The query is prepared once; each operation evaluates it, the input parsed already.\n"
      "Examples:\n"
      "  signalbox bench -b rules/ -i input.json data.gateway.actions\n"
      "  signalbox bench -b rules/ -i input.json -f gobench --count 10 data.gateway.actions > new.txt");
  verb->callback([=, &chosen] { chosen = [=] { return bench(*options); }; });
}

}  // namespace signalbox::app::cli
