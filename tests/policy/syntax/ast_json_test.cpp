// The syntax tree as JSON against what `opa parse --format json` prints, with and without places.
#include "policy/syntax/ast_json.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "policy/syntax/parsing.h"

namespace signalbox::policy::ast {
namespace {

std::string read(const std::string& name) {
  std::ifstream in(std::string(SIGNALBOX_SOURCE_DIR) + "/tests/policy/syntax/ast_json/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string first_difference(const std::string& got, const std::string& want) {
  std::istringstream a(got), b(want);
  std::string left, right;
  for (int line = 1; std::getline(b, right); ++line)
    if (!std::getline(a, left) || left != right)
      return "line " + std::to_string(line) + ": got " + left + ", want " + right;
  return got == want ? "" : "longer than expected";
}

}  // namespace

TEST_CASE("the tree prints as OPA prints it", "[syntax][ast_json]") {
  auto module = parse_module(make_source("all_nodes.rego", read("all_nodes.rego")));
  REQUIRE(module);
  CHECK(first_difference(indent_json(to_ast_json(*module)) + "\n", read("all_nodes.json")) == "");
  const AstJsonOptions with_places{.comments = true, .locations = true};
  CHECK(first_difference(indent_json(to_ast_json(*module, with_places)) + "\n",
                         read("all_nodes.locations.json")) == "");
}

TEST_CASE("JSON is laid out as Go lays it out", "[syntax][ast_json]") {
  CHECK(indent_json(R"({"a":[],"b":{},"c":["]",{"d\"{":1}]})") ==
        "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    \"]\",\n    {\n      \"d\\\"{\": 1\n    }\n  ]\n}");
}

}  // namespace signalbox::policy::ast
