// signalbox eval: a query over policies, data and an input, with the flags and the output of `opa eval`.
// The one difference: --explain shows the tree of rules that were asked (policy/trace/story.h), where OPA
// shows the steps of its top-down search.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "app/cli/duration.h"
#include "app/cli/eval_result.h"
#include "app/cli/evaluation.h"
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
  std::size_t pretty_limit = 80;
  std::size_t count = 1;
  bool stdin_query = false, stdin_input = false;
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
  if (!parse_duration(o.timeout))
    return fmt::format("--timeout: \"{}\" is no duration, such as 5s", o.timeout);
  return {};
}

std::string read_stdin() {
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

std::string formatted(const EvalResult& result, const Options& options) {
  if (options.format == "values") return as_values(result);
  if (options.format == "bindings") return as_bindings(result);
  if (options.format == "raw") return as_raw(result);
  if (options.format == "pretty") return as_pretty(result, options.pretty_limit);
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
  if (!result.errors.empty()) return Exit::Usage;
  if (options.fail && !result.defined()) return Exit::Finding;
  return options.fail_defined && result.defined() ? Exit::Finding : Exit::Ok;
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
  options.eval.indexing = !options.no_indexing && !options.no_early_exit;
  if (options.eval.profile || options.eval.instrument) options.eval.metrics = true;
  Evaluation evaluation(options.eval);
  EvalResult result = evaluation.load(options.sources);
  for (std::size_t i = 0; i < options.count && result.errors.empty(); ++i)
    result = evaluation.run(options.query);
  return show(result, options);
}

void add_flags(CLI::App& verb, Options& o) {
  verb.add_option("query", o.query, "The query, such as data.gateway.actions");
  o.sources.add_options(verb);
  verb.add_option("-i,--input", o.eval.input, "The input document");
  add_schema_option(verb, o.eval.schema);
  verb.add_flag("-I,--stdin-input", o.stdin_input, "Read the input document from standard input");
  verb.add_flag("--stdin", o.stdin_query, "Read the query from standard input");
  verb.add_option("-f,--format", o.format, "json, values, bindings, pretty, source, raw or discard")
      ->check(CLI::IsMember({"json", "values", "bindings", "pretty", "source", "raw", "discard"}));
  verb.add_option("--package", o.eval.context.package, "Ask the query as if it stood in this package");
  repeated(verb, "--import", o.eval.context.imports, "Ask the query with this import; may be repeated");
  verb.add_option("--explain", o.eval.explain,
                  "Show how the answer came about: off, full, notes, fails or debug")
      ->check(CLI::IsMember({"off", "full", "notes", "fails", "debug"}));
  verb.add_flag("--metrics", o.eval.metrics, "Report how long loading and evaluating took");
  verb.add_flag("--instrument", o.eval.instrument, "Report the steps taken as well (implies --metrics)");
  verb.add_flag("--profile", o.eval.profile, "Report the time that each line took");
  repeated(verb, "--profile-sort", o.profile_sort, "Sort the profile by this key; may be repeated");
  verb.add_option("--profile-limit", o.profile_limit, "Lines of the profile");
  verb.add_option("--pretty-limit", o.pretty_limit, "Characters of a cell of --format pretty");
  verb.add_flag("--coverage", o.eval.coverage, "Report which expressions were reached");
  verb.add_option("--count", o.count, "Evaluate so many times and print the last result")
      ->check(CLI::PositiveNumber);
  verb.add_option("--timeout", o.timeout, "Give up after this long, such as 5s");
  verb.add_flag("-S,--strict", o.eval.strict, "Unused variables and imports are errors");
  verb.add_flag("--strict-builtin-errors", o.eval.strict_builtin_errors,
                "An error of a built-in fails the query");
  verb.add_flag("-p,--partial", o.partial, "Evaluate what is known; leave the rest as conditions");
  repeated(verb, "-u,--unknowns", o.unknown.unknowns, "What --partial does not know (default input)");
  repeated(verb, "--disable-inlining", o.unknown.disable_inlining,
           "Documents that --partial leaves as rules");
  verb.add_flag("--shallow-inlining", o.unknown.shallow_inlining,
                "Leave rules that depend on unknowns as rules");
  verb.add_flag("--nondeterminstic-builtins,--nondeterministic-builtins", o.unknown.nondeterministic_builtins,
                "Let --partial call built-ins such as time.now_ns");
  verb.add_flag("--disable-indexing", o.no_indexing, "Ask every rule: answers are the same, later");
  verb.add_flag("--disable-early-exit", o.no_early_exit, "Ask on when the answer is known");
  verb.add_flag("--fail", o.fail, "Exit 1 when the query is undefined");
  verb.add_flag("--fail-defined", o.fail_defined, "Exit 1 when the query is defined");
  verb.add_flag("--v0-compatible", o.eval.v0, "Read modules as Rego v0");
  verb.add_flag("--v1-compatible")->description("Read modules as Rego v1, which is the default");
}

}  // namespace

void add_eval(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("eval", "Evaluate a Rego query, as `opa eval` does");
  add_flags(*verb, *options);
  verb->footer(
      "Exit codes: 0 evaluated, 1 by --fail or --fail-defined, 2 the query could not be evaluated.\n"
      "Examples:\n"
      "  signalbox eval 'x := 1 + 2'\n"
      "  signalbox eval -d rules/ -i input.json data.gateway.actions\n"
      "  signalbox eval -d rules/ -i input.json --explain full -f pretty data.gateway.actions\n"
      "  echo '{\"query\": {\"kinds\": [\"delete\"]}}' | signalbox eval -d rules/ -I -f values "
      "data.gateway.actions");
  verb->callback([=, &chosen] { chosen = [=] { return eval(*options); }; });
}

}  // namespace signalbox::app::cli
