// Discovery: which rules are tests. A test is a rule whose name begins with `test_`; `todo_test_` is one to
// be written. `test_x[case]` is a test of several cases, each with a name of its own.
#pragma once

#include <string>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy::testing {

struct TestRule {
  ast::SourcePtr source;
  std::string package;             ///< "data.app_test"
  std::string name;                ///< "test_x", "group.test_x", "test_x#01"
  std::string query;               ///< what gives its result: data.app_test.test_x
  std::vector<std::string> cases;  ///< the terms that name a case, as Rego; empty: a test without cases
  bool todo = false;
  ast::Rule rule;                    ///< as it was parsed
  std::vector<std::string> imports;  ///< of its module: "data.app as a"
};

/// All tests in the order of the modules. Rules of one name that are tests each get a name of their own, as
/// `test_x#01`, so that one cannot hide another's failure.
std::vector<TestRule> find_tests(std::vector<ast::Module>& modules);

}  // namespace signalbox::policy::testing
