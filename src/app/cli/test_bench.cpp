// Measuring tests: one after the other, on this thread.
#include "app/cli/test_bench.h"

#include <fmt/format.h>

#include <chrono>

#include "app/cli/duration.h"
#include "app/cli/evaluation.h"
#include "app/cli/json_text.h"
#include "app/cli/measure.h"
#include "app/cli/terminal.h"

namespace signalbox::app::cli {
namespace {

using policy::testing::TestRule;

/// data.foo.test_auth -> BenchmarkDataFooTestAuth, the form of Go's tools.
std::string go_name(std::string_view name) {
  std::string out = "Benchmark";
  bool start = true;
  for (const char c : name) {
    if (c == '.' || c == '_') {
      start = true;
    } else {
      out += start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      start = false;
    }
  }
  return out;
}

Measurement measure_test(const policy::PolicySet& set, const TestRule& test) {
  const auto query = set.prepare(test.query);
  if (!query) return {};
  policy::Evaluator evaluator;
  const policy::JsonInput input({}, set.input_paths());
  const policy::Limits limits = command_line_limits(std::chrono::seconds(30));
  return measure([&] {
    const auto value = evaluator.value(**query, input, limits);
    return value && (value->is_true() || !test.cases.empty());
  });
}

/// The one metric that OPA has of a test.
Statistics per_operation(const Measurement& m) {
  if (m.runs == 0) return {};
  return {{"timer_rego_query_eval_ns/op", m.histogram.at("mean")}};
}

std::string result_json(const TestRule& test, const Measurement& m) {
  const SourcePosition at = policy::ast::position(*test.source, test.rule.span);
  return fmt::format(R"({{"location":{},"package":{},"name":{}{},"duration":{},"benchmark_result":{}}})",
                     json_location(at), json_string(test.package), json_string(test.name),
                     m.runs == 0 ? R"(,"fail":true)" : "", m.ns_per_op * static_cast<std::int64_t>(m.runs),
                     to_json(m, per_operation(m)));
}

std::string failed_line(const TestRule& test, std::chrono::nanoseconds took) {
  const SourcePosition at = policy::ast::position(*test.source, test.rule.span);
  return fmt::format("{}:{}:\n{}.{}: FAIL ({})\n", at.file, at.row, test.package, test.name,
                     to_go_text(took));
}

std::string summary(std::size_t passed, std::size_t failed) {
  std::string out = std::string(80, '-') + "\n";
  const auto line = [&](std::string_view word, std::size_t count) {
    if (count != 0) out += fmt::format("{}: {}/{}\n", word, count, passed + failed);
  };
  line("PASS", passed);
  line("FAIL", failed);
  return passed + failed == 0 ? "" : out;
}

}  // namespace

Exit bench_tests(policy::testing::Suite& suite, const TestBenchOptions& options) {
  std::size_t passed = 0, failed = 0;
  std::string list = "[";
  for (std::size_t round = 0; round < options.count; ++round) {
    for (const TestRule& test : suite.tests()) {
      if (test.todo) continue;
      const auto begin = std::chrono::steady_clock::now();
      const Measurement m = measure_test(suite.set(), test);
      ++(m.runs == 0 ? failed : passed);
      const std::string name = test.package + "." + test.name;
      if (options.format == "json") {
        list += (list.size() > 1 ? "," : "") + result_json(test, m);
      } else if (m.runs == 0) {
        print(failed_line(test, std::chrono::steady_clock::now() - begin));
      } else {
        print(fmt::format("{}\t{}\n", options.format == "gobench" ? go_name(name) : name,
                          go_line(m, per_operation(m), options.memory)));
      }
    }
  }
  print(options.format == "json" ? indented(list + "]") : summary(passed, failed));
  return failed != 0 ? Exit::Usage : Exit::Ok;
}

}  // namespace signalbox::app::cli
