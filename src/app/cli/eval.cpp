// signalbox eval: a query over policies, data and an input, with the flags and the output of `opa eval`.
// The one difference: --explain shows the tree of rules that were asked (policy/trace/story.h), where OPA
// shows the steps of its top-down search.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/duration.h"
#include "app/cli/eval_result.h"
#include "app/cli/evaluation.h"
#include "app/cli/opa_flags.h"
#include "app/cli/run_statistics.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  SourceOptions sources;
  EvalOptions eval;
  std::string query;
  std::string format = "json";
  std::string timeout = "0";
  std::vector<std::string> profile_sort;
  std::size_t profile_limit = 10;
  std::size_t count = 1;
  std::vector<std::string> entrypoints;
  std::size_t pretty_limit = 80;
  std::vector<std::string> coverage_runs{"index_excluded", "early_exit"};
  int optimise = 0;
  bool stdin_query = false, stdin_input = false, values = false;
  bool fail = false, fail_defined = false;
  bool partial = false, no_indexing = false, no_early_exit = false;
  policy::PartialOptions unknown;
};

/// What is wrong with the flags together; empty when nothing is.
std::string contradiction(const Options& o) {
  if (o.query.empty() && !o.stdin_query) return "specify query argument or --stdin";
  if (!o.query.empty() && o.stdin_query) return "specify query argument or --stdin but not both";
  if (o.stdin_query && o.stdin_input) return "specify --stdin or --stdin-input but not both";
  if (o.stdin_input && !o.eval.input.empty()) return "specify --stdin-input or --input but not both";
  if (o.fail && o.fail_defined) return "specify --fail or --fail-defined but not both";
  if (o.format == "source" && !o.partial) return "--format source prints what --partial leaves";
  if (o.partial && (o.format == "values" || o.format == "bindings" || o.format == "raw"))
    return fmt::format("--format {} prints answers, and --partial leaves none: json, pretty or source",
                       o.format);
  if (!parse_duration(o.timeout))
    return fmt::format("--timeout: \"{}\" is no duration, such as 5s", o.timeout);
  return {};
}

