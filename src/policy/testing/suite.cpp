// Running tests: a query each. A case that fails is not in the result of its rule, so cases are found by
// asking the rule's body which names it gets to.
#include "policy/testing/suite.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "policy/testing/name_pattern.h"
#include "policy/trace/quotes.h"
#include "policy/value/json.h"
#include "policy/vm/program.h"

namespace signalbox::policy::testing {
namespace {

using Clock = std::chrono::steady_clock;

/// The value of a case: true passes; an object holds further cases; anything else fails.
CaseResult case_of(const Value& value) {
  CaseResult out;
  if (!value.is_object()) {
    out.fail = !value.is_true();
    return out;
  }
  for (const Pair& pair : value.as_object()) {
    const std::string name = pair.key.is_string() ? std::string(pair.key.as_string()) : to_json(pair.key);
    CaseResult below = case_of(pair.value);
    out.fail = out.fail || below.fail;
    out.cases.emplace(name, std::move(below));
  }
  return out;
}

/// The case of these names; made, as failed, when the result does not have it.
CaseResult& case_named(std::map<std::string, CaseResult>& cases, std::span<const std::string> names,
                       bool& missing) {
  const auto [it, made] = cases.try_emplace(names.front());
  if (made) {
    it->second.fail = true;
    missing = true;
  }
  if (names.size() == 1) return it->second;
  CaseResult& found = case_named(it->second.cases, names.subspan(1), missing);
  it->second.fail = it->second.fail || found.fail;
  return found;
}

}  // namespace

std::expected<Suite, Diagnostics> Suite::load(std::vector<SourceFile> files, const Vocabulary& vocabulary,
                                              LoadOptions loading, SuiteOptions options) {
  Suite out;
  const auto wanted = NamePattern::read(options.run);
  if (!wanted) return std::unexpected(wanted.error());
  loading.keep_prints = true;
  loading.adapt = [&out](std::vector<ast::Module>& modules) { out.tests_ = find_tests(modules); };
  auto set = PolicySet::load(files, vocabulary, loading);
  if (!set) return std::unexpected(std::move(set.error()));
  out.set_ = std::move(*set);
  if (options.coverage) {
    loading.adapt = {};
    auto watched = CoverageProgram::load(files, vocabulary, loading, options.coverage_kinds);
    if (!watched) return std::unexpected(std::move(watched.error()));
    out.coverage_ = std::move(*watched);
  }
  std::erase_if(out.tests_, [&](const TestRule& test) { return !wanted->matches(test.package, test.name); });
  out.options_ = std::move(options);
  return out;
}

void Suite::run_cases(const TestRule& test, const Value& result, TestResult& out) const {
  CaseResult whole = case_of(result);
  out.fail = whole.fail;
  out.cases = std::move(whole.cases);
  FailureFinder finder(*set_, test, options_.limits);
  for (const TestCase& one : finder.cases()) {
    if (one.names.empty()) continue;
    bool missing = false;
    CaseResult& found = case_named(out.cases, one.names, missing);
    out.fail = out.fail || found.fail;
    if (missing && options_.failures) found.failure = finder.find(one.condition);
  }
}

TestResult Suite::run_one(const TestRule& test, Reached& reached) const {
  TestResult out;
  out.at = ast::position(*test.source, test.rule.span);
  out.package = test.package;
  out.name = test.name;
  out.skip = test.todo;
  if (test.todo) return out;
  const JsonInput input({}, set_->input_paths());
  const NoteSink prints = [&](std::string_view, std::string_view line) {
    out.output += std::string(line) + "\n";
  };
  QueryOptions asking;
  asking.notes = &prints;
  Evaluator evaluator;
  const auto begin = Clock::now();
  const auto query = set_->prepare(test.query);
  if (!query) {
    const Diagnostic& d = query.error().front();
    out.error = EvalError{d.code, d.message, d.at};
    return out;
  }
  const auto value = evaluator.value(**query, input, options_.limits, asking);
  out.duration = Clock::now() - begin;
  if (!value) {
    out.error = value.error();
  } else if (!test.cases.empty()) {
    run_cases(test, *value, out);
  } else {
    out.fail = !value->is_true();
    if (out.fail && options_.failures) out.failure = FailureFinder(*set_, test, options_.limits).find();
  }
  asking.notes = nullptr;
  if (coverage_) coverage_->watch(test.query, {}, {}, options_.limits, evaluator, reached);
  if (out.fail && options_.notes) {
    out.notes.emplace();
    const NoteSink traces = [&](std::string_view at, std::string_view line) {
      out.notes->emplace_back(at, line);
    };
    asking.traces = &traces;
    (void)evaluator.value(**query, input, options_.limits, asking);
    asking.traces = nullptr;
  }
  if (out.fail && options_.stories) {
    Story story(set_->program(), Story::Rules::Every);
    asking.tracer = &story;
    (void)evaluator.value(**query, input, options_.limits, asking);
    out.story = story.root();
    quote(*out.story, set_->modules());
  }
  return out;
}

void Suite::run(const std::function<void(const TestResult&)>& report) {
  std::vector<std::optional<TestResult>> results(tests_.size());
  std::atomic<std::size_t> next = 0;
  std::mutex lock;
  std::condition_variable ready;
  const auto work = [&] {
    Reached own;
    for (std::size_t i; (i = next.fetch_add(1)) < tests_.size();) {
      TestResult result = run_one(tests_[i], own);
      std::lock_guard hold(lock);
      results[i] = std::move(result);
      ready.notify_one();
    }
    std::lock_guard hold(lock);
    reached_.add(own);
  };
  std::vector<std::jthread> threads;
  const std::size_t count = std::min(std::max<std::size_t>(options_.parallel, 1), tests_.size());
  for (std::size_t i = 0; i < count; ++i) threads.emplace_back(work);
  for (auto& result : results) {
    std::unique_lock hold(lock);
    ready.wait(hold, [&] { return result.has_value(); });
    hold.unlock();
    report(*result);
    hold.lock();
    result.reset();
  }
}

CoverageReport Suite::coverage() const {
  return coverage_ ? coverage_->report(reached_) : CoverageReport();
}

}  // namespace signalbox::policy::testing
