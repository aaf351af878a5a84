// Queries asked in the context of a package and imports (`opa eval --package --import`).
#include <catch2/catch.hpp>

#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

std::shared_ptr<const PolicySet> policies() {
  auto set = PolicySet::load({{"a.rego", "package app.users\n\nnames := [\"ann\"]\n"}}, {});
  REQUIRE(set);
  return *set;
}

std::string ask(const std::shared_ptr<const PolicySet>& set, std::string_view text,
                const QueryContext& context) {
  const auto query = set->prepare(text, context);
  if (!query) return query.error().front().code;
  Evaluator evaluator;
  const auto value = evaluator.value(**query, JsonInput({}, set->input_paths()), {});
  REQUIRE(value);
  return *value ? to_json(*value) : "undefined";
}

}  // namespace

TEST_CASE("names in a query are those of its package") {
  const auto set = policies();
  CHECK(ask(set, "names", {"app.users", {}, ""}) == R"(["ann"])");
  CHECK(ask(set, "names", {"data.app.users", {}, ""}) == R"(["ann"])");
  CHECK(ask(set, "names", {"app", {}, ""}) == "rego_unsafe_var_error");
  CHECK(ask(set, "names", {}) == "rego_unsafe_var_error");
}

TEST_CASE("imports name documents, and turn words into keywords") {
  const auto set = policies();
  CHECK(ask(set, "users.names", {{}, {"data.app.users"}, ""}) == R"(["ann"])");
  CHECK(ask(set, "u.names", {{}, {"data.app.users as u"}, ""}) == R"(["ann"])");
  CHECK(ask(set, "1", {{}, {"not an import"}, ""}) == "rego_parse_error");
}

TEST_CASE("a query's expressions are told as they were written") {
  const auto query = policies()->prepare("x := 1;  x   == 1");
  REQUIRE(query);
  REQUIRE((*query)->expressions().size() == 2);
  CHECK((*query)->expressions()[0].text == "x := 1");
  CHECK((*query)->expressions()[1].text == "x   == 1");
  CHECK((*query)->expressions()[1].at.col == 10);
}
