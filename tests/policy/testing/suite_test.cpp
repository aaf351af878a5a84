// Suites: discovery, outcomes, cases, output, and where failures stop. The expectations are `opa test`'s.
#include "policy/testing/suite.h"

#include <catch2/catch.hpp>
#include <map>

using namespace signalbox;
using namespace signalbox::policy;
using namespace signalbox::policy::testing;

namespace {

constexpr std::string_view kPolicy = R"(package app

default allow := false

allow if {
	some x in input.xs
	x > 3
}

names := {"a", "b"}
)";

constexpr std::string_view kTests = R"(package app_test

import data.app

test_ok if app.allow with input as {"xs": [5]}

test_bad if {
	y := 7
	print("hello", y)
	app.names == {"a"}
	count(app.names) == y
}

test_sum if {
	z := 2
	some q in [1, 2]
	q == z
	count(app.names) == z + q
}

todo_test_later if false

test_case[tc.note] if {
	some tc in [{"note": "one", "n": 1}, {"note": "two", "n": 2}]
	tc.n == 1
}

test_ok if app.names.c

test_value := 1
)";

std::map<std::string, TestResult> run(std::string_view tests, SuiteOptions options = {}) {
  options.failures = true;
  auto suite = Suite::load({{"app.rego", std::string(kPolicy)}, {"app_test.rego", std::string(tests)}}, {},
                           {}, std::move(options));
  INFO((suite ? "" : to_text(suite.error())));
  REQUIRE(suite);
  std::map<std::string, TestResult> out;
  suite->run([&](const TestResult& result) { out.emplace(result.name, result); });
  return out;
}

}  // namespace

TEST_CASE("tests pass, fail, are still to be written, and have cases") {
  const auto results = run(kTests);
  REQUIRE(results.size() == 7);
  CHECK(results.at("test_ok").passed());
  CHECK(results.at("test_ok").package == "data.app_test");
  CHECK(results.at("test_ok").at.row == 5);
  CHECK(results.at("test_bad").fail);
  CHECK(results.at("test_bad").output == "hello 7\n");
  CHECK(results.at("todo_test_later").skip);
  CHECK(results.at("test_value").fail);
  // A second rule of the name is a test of its own.
  CHECK(results.at("test_ok#01").fail);
  const TestResult& cases = results.at("test_case");
  CHECK(cases.fail);
  REQUIRE(cases.cases.size() == 2);
  CHECK_FALSE(cases.cases.at("one").fail);
  CHECK(cases.cases.at("two").fail);
}

TEST_CASE("a failure names the expression and its values") {
  const auto results = run(kTests);
  REQUIRE(results.at("test_bad").failure);
  CHECK(results.at("test_bad").failure->at.row == 10);
  CHECK(to_text(*results.at("test_bad").failure) == "\tapp.names == {\"a\"}\n\t|\n\t{\"a\", \"b\"}\n");
  REQUIRE(results.at("test_sum").failure);
  CHECK(to_text(*results.at("test_sum").failure) ==
        "\tcount(app.names) == z + q\n"
        "\t|     |             |   |\n"
        "\t|     |             |   2\n"
        "\t|     |             z + q: 4\n"
        "\t|     |             z: 2\n"
        "\t|     {\"a\", \"b\"}\n"
        "\t2\n");
  REQUIRE(results.at("test_case").cases.at("two").failure);
  CHECK(to_text(*results.at("test_case").cases.at("two").failure) ==
        "\ttc.n == 1\n"
        "\t|\n"
        "\ttc.n: 2\n"
        "\ttc: {\"n\": 2, \"note\": \"two\"}\n");
}

TEST_CASE("tests are chosen by a pattern of their full names") {
  SuiteOptions options;
  options.run = "app_test.test_(ok|sum)$";
  CHECK(run(kTests, options).size() == 2);
  options.run = "(";
  CHECK_FALSE(Suite::load({}, {}, {}, options));
}

TEST_CASE("parallel runs give the same results") {
  SuiteOptions options;
  options.parallel = 8;
  const auto one = run(kTests), eight = run(kTests, options);
  REQUIRE(one.size() == eight.size());
  for (const auto& [name, result] : one) {
    CHECK(eight.at(name).fail == result.fail);
    CHECK(eight.at(name).output == result.output);
  }
}

TEST_CASE("coverage counts expressions and heads that tests reach") {
  SuiteOptions options;
  options.coverage = true;
  auto suite = Suite::load({{"app.rego", std::string(kPolicy)},
                            {"app_test.rego",
                             "package app_test\n\nimport data.app\n\n"
                             "test_ok if app.allow with input as {\"xs\": [5]}\n"}},
                           {}, {}, options);
  REQUIRE(suite);
  suite->run([](const TestResult&) {});
  const CoverageReport report = suite->coverage();
  const FileCoverage& app = report.files.at("app.rego");
  // As `opa test --coverage` reports the same two files.
  CHECK(app.covered_lines == 3);
  CHECK(app.not_covered_lines == 2);
  REQUIRE(app.covered.size() == 3);
  CHECK(app.covered[0].row == 5);
  CHECK(app.covered[0].end_col == 6);
  CHECK(app.covered[2].row == 7);
  CHECK(app.covered[2].end_col == 7);
}
