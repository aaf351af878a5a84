// Running tests of policies that are written as events (event_test_file.h): each is rehearsed, with the facts
// that the gateway would compute, against the policies as the gateway would load them.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/policies/event_test_file.h"
#include "policy/engine.h"
#include "policy/testing/suite.h"

namespace signalbox::app {

class EventSuite {
 public:
  /// `files` are the policies and documents; `run` a regular expression (RE2) of "POLICY.NAME", where POLICY
  /// is the file's name when it names none. Tests may name only policies that there are.
  static std::expected<EventSuite, Diagnostics> load(std::vector<policy::SourceFile> files,
                                                     const std::vector<std::filesystem::path>& tests,
                                                     const std::string& run);

  bool empty() const { return tests_.empty(); }
  /// In the order of the files. What differs is in the result's `output`.
  std::expected<void, Diagnostics> run(const std::function<void(const policy::testing::TestResult&)>& report);

 private:
  using Set = std::shared_ptr<const policy::PolicySet>;
  std::expected<Set, Diagnostics> set_with(const nlohmann::ordered_json& data);

  std::vector<policy::SourceFile> files_;
  std::vector<EventTest> tests_;
  std::map<std::string, Set> sets_;  // by what is laid over the documents
};

}  // namespace signalbox::app
