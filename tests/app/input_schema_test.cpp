// What policies may say of the gateway's input: its schema (rules/schema/input.json) is taken at its word.
#include <catch2/catch.hpp>

#include "app/policies/library.h"
#include "policy/engine.h"

using namespace signalbox;

namespace {

/// The first complaint about a policy with this condition; "" when it loads.
std::string complaint(std::string_view package, std::string_view condition) {
  const std::string text =
      "package " + std::string(package) + "\n\nimport rego.v1\n\nholds if " + std::string(condition) + "\n";
  const auto set = policy::PolicySet::load({{"policy.rego", text}}, app::host_vocabulary());
  return set ? "" : set.error().front().message + " | " + set.error().front().hint;
}

}  // namespace

TEST_CASE("a value of several types may be compared with each of them") {
  for (const char* condition :
       {R"(input.query.parameters[_].value == "a")", "input.query.parameters[_].value == 7",
        "input.query.parameters[_].value == true", "input.query.parameters[_].value == null",
        R"(input.query.tables[_].where.id == 1)", R"(input.query.tables[_].where.id == "1")",
        R"(input.query.sets[_].value == "x")", "input.signals.plugin.mine.value > 3",
        "input.signals.plugin.mine.whatever.else"}) {
    INFO(condition);
    CHECK(complaint("policies.p", condition).empty());
  }
  CHECK_FALSE(complaint("policies.p", "input.query.parameters[_].value == [1]").empty());
  CHECK_FALSE(complaint("policies.p", R"(input.query.has_where == "yes")").empty());
}

TEST_CASE("a misspelt fact is an error with a hint") {
  CHECK_THAT(complaint("policies.p", "input.query.tabels"),
             Catch::StartsWith("undefined ref: input.query.tabels"));
  CHECK(complaint("policies.p", "input.query.tabels").find("tables") != std::string::npos);
  CHECK_FALSE(complaint("policies.p.q", "input.sesion.user").empty());
}

TEST_CASE("other packages may be asked with an input of somebody else's") {
  CHECK(complaint("app.authz", R"(input.user == "admin")").empty());
  CHECK(complaint("policiesandmore", "input.user").empty());
}
