// How `test` reports: text for people, JSON and coverage in OPA's form.
#pragma once

#include <string>
#include <vector>

#include "policy/testing/suite.h"

namespace signalbox::app::cli {

struct TestCounts {
  std::size_t pass = 0, fail = 0, skip = 0, errors = 0;
  std::size_t total() const { return pass + fail + skip + errors; }
  /// Cases count one by one.
  void add(const policy::testing::TestResult& result);
};

/// Prints results as they come, then failures in detail, then the summary. The texts are `opa test`'s.
class PrettyTestReport {
 public:
  struct Options {
    bool verbose = false;
    bool values = false;  ///< the failing expression with its values
  };
  explicit PrettyTestReport(const Options& options) : options_(options) {}

  void add(const policy::testing::TestResult& result);
  void finish();

 private:
  Options options_;
  TestCounts counts_;
  std::vector<policy::testing::TestResult> failures_;
  std::string last_file_;
  bool dirty_ = false;
};

/// One element of `opa test --format json`, compact.
std::string to_json(const policy::testing::TestResult& result);

}  // namespace signalbox::app::cli
