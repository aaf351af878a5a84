// Suite: the tests of a set of files, and their results.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/engine.h"
#include "policy/testing/discover.h"
#include "policy/testing/failure.h"
#include "policy/trace/coverage_program.h"
#include "policy/trace/story.h"

namespace signalbox::policy::testing {

/// A case of a test, and cases within it.
struct CaseResult {
  bool fail = false;
  std::optional<Failure> failure;
  std::map<std::string, CaseResult> cases;
};

struct TestResult {
  SourcePosition at;
  std::string package, name;
  bool fail = false, skip = false;
  std::optional<EvalError> error;
  std::chrono::nanoseconds duration{0};
  std::string output;  ///< what print() said
  std::map<std::string, CaseResult> cases;
  std::optional<Failure> failure;  ///< of a failed test without cases, when asked for
  std::optional<StoryNode> story;  ///< when asked for
  std::optional<std::vector<std::pair<std::string, std::string>>>
      notes;  ///< of trace(), by place; when asked for

  bool passed() const { return !fail && !skip && !error; }
};

struct SuiteOptions {
  std::string run;  ///< regular expression (RE2) of "data.package.test_name"; empty = all
  std::size_t parallel = 1;
  Limits limits;
  bool failures = false;  ///< find where failed tests stop
  bool stories = false;   ///< tell how failed tests came about
  bool notes = false;     ///< tell what trace() said in failed tests
  bool coverage = false;
  CoverageKinds coverage_kinds;
};

class Suite {
 public:
  /// The pattern of `options.run` must be valid: an error otherwise.
  static std::expected<Suite, Diagnostics> load(std::vector<SourceFile> files, const Vocabulary& vocabulary,
                                                LoadOptions loading, SuiteOptions options);

  /// Runs every test. `report` is called for each in the order of the files, from this thread.
  void run(const std::function<void(const TestResult&)>& report);
  CoverageReport coverage() const;
  const PolicySet& set() const { return *set_; }
  const std::vector<TestRule>& tests() const { return tests_; }

 private:
  TestResult run_one(const TestRule& test, Reached& reached) const;
  void run_cases(const TestRule& test, const Value& result, TestResult& out) const;

  SuiteOptions options_;
  std::shared_ptr<const PolicySet> set_;
  std::vector<TestRule> tests_;
  std::optional<CoverageProgram> coverage_;
  Reached reached_;
};

}  // namespace signalbox::policy::testing
