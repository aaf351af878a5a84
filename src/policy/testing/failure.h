// Failure: the expression of a test that did not hold, and the values that it had.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/engine.h"
#include "policy/testing/discover.h"

namespace signalbox::policy::testing {

/// A variable, reference or call in the failing expression.
struct FailureValue {
  std::string text;   ///< as written
  std::string value;  ///< as Rego; "undefined"
  std::uint32_t row = 0, col = 0;
};

struct Failure {
  SourcePosition at;
  std::string expression;  ///< as written, without what stands before it on its line
  std::string indent;      ///< what does stand before it: blanks and tabs
  std::vector<FailureValue> values;
};

/// One case of a test with cases.
struct TestCase {
  std::vector<std::string> names;  ///< a path: most tests have one name a case
  std::string condition;           ///< Rego that holds for this case only
};

/// Asks a test's body, expression by expression, where it stops. Works on what was written: each question is
/// a query in the test's own package with its imports, so it needs nothing of the compiler.
class FailureFinder {
 public:
  FailureFinder(const PolicySet& set, const TestRule& test, const Limits& limits);

  /// All cases that the body gets to, sorted by their names.
  std::vector<TestCase> cases();
  /// Where the body stops; with a case's condition, where that case does. Nothing when the whole body holds.
  std::optional<Failure> find(const std::string& condition = {});

 private:
  std::string prefix(std::size_t length, const std::string& condition) const;
  std::optional<std::string> answer(const std::string& query, std::string_view variable);
  bool holds(const std::string& query);
  Failure describe(std::size_t expression, const std::string& before);

  const PolicySet& set_;
  const TestRule& test_;
  Limits limits_;
  QueryContext context_;
  std::vector<std::string> body_;  ///< the expressions, as written
  std::size_t named_after_ = 0;    ///< how many expressions bind what names a case
  Evaluator evaluator_;
};

/// The expression with its values below, as `opa test --var-values` draws them.
std::string to_text(const Failure& failure);

}  // namespace signalbox::policy::testing
