// A test's `data` is laid over the merged base documents, and the policies are loaded anew with the result,
// since what is known at load time decides which rules are asked at all. Tests with the same data share a
// set.
#include "app/policies/event_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "admin/rehearsal.h"
#include "app/policies/library.h"
#include "policy/data/base_document.h"
#include "policy/testing/name_pattern.h"
#include "policy/value/json.h"

namespace signalbox::app {
namespace {

using Json = nlohmann::ordered_json;
using policy::testing::TestResult;

std::string package_of(const EventTest& test) {
  if (!test.scene.policy.empty()) return test.scene.policy;
  std::string stem = std::filesystem::path(test.at.file).filename().string();
  return stem.substr(0, stem.find(".test."));
}

/// The base documents with `over` laid over them, as one file.
std::expected<std::vector<policy::SourceFile>, Diagnostics> with_data(std::vector<policy::SourceFile> files,
                                                                      const Json& over) {
  policy::Arena arena;
  Diagnostics errors;
  const policy::Value whole = policy::merge_base_documents(arena, policy::data_files_of(files), errors);
  if (has_errors(errors)) return std::unexpected(std::move(errors));
  Json merged = whole.is_object() ? Json::parse(policy::to_json(whole)) : Json::object();
  merged.merge_patch(over);
  std::erase_if(files, [](const policy::SourceFile& file) { return policy::is_data_file(file.path); });
  files.push_back({"data.json", merged.dump(), {}});
  return files;
}

/// What was asked for on one statement or the other, as {action, policy, rule?, parameters with priority,
/// final and shadow}; each once.
std::vector<Json> requests_of(const Json& answer) {
  std::vector<Json> out;
  for (const auto& take : answer["statements"]) {
    for (const auto& request : take["decision"].value("requests", Json::array())) {
      Json one = {{"action", request["action"]},
                  {"policy", request.value("policy", "")},
                  {"rule", request.value("rule", "")},
                  {"parameters", request.value("parameters", Json::object())}};
      for (const char* extra : {"priority", "final", "shadow"}) {
        if (request.contains(extra)) one["parameters"][extra] = request[extra];
      }
      if (std::ranges::find(out, one) == out.end()) out.push_back(std::move(one));
    }
  }
  return out;
}

bool fits(const Json& request, const ExpectedAction& expected, const policy::Vocabulary& vocabulary) {
  const std::string written = request["action"];
  const bool named =
      written == expected.name || std::ranges::any_of(vocabulary.actions, [&](const auto& one) {
        return one.name == expected.name && std::ranges::find(one.aliases, written) != one.aliases.end();
      });
  return named && std::ranges::all_of(expected.parameters.items(), [&](const auto& parameter) {
           const Json& given = request["parameters"];
           return given.contains(parameter.key()) ? given[parameter.key()] == parameter.value()
                                                  : parameter.value() == false;
         });
}

std::string line_of_request(const Json& request) {
  return fmt::format("{} {} ({}: {})", request["action"].get<std::string>(), request["parameters"].dump(),
                     request["policy"].get<std::string>(), request["rule"].get<std::string>());
}

std::string action_differences(std::vector<Json> left, const std::vector<ExpectedAction>& expected,
                               const policy::Vocabulary& vocabulary) {
  std::string out;
  for (const ExpectedAction& one : expected) {
    const auto at =
        std::ranges::find_if(left, [&](const Json& request) { return fits(request, one, vocabulary); });
    if (at == left.end()) {
      out += fmt::format("no rule asks for {} {}\n", one.name, one.parameters.dump());
    } else {
      left.erase(at);
    }
  }
  for (const Json& request : left) out += fmt::format("not expected: {}\n", line_of_request(request));
  return out;
}

/// What is not as it should be, a line each; "" when all is.
std::string differences(const Json& answer, const Expectation& expect, const policy::Vocabulary& vocabulary) {
  const Json& decision = answer["decision"];
  const Json& plan = decision["plan"];
  std::string out;
  const std::vector<Json> requests = requests_of(answer);
  if (const std::string verdict = plan.value("verdict", "");
      !expect.verdict.empty() && verdict != expect.verdict) {
    out += fmt::format("the verdict is {} ({}), not {}\n", verdict, plan.value("reason", ""), expect.verdict);
    for (const Json& request : requests) out += fmt::format("  asked for: {}\n", line_of_request(request));
  }
  if (expect.message) {
    std::string message;
    if (plan.contains("decided_by")) {
      const Json& by = decision["requests"][plan["decided_by"].get<std::size_t>()];
      message = by.value("parameters", Json::object()).value("message", "");
    }
    if (message != *expect.message)
      out += fmt::format("the message is \"{}\", not \"{}\"\n", message, *expect.message);
  }
  if (expect.actions) out += action_differences(requests, *expect.actions, vocabulary);
  return out;
}

TestResult run_one(const EventTest& test, const std::shared_ptr<const policy::PolicySet>& set,
                   const policy::Vocabulary& vocabulary) {
  TestResult out;
  out.at = test.at;
  out.package = package_of(test);
  out.name = test.name;
  out.skip = test.todo;
  if (test.todo) return out;
  policy::Evaluator evaluator;
  const auto begin = std::chrono::steady_clock::now();
  const auto said = admin::rehearse(set, evaluator, {}, SystemClock(), test.scene);
  out.duration = std::chrono::steady_clock::now() - begin;
  const Json answer = Json::parse(said ? *said : "{}");
  if (!said) out.error = policy::EvalError{"", said.error().message, test.at};
  for (const auto& take : answer["statements"]) {
    if (out.error || !take["decision"].contains("error")) continue;
    const Json& error = take["decision"]["error"];
    out.error = policy::EvalError{error.value("code", ""), error.value("message", ""), test.at};
  }
  out.output = differences(answer, test.expect, vocabulary);
  out.fail = !out.error && !out.output.empty();
  return out;
}

}  // namespace

std::expected<EventSuite, Diagnostics> EventSuite::load(std::vector<policy::SourceFile> files,
                                                        const std::vector<std::filesystem::path>& tests,
                                                        const std::string& run) {
  EventSuite out;
  std::erase_if(files, [](const policy::SourceFile& file) { return file.path.ends_with("_test.rego"); });
  out.files_ = std::move(files);
  const auto wanted = policy::testing::NamePattern::read(run);
  if (!wanted) return std::unexpected(wanted.error());
  const policy::Vocabulary vocabulary = host_vocabulary();
  Diagnostics errors;
  for (const auto& path : tests) {
    auto read = read_event_tests(path, vocabulary);
    if (!read) {
      std::ranges::move(read.error(), std::back_inserter(errors));
      continue;
    }
    for (EventTest& test : *read) {
      if (wanted->matches(package_of(test), test.name)) out.tests_.push_back(std::move(test));
    }
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return out;
}

std::expected<EventSuite::Set, Diagnostics> EventSuite::set_with(const Json& data) {
  const std::string key = data.dump();
  if (const auto at = sets_.find(key); at != sets_.end()) return at->second;
  auto files = data.is_null() ? std::expected<std::vector<policy::SourceFile>, Diagnostics>(files_)
                              : with_data(files_, data);
  if (!files) return std::unexpected(std::move(files.error()));
  auto set = policy::PolicySet::load(std::move(*files), host_vocabulary());
  if (!set) return std::unexpected(std::move(set.error()));
  return sets_.emplace(key, std::move(*set)).first->second;
}

std::expected<void, Diagnostics> EventSuite::run(const std::function<void(const TestResult&)>& report) {
  const policy::Vocabulary vocabulary = host_vocabulary();
  for (const EventTest& test : tests_) {
    const auto set = set_with(test.data);
    if (!set) return std::unexpected(set.error());
    const auto asked = [&](const policy::RuleReads& rule) { return rule.policy == test.scene.policy; };
    if (!test.scene.policy.empty() && std::ranges::none_of((*set)->rule_reads(), asked)) {
      return std::unexpected(Diagnostics{{Severity::Error,
                                          "policy_test_error",
                                          fmt::format("there is no policy \"{}\"", test.scene.policy),
                                          test.at,
                                          {},
                                          "run the tests with the directory that the gateway loads"}});
    }
    report(run_one(test, *set, vocabulary));
  }
  return {};
}

}  // namespace signalbox::app
