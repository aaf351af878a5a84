// signalbox test: runs the tests of policies, with the flags, the output and the exit codes of `opa test`:
// rules named test_... of Rego, then events of `*.test.yaml`, which are reported in the same way.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "app/cli/duration.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/opa_flags.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/test_bench.h"
#include "app/cli/test_report.h"
#include "app/cli/verbs.h"
#include "app/policies/event_tests.h"
#include "app/policies/watch.h"
#include "policy/trace/coverage.h"

namespace signalbox::app::cli {
namespace {

using policy::testing::Suite;
using policy::testing::TestResult;

struct Options {
  std::vector<std::string> paths, ignore;
  policy::testing::SuiteOptions suite;
  std::string format = "pretty", timeout = "0", sort = "none", explain, schema;
  std::string capabilities;
  std::vector<std::string> coverage_runs{"index_excluded", "early_exit"};
  double threshold = 0;
  std::size_t max_errors = 10;
  std::size_t count = 1;
  bool verbose = false, bundle = false, bench = false, memory = true, watch = false;
  bool values = false, exit_zero_on_skipped = false, fail_on_empty = false, v0 = false;
};

// opa test's codes: 1 nothing could be run, 2 a test did not pass or coverage is too low.
constexpr Exit kNotRun = Exit::Finding;
constexpr Exit kNotPassed = Exit::Usage;

std::expected<Suite, Diagnostics> load(const Options& options) {
  SourceOptions sources;
  sources.ignore = options.ignore;
  for (const auto& path : options.paths) {
    if (!is_event_test(path)) (options.bundle ? sources.bundles : sources.data).push_back(path);
  }
  auto files = read_sources(sources);
  if (!files) return std::unexpected(std::move(files.error()));
  auto schemas = read_schemas(options.schema);
  if (!schemas) return std::unexpected(std::move(schemas.error()));
  policy::LoadOptions loading = command_line_loading();
  loading.schemas = std::move(*schemas);
  loading.v0_compatible = options.v0;
  allow_hosts(options.capabilities, loading.host);
  if (auto beyond = beyond_capabilities(options.capabilities, *files, options.v0); !beyond.empty())
    return std::unexpected(std::move(beyond));
  policy::testing::SuiteOptions suite = options.suite;
  suite.failures = options.values;
  suite.notes = options.explain == "notes";
  suite.stories = options.verbose && !suite.notes;
  const auto timeout = *parse_duration(options.timeout);
  suite.limits = command_line_limits(timeout.count() != 0 ? timeout : std::chrono::seconds(5));
  return Suite::load(std::move(*files), {}, std::move(loading), std::move(suite));
}

/// The tests that are events, with the policies as the gateway would load them from the same paths.
std::expected<EventSuite, Diagnostics> load_events(const Options& options) {
  const auto tests = find_event_tests(options.paths, options.ignore);
  if (!tests) return std::unexpected(tests.error());
  if (tests->empty()) return EventSuite();
  std::vector<std::string> paths = options.paths;
  std::erase_if(paths, [](const std::string& path) { return is_event_test(path); });
  auto files = read_policy_paths(paths);
  if (!files) return std::unexpected(std::move(files.error()));
  return EventSuite::load(std::move(*files), *tests, options.suite.run);
}

/// What is told instead of coverage: the first error of a test alone, or all that failed.
void report_without_coverage(const std::vector<TestResult>& results, PrettyTestReport& pretty) {
  const auto error =
      std::ranges::find_if(results, [](const TestResult& one) { return one.error.has_value(); });
  if (error != results.end()) return complain(policy::to_text(*error->error));
  for (const TestResult& result : results)
    if (result.fail) pretty.add(result);
  pretty.finish();
}

Exit report_coverage(const Suite& suite, bool failed, const Options& options) {
  if (failed) return kNotRun;
  const policy::CoverageReport report = suite.coverage();
  if (report.percent() < options.threshold) {
    complain(fmt::format("code coverage threshold not met: got {:.2f} instead of {:.2f}", report.percent(),
                         options.threshold));
    if (options.verbose) {
      for (const auto& [name, file] : report.files) {
        for (const auto& range : file.not_covered)
          fmt::print(stderr, "  not covered: {}:{}\n", name, range.row);
      }
    }
    return kNotPassed;
  }
  print(indented(policy::to_json(report)));
  return Exit::Ok;
}

Exit run_once(Suite& suite, EventSuite& events, const Options& options) {
  PrettyTestReport pretty({options.verbose, options.values});
  std::vector<TestResult> all;
  bool failed = false, ran = false, skipped = false;
  const bool coverage = options.suite.coverage;
  const auto report = [&](const TestResult& result) {
    ran = true;
    const bool forgiven = result.skip && options.exit_zero_on_skipped;
    skipped = skipped || (result.skip && !forgiven);
    failed = failed || (!result.passed() && !result.skip);
    if (options.format == "json" || coverage) {
      all.push_back(result);
    } else {
      pretty.add(result);
    }
  };
  suite.run(report);
  if (const auto done = events.run(report); !done) {
    complain(done.error());
    return kNotRun;
  }
  if (!ran && options.fail_on_empty) {
    complain("no tests were run");
    return kNotRun;
  }
  if (coverage) {
    if (failed) report_without_coverage(all, pretty);
    const Exit reported = report_coverage(suite, failed, options);
    return reported == Exit::Ok && skipped ? kNotPassed : reported;
  }
  if (options.format == "json") {
    if (options.sort == "duration") std::ranges::stable_sort(all, std::greater(), &TestResult::duration);
    std::string out = "[";
    for (const TestResult& result : all) out += (out.size() > 1 ? "," : "") + to_json(result);
    print(indented(out + "]"));
  } else {
    pretty.finish();
  }
  return failed || skipped ? kNotPassed : Exit::Ok;
}

Exit load_and_run(const Options& options) {
  auto suite = load(options);
  if (!suite) {
    complain(limited(std::move(suite.error()), options.max_errors));
    return kNotRun;
  }
  auto events = load_events(options);
  if (!events) {
    complain(events.error());
    return kNotRun;
  }
  if (options.bench) {
    return bench_tests(*suite, {options.format, options.count, options.memory});
  }
  Exit worst = Exit::Ok;
  for (std::size_t i = 0; i < options.count && worst == Exit::Ok; ++i)
    worst = run_once(*suite, *events, options);
  return worst;
}

/// Runs, and again whenever a file below one of the paths has changed. Ends with the process.
Exit watch(const Options& options) {
  std::mutex lock;
  std::condition_variable changed;
  bool dirty = false;
  std::vector<std::unique_ptr<DirectoryWatch>> watches;
  for (const auto& path : options.paths) {
    std::filesystem::path directory = path;
    if (!std::filesystem::is_directory(directory)) directory = directory.parent_path();
    auto opened =
        DirectoryWatch::open(directory.empty() ? "." : directory, std::chrono::milliseconds(100), [&] {
          std::lock_guard hold(lock);
          dirty = true;
          changed.notify_one();
        });
    if (!opened) {
      complain(opened.error());
      return exit_for(opened.error());
    }
    watches.push_back(std::move(*opened));
  }
  for (;;) {
    load_and_run(options);
    print(std::string(80, '*') + "\nWatching for changes ...\n");
    std::unique_lock hold(lock);
    changed.wait(hold, [&] { return dirty; });
    dirty = false;
  }
}

Exit test(Options options) {
  if (!parse_duration(options.timeout)) {
    complain(fmt::format("--timeout: \"{}\" is no duration, such as 5s", options.timeout));
    return kNotRun;
  }
  if (options.threshold < 0 || options.threshold > 100) {
    complain("Code coverage threshold must be between 0 and 100");
    return kNotRun;
  }
  if (options.format == "gobench" && !options.bench) {
    complain("cannot use output format gobench without running benchmarks (--bench)");
    return kNotRun;
  }
  if (options.threshold > 0) options.suite.coverage = true;
  const auto told = [&](std::string_view kind) {
    return std::ranges::find(options.coverage_runs, kind) != options.coverage_runs.end();
  };
  options.suite.coverage_kinds.index_excluded = told("index_excluded");
  options.suite.coverage_kinds.early_exit = told("early_exit");
  if (!options.explain.empty()) options.verbose = true;
  if (options.suite.parallel == 0) options.suite.parallel = std::max(1u, std::thread::hardware_concurrency());
  return options.watch ? watch(options) : load_and_run(options);
}

void add_running(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("Which tests, and how");
  verb.add_option("-r,--run", o.suite.run, "Only tests whose data.package.test_name matches this pattern")
      ->type_name("REGEX");
  verb.add_flag("-w,--watch", o.watch, "Run again whenever a file changes");
  verb.add_option("-p,--parallel", o.suite.parallel, "Tests at a time; 0 = as many as there are cores");
  verb.add_option("--timeout", o.timeout, "Longest time of a test (default 5s)");
  verb.add_option("--count", o.count, "Run so many times")->check(CLI::PositiveNumber);
  verb.add_flag("-z,--exit-zero-on-skipped", o.exit_zero_on_skipped,
                "Skipped tests do not change the exit code");
  verb.add_flag("--fail-on-empty", o.fail_on_empty, "Exit 1 when there is no test");
}

void add_reporting(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("What is told");
  verb.add_flag("-v,--verbose", o.verbose, "Show tests that pass too, and how failures came about");
  verb.add_flag("--var-values", o.values, "Show the expression that did not hold, with its values");
  verb.add_option("--explain", o.explain,
                  "How failures came about: rules that were asked (full), all (fails), trace() (notes)")
      ->check(CLI::IsMember({"fails", "full", "notes", "debug"}));
  verb.add_option("-f,--format", o.format, "How results are printed")
      ->check(CLI::IsMember({"pretty", "json", "gobench"}))
      ->capture_default_str();
  verb.add_option("--sort", o.sort, "Order of JSON")->check(CLI::IsMember({"none", "duration"}));
  verb.add_flag("-c,--coverage", o.suite.coverage, "Report coverage as JSON");
  verb.add_option("--threshold", o.threshold, "Exit 2 when coverage is below this percentage")
      ->type_name("PERCENT");
  add_coverage_runs_option(verb, o.coverage_runs);
  verb.add_flag("--bench", o.bench, "Measure the tests");
  verb.add_flag("--benchmem,!--no-benchmem", o.memory, "Report memory with --bench (default true)");
}

void add_loading(CLI::App& verb, Options& o) {
  verb.option_defaults()->group("How policies are read");
  verb.add_flag("-b,--bundle", o.bundle, "Paths are bundles");
  repeated(verb, "--ignore", o.ignore, "Names of files and directories to pass over")->delimiter(',');
  add_schema_option(verb, o.schema);
  add_capabilities_option(verb, o.capabilities);
  verb.add_option("-m,--max-errors", o.max_errors, "Errors to show; 0 = all");
  add_target_option(verb);
  add_version_flags(verb, o.v0);
}

}  // namespace

void add_test(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  options->suite.parallel = 0;
  CLI::App* verb =
      root.add_subcommand("test", "Run the tests of policies, as `opa test` does, and those in YAML");
  verb->add_option("paths", options->paths, "Directories and files with policies and their tests")
      ->required();
  add_running(*verb, *options);
  add_reporting(*verb, *options);
  add_loading(*verb, *options);
  verb->footer(
      "Rego: rules named test_... of any module, by habit in *_test.rego; todo_test_... are skipped.\n"
      "YAML: events and what should be decided on them, in *.test.yaml (docs/policies.md).\n"
      "Exit codes: 0 all passed, 1 nothing could be run, 2 a test failed or coverage is too low.\n"
      "Examples:\n"
      "  signalbox test -b rules/\n"
      "  signalbox test -b --var-values -r 'unbounded' rules/\n"
      "  signalbox test -b --coverage --threshold 80 rules/");
  verb->callback([=, &chosen] { chosen = [=] { return test(*options); }; });
}

}  // namespace signalbox::app::cli