bool named(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::string read_stdin() {
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

std::string formatted(const EvalResult& result, const Options& options) {
  if (options.format == "values") return as_values(result);
  if (options.format == "bindings") return as_bindings(result);
  if (options.format == "raw") return as_raw(result);
  if (options.format == "pretty") return as_pretty(result, 0);
  if (options.format == "source") return as_source(result);
  if (options.format == "discard") return as_discarded(result);
  return as_json(result);
}

/// OPA's 2: the query could not be evaluated.
Exit show(const EvalResult& result, const Options& options) {
  const bool errors_in_document = options.format == "json" || options.format == "discard";
  if (!result.errors.empty() && !errors_in_document) {
    complain(result.errors);
    return Exit::Usage;
  }
  print(formatted(result, options));
  const bool answered = options.eval.show_builtin_errors && !result.expressions.empty();
  if (!result.errors.empty() && !answered) return Exit::Usage;
  const bool defined = !result.partial && result.defined();  // what --partial leaves is no answer
  if (options.fail && !defined) return Exit::Finding;
  return options.fail_defined && defined ? Exit::Finding : Exit::Ok;
}

/// Several runs are each a loading and an evaluation, so that the statistics are those of both.
Exit run(const Options& options) {
  std::unique_ptr<Evaluation> evaluation;  // the answers live in the last one
  RunStatistics statistics;
  EvalResult result;
  for (std::size_t i = 0; i < options.count && result.errors.empty(); ++i) {
    auto next = std::make_unique<Evaluation>(options.eval);
    result = next->load(options.sources);
    if (result.errors.empty()) result = next->run(options.query);
    statistics.add(result);
    evaluation = std::move(next);
  }
  if (options.count > 1) statistics.put_into(result);
  return show(result, options);
}

Exit eval(Options options) {
  if (const std::string wrong = contradiction(options); !wrong.empty()) {
    complain(wrong);
    return Exit::Usage;
  }
  if (options.stdin_query) options.query = read_stdin();
  if (options.stdin_input) options.eval.input_text = read_stdin();
  options.eval.timeout = *parse_duration(options.timeout);
  options.eval.profile_limit = options.profile_limit;
  for (const auto& key : options.profile_sort) {
    const auto order = profile_order(key);
    if (!order) {
      complain(fmt::format("--profile-sort: there is no key \"{}\"", key),
               "total_time_ns, num_eval, num_redo, num_gen_expr, file or line");
      return Exit::Usage;
    }
    options.eval.profile_sort.push_back(*order);
  }
  if (options.partial) options.eval.partial = options.unknown;
  options.eval.coverage_kinds.index_excluded = named(options.coverage_runs, "index_excluded");
  options.eval.coverage_kinds.early_exit = named(options.coverage_runs, "early_exit");
  options.eval.indexing = !options.no_indexing && !options.no_early_exit;
  if (options.eval.profile || options.eval.instrument) options.eval.metrics = true;
  return run(options);
}

void add_loading(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("Policies, data and the question");
  o.sources.add_options(verb);
  verb.add_option("-i,--input", o.eval.input, "The input document: a JSON or YAML file")->type_name("FILE");
  verb.add_flag("-I,--stdin-input", o.stdin_input, "Read the input document from standard input");
  verb.add_flag("--stdin", o.stdin_query, "Read the query from standard input");
  verb.add_option("--package", o.eval.context.package, "Ask the query as if it stood in this package");
  repeated(verb, "--import", o.eval.context.imports, "Ask the query with this import; may be repeated");
  add_schema_option(verb, o.eval.schema);
  add_capabilities_option(verb, o.eval.capabilities);
  verb.add_flag("-S,--strict", o.eval.strict, "Unused variables and imports are errors");
  add_version_flags(verb, o.eval.v0);
}

void add_output(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("The answer");
  verb.add_option("-f,--format", o.format, "How it is printed")
      ->check(CLI::IsMember({"json", "values", "bindings", "pretty", "source", "raw", "discard"}))
      ->capture_default_str();
  verb.add_flag("--fail", o.fail, "Exit 1 when the query is undefined");
  verb.add_flag("--fail-defined", o.fail_defined, "Exit 1 when the query is defined");
  verb.add_flag("--strict-builtin-errors", o.eval.strict_builtin_errors,
                "An error of a built-in fails the query, instead of being undefined");
  verb.add_flag("--show-builtin-errors", o.eval.show_builtin_errors,
                "Report the first error of a built-in beside the answers");
  verb.add_option("--timeout", o.timeout, "Give up after this long, such as 5s");
  verb.add_option("--max-steps", o.eval.max_steps, "Give up after this many steps; 0: no limit")
      ->capture_default_str();
  verb.add_option("--max-memory", o.eval.max_memory,
                  "Give up when the evaluation takes more than this, such as 2GB; by default half of the "
                  "machine's, 8 GB at most")
      ->transform(CLI::AsSizeValue(false));
}

void add_watching(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("How it came about, and what it cost");
  verb.add_option("--explain", o.eval.explain,
                  "Which rules fired: of those that were asked (full) or of all (fails); notes: trace()")
      ->check(CLI::IsMember({"off", "full", "notes", "fails", "debug"}));
  verb.add_flag("--coverage", o.eval.coverage, "Report which expressions were reached");
  add_coverage_runs_option(verb, o.coverage_runs);
  verb.add_flag("--metrics", o.eval.metrics, "Report how long loading and evaluating took");
  verb.add_flag("--instrument", o.eval.instrument, "Report the steps taken as well (implies --metrics)");
  verb.add_flag("--profile", o.eval.profile, "Report the time that each line took");
  repeated(verb, "--profile-sort", o.profile_sort,
           "Sort the profile by total_time_ns, num_eval, num_redo, num_gen_expr, file or line");
  verb.add_option("--profile-limit", o.profile_limit, "Lines of the profile")->capture_default_str();
  verb.add_option("--count", o.count,
                  "Load and evaluate so many times; metrics and profile become statistics")
      ->check(CLI::PositiveNumber);
}

void add_partial(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("Partial evaluation");
  verb.add_flag("-p,--partial", o.partial, "Evaluate what is known; leave the rest as conditions");
  repeated(verb, "-u,--unknowns", o.unknown.unknowns, "What --partial does not know (default input)");
  repeated(verb, "--disable-inlining", o.unknown.disable_inlining,
           "Documents that --partial leaves as rules");
  verb.add_flag("--shallow-inlining", o.unknown.shallow_inlining,
                "Leave rules that depend on unknowns as rules");
  verb.add_flag("--nondeterminstic-builtins,--nondeterministic-builtins", o.unknown.nondeterministic_builtins,
                "Let --partial call built-ins such as time.now_ns");
}

void add_opa_flags(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("Taken so that command lines of `opa eval` work; answers are the same");
  verb.add_flag("--disable-indexing", o.no_indexing, "Ask every rule");
  verb.add_flag("--disable-early-exit", o.no_early_exit, "Ask on when the answer is known");
  verb.add_option("--pretty-limit", o.pretty_limit, "Cells are shown whole, as OPA shows them");
  verb.add_flag("--var-values", o.values, "--explain shows values in any case");
  verb.add_option("-O,--optimize", o.optimise, "Policies are optimised in any case")->check(CLI::Range(0, 2));
  repeated(verb, "-e,--entrypoint", o.entrypoints, "Goes with -O");
  add_target_option(verb);
  add_read_speed_flag(verb);
}

}  // namespace

void add_eval(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("eval", "Evaluate a Rego query, as `opa eval` does");
  verb->add_option("query", options->query, "The query, such as data.gateway.actions or 'x := 1 + 2'");
  add_loading(*verb, *options);
  add_output(*verb, *options);
  add_watching(*verb, *options);
  add_partial(*verb, *options);
  add_opa_flags(*verb, *options);
  verb->footer(
      "Exit codes: 0 evaluated, 1 by --fail or --fail-defined, 2 the query could not be evaluated.\n"
      "Examples:\n"
      "  signalbox eval 'x := 1 + 2'\n"
      "  signalbox eval -b rules/ -i input.json data.gateway.actions\n"
      "  signalbox eval -b rules/ -i input.json --explain full -f pretty data.gateway.actions\n"
      "  echo '{\"hook\": \"traffic_from_client\", \"query\": {\"kind\": \"delete\", \"has_where\": false}}' "
      "|\n"
      "    signalbox eval -b rules/ -I -f values data.gateway.actions");
  verb->callback([=, &chosen] { chosen = [=] { return eval(*options); }; });
}

}  // namespace signalbox::app::cli
