// Named schemas, as `opa check -s` takes them, and what queries know of the types of rules. What is expected
// was answered by OPA 1.20.2 (`opa check -s schemas`, `opa eval -s schemas/input.json`).
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "policy/engine.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

const std::string kUser =
    R"({"type": "object", "properties": {"user": {"type": "string"}, "n": {"type": "integer"}}})";
const std::string kAcl =
    R"({"type": "object", "properties": {"alice": {"type": "array", "items": {"type": "string"}}}})";

LoadOptions with_schemas(std::vector<SourceFile> schemas) {
  LoadOptions out;
  out.schemas = std::move(schemas);
  return out;
}

LoadOptions directory() {
  return with_schemas({{"acl-schema.json", kAcl},
                       {"input.json", kUser},
                       {"sub/deep.yaml", "type: object\nproperties: {x: {type: number}}\n"}});
}

/// "file:row:col message", one a complaint.
std::vector<std::string> complaints(const Diagnostics& errors) {
  std::vector<std::string> out;
  for (const Diagnostic& d : errors) {
    CHECK(d.code == "rego_type_error");
    out.push_back(fmt::format("{}:{}:{} {}", d.at.file, d.at.row, d.at.col, d.message));
  }
  return out;
}

std::vector<std::string> load(std::vector<SourceFile> files, const LoadOptions& options) {
  const auto set = PolicySet::load(std::move(files), {}, options);
  return set ? std::vector<std::string>() : complaints(set.error());
}

const char* const kAnnotated = R"(package acl

import data.acl

# METADATA
# scope: rule
# schemas:
#   - input: schema.input
#   - data.acl: schema["acl-schema"]
allow if {
	access := data.acl.alice
	input.usr == "x"
}

# METADATA
# scope: document
# schemas:
#   - input: schema.sub.deep
p if input.x == "a"

p if input.y == 1

q if input.nothing.checked == 1

# METADATA
# scope: rule
# schemas:
#   - input: schema.nope
r if input.z
)";

}  // namespace

TEST_CASE("annotations name schemas", "[schemas]") {
  CHECK(load({{"a.rego", kAnnotated}}, directory()) ==
        std::vector<std::string>{"a.rego:12:2 undefined ref: input.usr", "a.rego:19:6 match error",
                                 "a.rego:21:6 undefined ref: input.y",
                                 "a.rego:29:1 undefined schema: schema.nope"});
  CHECK(load({{"a.rego", kAnnotated}}, {}).empty());
}

TEST_CASE("a package's schemas hold in the packages below, in every file", "[schemas]") {
  const char* const top =
      "# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema.input\npackage top\n";
  const char* const sub = R"(package top.sub

x if input.user == 1

y if input.who == 1

z if data.other.y.foo == 1

w if startswith(input.n, "a")
)";
  CHECK(load({{"b.rego", top}, {"c.rego", sub}}, directory()) ==
        std::vector<std::string>{"c.rego:3:6 match error", "c.rego:5:6 undefined ref: input.who",
                                 "c.rego:9:6 startswith: invalid argument(s)"});
}

TEST_CASE("one schema alone is the schema of input", "[schemas]") {
  const char* const rules = "package whole\n\nx if input.user == 1\n\ny if input.who == 1\n";
  CHECK(load({{"d.rego", rules}}, with_schemas({{"", kUser}})) ==
        std::vector<std::string>{"d.rego:3:6 match error", "d.rego:5:6 undefined ref: input.who"});
  CHECK(load({{"d.rego", rules}}, directory()).empty());
}

TEST_CASE("a schema that is none is an error of the load", "[schemas]") {
  const auto set = PolicySet::load({{"d.rego", "package whole\nx := 1\n"}}, {}, with_schemas({{"", "{"}}));
  REQUIRE_FALSE(set);
  CHECK(set.error().front().code == "rego_type_error");
  CHECK(set.error().front().message.starts_with("unable to parse the schema"));
}

TEST_CASE("queries are checked against the types of rules and of input", "[schemas]") {
  const auto set = PolicySet::load({{"e.rego", "package whole\nf(x) := x.user\nk := 1\ns contains \"a\"\n"}},
                                   {}, with_schemas({{"", kUser}}));
  REQUIRE(set);
  const auto refusal = [&](std::string_view query) {
    const auto prepared = (*set)->prepare(query);
    return prepared ? std::string() : prepared.error().front().code + ": " + prepared.error().front().message;
  };
  CHECK(refusal("input.usr") == "rego_type_error: undefined ref: input.usr");
  CHECK(refusal("input.user = 1") == "rego_type_error: match error");
  CHECK(refusal("input.n = x").empty());
  CHECK(refusal("data.whole.nothing").empty());
  CHECK(refusal("data.whole.f = x") ==
        "rego_type_error: function data.whole.f used as reference, not called");
  CHECK(refusal("data.whole.f({\"user\": 1}) = x").empty());
  CHECK(refusal("startswith(data.whole.k, \"x\")") == "rego_type_error: startswith: invalid argument(s)");
  CHECK(refusal("data.whole.k.x") == "rego_type_error: undefined ref: data.whole.k.x");
  CHECK(refusal("data.whole.k == \"a\"").empty());
  CHECK(refusal("data.whole.s[1]") == "rego_type_error: undefined ref: data.whole.s[1]");
}
