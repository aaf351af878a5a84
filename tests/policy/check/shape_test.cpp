// Shapes: rules that differ in constants alone are type checked once, and no mistake goes unseen for it.
#include "policy/check/shape.h"

#include <catch2/catch.hpp>

#include "policy/engine.h"
#include "policy/syntax/parsing.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

std::optional<std::string> shape(const std::string& rule) {
  const auto module = ast::parse_module(ast::make_source("p.rego", "package p\n\nimport rego.v1\n\n" + rule));
  REQUIRE(module);
  return check::shape_of(*module, module->rules.front());
}

bool alike(const std::string& one, const std::string& other) {
  const auto left = shape(one), right = shape(other);
  return left && left == right;
}

/// "row: message" of each complaint.
std::vector<std::string> complaints(const std::string& rules) {
  const auto loaded = PolicySet::load({{"p.rego", "package p\n\nimport rego.v1\n\n" + rules}}, {}, {});
  std::vector<std::string> out;
  if (loaded) return out;
  for (const Diagnostic& error : loaded.error())
    out.push_back(std::to_string(error.at.row) + ": " + error.message);
  return out;
}

}  // namespace

TEST_CASE("constants and names of variables do not tell rules apart") {
  CHECK(alike("a contains 1 if input.x == \"u\"", "a contains 2 if input.x == \"v\""));
  CHECK(alike("a contains {\"k\": \"x\"} if { y := input.x; y > 1 }",
              "a contains {\"k\": \"z\"} if { z := input.x; z > 7 }"));
  CHECK(alike("a if input.x in {\"u\", \"v\"}", "a if input.x in {\"w\", \"x\"}"));
}

TEST_CASE("what types depend on does") {
  CHECK_FALSE(alike("a contains 1 if input.x", "a contains \"1\" if input.x"));
  CHECK_FALSE(alike("a contains 1 if input.x", "a contains 1 if input.y"));
  CHECK_FALSE(alike("a contains 1 if input.x[0]", "a contains 1 if input.x[1]"));
  CHECK_FALSE(alike("a contains 1 if input.x", "b contains 1 if input.x"));
  CHECK_FALSE(alike("a contains {\"k\": 1}", "a contains {\"l\": 1}"));
  CHECK_FALSE(alike("a if count(input.x) == 1", "a if sum(input.x) == 1"));
  CHECK_FALSE(alike("a if { some x, y; input[x][y] }", "a if { some x; input[x][x] }"));
  CHECK_FALSE(alike("a if not input.x == 1", "a if input.x == 1"));
  CHECK_FALSE(alike("a := 1 if input.x", "a := [1] if input.x"));
  CHECK_FALSE(alike("a if [x | x := 1] == input.x", "a if {x | x := 1} == input.x"));
}

TEST_CASE("some rules have none") {
  CHECK_FALSE(shape("f(x) := x"));
  CHECK_FALSE(shape("a := 1 if input.x else := 2"));
  CHECK_FALSE(shape("a if input.x with input as 1"));
}

TEST_CASE("each rule with a mistake is told, however many are alike") {
  CHECK(
      complaints("a contains 1 if startswith(input.x, \"u\")\n\na contains 2 if startswith(input.x, \"v\")\n")
          .empty());
  CHECK(complaints("a contains 1 if startswith(1, \"u\")\n\na contains 2 if startswith(2, \"v\")\n") ==
        std::vector<std::string>{"5: startswith: invalid argument(s)", "7: startswith: invalid argument(s)"});
  // A good rule does not speak for one of another shape, and both types are those of the document.
  CHECK(complaints("a contains 1 if input.x\n\na contains 2 if input.x\n\na contains \"x\" if input.x\n\n"
                   "b if { some e in a; e == \"x\" }\n\nc if { some e in a; e == true }\n") ==
        std::vector<std::string>{"13: match error"});
}
