// Reporting tests. Durations are left to each run; everything else is what `opa test` prints.
#include "app/cli/test_report.h"

#include <fmt/format.h>

#include "app/cli/duration.h"
#include "app/cli/json_text.h"
#include "app/cli/story_text.h"
#include "app/cli/terminal.h"
#include "policy/builtins/go/codec.h"

namespace signalbox::app::cli {
namespace {

using policy::testing::CaseResult;
using policy::testing::Failure;
using policy::testing::TestResult;
using Cases = std::map<std::string, CaseResult>;

const std::string kRule = std::string(80, '-') + "\n";

std::string indented_by(std::string_view text, std::size_t blanks) {
  std::string out;
  bool start = true;
  for (const char c : text) {
    if (start) out.append(blanks, ' ');
    out += c;
    start = c == '\n';
  }
  return out;
}

std::string_view outcome(const TestResult& result) {
  if (result.error) return "ERROR";
  if (result.fail) return "FAIL";
  return result.skip ? "SKIPPED" : "PASS";
}

std::string painted_outcome(const TestResult& result) {
  const Colour colour = result.passed() ? Colour::Green : result.skip ? Colour::Yellow : Colour::Red;
  return painted(outcome(result), colour, 1);
}

std::string heading(const TestResult& result) {
  std::string out = fmt::format("{}.{}: {}", result.package, result.name, painted_outcome(result));
  return result.skip ? out : out + fmt::format(" ({})", to_go_text(result.duration));
}

std::string failure_text(const Failure& failure) {
  return fmt::format("\n  {}:{}:\n{}\n", failure.at.file, failure.at.row,
                     indented_by(policy::testing::to_text(failure), 4));
}

/// The failed cases with their lineage, each with where it stopped.
std::string case_failures(const Cases& cases, const std::string& lineage, std::size_t depth) {
  std::string out;
  for (const auto& [name, one] : cases) {
    if (!one.fail) continue;
    const std::string line = lineage + fmt::format("{}{}: FAIL\n", std::string(2 * depth, ' '), name);
    if (!one.cases.empty()) {
      out += case_failures(one.cases, line, depth + 1);
    } else {
      out += line;
      if (one.failure) out += indented_by(failure_text(*one.failure), 2 * depth + 2) + "\n";
    }
  }
  return out;
}

void append_cases(std::string& out, const Cases& cases, std::size_t depth, bool all) {
  for (const auto& [name, one] : cases) {
    if (!one.fail && !all) continue;
    out += fmt::format("{}{}: {}\n", std::string(2 * depth, ' '), name, one.fail ? "FAIL" : "PASS");
    append_cases(out, one.cases, depth + 1, all);
  }
}

void count_cases(const Cases& cases, TestCounts& counts) {
  for (const auto& [name, one] : cases) {
    if (!one.cases.empty()) {
      count_cases(one.cases, counts);
    } else {
      ++(one.fail ? counts.fail : counts.pass);
    }
  }
}

std::string cases_json(const Cases& cases) {
  std::string out = "{";
  for (const auto& [name, one] : cases) {
    if (out.size() > 1) out += ',';
    out += json_string(name) + R"(:{"name":)" + json_string(name);
    if (one.fail) out += R"(,"fail":true)";
    if (!one.cases.empty()) out += R"(,"sub_results":)" + cases_json(one.cases);
    out += '}';
  }
  return out + "}";
}

std::string error_json(const policy::EvalError& error) {
  std::string out = R"({"code":)" + json_string(error.code) + R"(,"message":)" + json_string(error.message);
  if (error.at.row != 0) out += R"(,"location":)" + json_location(error.at);
  return out + "}";
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == '\n' || text.front() == ' ')) text.remove_prefix(1);
  return text;
}

}  // namespace

void TestCounts::add(const TestResult& result) {
  if (result.skip) {
    ++skip;
  } else if (result.error) {
    ++errors;
  } else if (!result.cases.empty()) {
    count_cases(result.cases, *this);
  } else {
    ++(result.fail ? fail : pass);
  }
}

void PrettyTestReport::add(const TestResult& result) {
  counts_.add(result);
  if (result.fail) failures_.push_back(result);
  if (options_.verbose || !result.passed()) {
    std::string out;
    if (!last_file_.empty() && last_file_ != result.at.file) out += "\n";
    last_file_ = result.at.file;
    out += fmt::format("{}:{}:\n{}\n", result.at.file, result.at.row, heading(result));
    std::string cases;
    append_cases(cases, result.cases, 0, options_.verbose);
    out += indented_by(cases, 2);
    if (!result.output.empty())
      out += "\n" + indented_by(std::string(trimmed(result.output)) + "\n", 2) + "\n";
    print(out);
    dirty_ = true;
  }
  if (result.error) print(fmt::format("  {}\n", policy::to_text(*result.error)));
}

void PrettyTestReport::finish() {
  if (counts_.fail > 0 && (options_.verbose || options_.values)) {
    std::string out = kRule + "FAILURES\n" + kRule;
    for (const TestResult& result : failures_) {
      out += heading(result) + "\n";
      if (result.story) out += "\n" + indented_by(story_text(*result.story), 2) + "\n";
      if (result.notes) {
        out += "\n";
        for (const auto& [at, text] : *result.notes) out += fmt::format("  {:<20} Note \"{}\"\n", at, text);
      }
      if (result.failure) out += failure_text(*result.failure);
      if (!result.cases.empty()) out += "\n" + indented_by(case_failures(result.cases, "", 0), 2);
      out += "\n";
    }
    print(out);
  }
  std::string out = dirty_ ? kRule : "";
  const auto line = [&](std::string_view word, std::size_t count) {
    if (count != 0) out += fmt::format("{}: {}/{}\n", word, count, counts_.total());
  };
  line("PASS", counts_.pass);
  line("FAIL", counts_.fail);
  line("SKIPPED", counts_.skip);
  line("ERROR", counts_.errors);
  print(out);
}

std::string to_json(const TestResult& result) {
  std::string out = R"({"location":)" + json_location(result.at) + R"(,"package":)" +
                    json_string(result.package) + R"(,"name":)" + json_string(result.name);
  if (result.fail) out += R"(,"fail":true)";
  if (result.error) out += R"(,"error":)" + error_json(*result.error);
  if (result.skip) out += R"(,"skip":true)";
  out += fmt::format(R"(,"duration":{})", result.duration.count());
  if (result.story) out += R"(,"trace":[)" + policy::to_json(*result.story) + "]";
  if (!result.output.empty()) out += R"(,"output":)" + json_string(policy::go::base64_encode(result.output));
  if (!result.cases.empty()) out += R"(,"sub_results":)" + cases_json(result.cases);
  return out + "}";
}

}  // namespace signalbox::app::cli
