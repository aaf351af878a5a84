// Partial evaluation keeps the meaning: for every input, some body of the answer holds (with the policies and
// the support modules) exactly when the query does. Inlined, with support rules only, and with inlining
// turned off for one document.
#include "policy/partial/partial.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "policy/syntax/print.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

const char* const kData = R"({"roles": {"admin": ["read", "write"], "guest": ["read"]},
  "users": {"alice": "admin", "bob": "guest"}, "limit": 2, "closed": false})";

/// Rules of package t; the query is data.t.allow == true.
const char* const kPolicies[] = {
    R"(allow if input.user == "alice")",
    R"(allow if { input.user == "alice"; input.n > data.limit })",
    R"(allow if { some role in ["admin", "guest"]; input.role == role })",
    R"(allow if input.op in data.roles[input.role])",
    R"(allow if data.roles[data.users[input.user]][_] == input.op)",
    R"(default allow := false
allow if { not input.blocked; input.user in ["alice", "bob"] })",
    R"(default allow := true
allow := false if input.user == "bob")",
    R"(allow if { some x in input.xs; x > data.limit })",
    R"(allow if { some x in input.xs; owner(x) }
owner(x) if x == input.n
owner(x) if { x > 2; input.user == "alice" })",
    R"(allow if "read" in ops
ops contains op if { some op in data.roles[input.role] }
ops contains "read" if input.user == "bob")",
    R"(allow if level[input.role] > 1
level["admin"] := 3
level["guest"] := n if n := input.n)",
    R"(allow if not denied
denied if input.user == "bob"
denied if { input.role == "guest"; input.n > 1 })",
    R"(allow if { not closed; input.op == "read" }
closed if data.closed)",
    R"(allow if { count(input.xs) > 1; data.limit == 2 })",
    R"(allow if every x in input.xs { x < 3 })",
    R"(allow if { n := count([x | some x in input.xs; x > 1]); n == 1 })",
    R"(allow if { [input.user, x] = ["alice", input.n]; x == 1 })",
    R"(allow if { u := input.user; startswith(u, "a") })",
    R"(kind := "a" if { input.n == 1 } else := "b" if { input.n == 2 } else := "c"
allow if kind == "b")",
    R"(allow if check with input.user as "alice"
check if input.user == "alice")",
    R"(allow if { input.obj.a == input.obj.b })",
    R"(allow if { some k, v in input.obj; k == "a"; v == 1 })",
    R"(allow if { x := input.missing; true })",
    R"(allow if names[input.user].ok
names[u].ok := true if { some u, r in data.users; r == input.role })",
    R"(allow if data.t.sub[input.op]
sub.read if input.user == "alice"
sub.write if input.role == "admin")",
    R"(import future.keywords.not
levels["a"] := input.n if { not "x" in data.users; not data.nowhere.x }
levels[u] := 2 if { some u in data.nowhere with data.limit as input.n }
allow if levels.a == 1)",
    R"(import future.keywords.and
import future.keywords.or
import future.keywords.not
allow if { (data.closed or data.limit == 2) and not data.users.alice == "guest"; input.n == 1 })",
    R"(allow if { every x in data.roles.guest { x == "read" }; input.n == 1 })",
    R"(allow if { every i, x in data.roles.admin { x in ["read", "write"]; i < 2 }; input.user == "bob" })",
    R"(import future.keywords.not
allow if { not { x := data.closed; x }; input.user == "bob" })",
};

const char* const kInputs[] = {
    R"({})",
    R"({"user": "alice", "role": "admin", "op": "read", "n": 1, "xs": [1, 2, 3], "obj": {"a": 1, "b": 1}})",
    R"({"user": "alice", "role": "guest", "op": "write", "n": 3, "xs": [3], "obj": {"a": 1, "b": 2}})",
    R"({"user": "bob", "role": "guest", "op": "read", "n": 2, "xs": [], "obj": {}, "blocked": true})",
    R"({"user": "bob", "role": "admin", "op": "write", "n": 0, "xs": [2, 2], "missing": false})",
    R"({"user": "carol", "role": "admin", "op": "drop", "n": 4, "xs": [4, 1], "blocked": false})",
    R"({"user": "carol", "role": "other", "op": "read", "n": 1.0, "xs": {"a": 5}, "missing": 0})",
    R"({"user": "anna", "role": "guest", "n": 2, "op": "read", "xs": [1], "obj": {"b": 1, "a": 2}})",
    R"({"user": null, "role": 1, "n": "x", "xs": "abc"})",
};

bool holds(const PolicySet& set, const std::string& query, const Value& input) {
  const auto prepared = set.prepare(query);
  if (!prepared) FAIL(query << "\n" << to_text(prepared.error()));
  Evaluator evaluator;
  const auto answers = evaluator.query(**prepared, JsonInput(input, set.input_paths()), {});
  if (!answers) FAIL(query << "\n" << answers.error().message);
  return !answers->empty();
}

std::string text_of(const ast::Body& body) {
  std::string out = "true";
  for (const ast::Expr& expr : body) out += "; " + ast::to_text(expr);
  return out;
}

void keeps_meaning(const std::string& module, const PartialOptions& options) {
  const std::vector<SourceFile> files = {{"t.rego", module}, {"data.json", kData}};
  const auto program = PartialProgram::load(files);
  if (!program) FAIL(to_text(program.error()));
  const auto result = (*program)->evaluate("data.t.allow == true", options);
  if (!result) FAIL(to_text(result.error()));
  INFO(to_text(*result));
  std::vector<SourceFile> support = files;
  for (std::size_t i = 0; i < result->support.size(); ++i) {
    support.push_back({fmt::format("support{}.rego", i), ast::to_text(result->support[i])});
  }
  const auto whole = PolicySet::load(files, {}, {}), rest = PolicySet::load(support, {}, {});
  if (!rest) FAIL(to_text(rest.error()));
  for (const char* text : kInputs) {
    Arena arena;
    const Value input = parse_json(arena, text).value();
    bool any = false;
    for (const ast::Body& body : result->queries) any = any || holds(**rest, text_of(body), input);
    INFO("input " << text);
    CHECK(any == holds(**whole, "data.t.allow == true; true", input));
  }
}

}  // namespace

TEST_CASE("what partial evaluation leaves means what the query meant", "[partial]") {
  for (const char* policy : kPolicies) {
    const std::string module = "package t\n" + std::string(policy) + "\n";
    INFO(module);
    keeps_meaning(module, {});
    PartialOptions shallow;
    shallow.shallow_inlining = true;
    keeps_meaning(module, shallow);
    PartialOptions some;
    some.disable_inlining = {"data.t.allow"};
    keeps_meaning(module, some);
  }
}

TEST_CASE("what is known does not stay", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego", "package t\nallow if { some r in data.users; r == \"admin\" }\ndeny if data.closed\n"},
       {"data.json", kData}});
  REQUIRE(program);
  const auto always = (*program)->evaluate("data.t.allow", {});
  REQUIRE(always);
  CHECK(to_json(*always) == R"({"queries":[[]]})");
  const auto never = (*program)->evaluate("data.t.deny", {});
  REQUIRE(never);
  CHECK(to_json(*never) == "{}");
}

TEST_CASE("conditions on unknowns are what OPA gives", "[partial]") {
  const auto program =
      PartialProgram::load({{"t.rego",
                             "package t\nallow if { input.user == \"alice\"; input.n > data.limit }\n"
                             "allow if data.users[input.user] == \"guest\"\n"},
                            {"data.json", kData}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.allow == true", {});
  REQUIRE(result);
  // opa eval --partial --unknowns input 'data.t.allow == true': the same two bodies.
  REQUIRE(result->queries.size() == 2);
  CHECK(text_of(result->queries[0]) == "true; input.user = \"alice\"; input.n > 2");
  CHECK(text_of(result->queries[1]) == "true; \"bob\" = input.user");
  CHECK(result->support.empty());
}

TEST_CASE("a line of a rule that is left never begins with a minus", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego",
        "package t\nlow := -1\np contains x if { some x in input.xs; low < input.n; low == input.m }\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.p", {});
  REQUIRE(result);
  REQUIRE(result->support.size() == 1);
  const std::string text = support_text(result->support[0]);
  INFO(text);
  CHECK(text.find("input.n > -1") != std::string::npos);
  CHECK(text.find("\t-1") == std::string::npos);
}

TEST_CASE("a line that has to begin with a minus is a body's first", "[partial]") {
  const auto program =
      PartialProgram::load({{"t.rego", "package t\np contains 4 if { input.n <= 0.5; -1 in input.xs }\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.p", {});
  REQUIRE(result);
  REQUIRE(result->support.size() == 1);
  const std::string text = support_text(result->support[0]);
  INFO(text);
  CHECK(text.find("\t-1 in input.xs\n\tinput.n <= 0.5\n") != std::string::npos);
}

TEST_CASE("shapes that can never be equal rule a way out", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego", "package t\np if { some r; data.users[r]; [[u], r] = r; u == input.n }\n"},
       {"data.json", kData}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.p == true", {});
  if (!result) FAIL(result.error().front().message);
  CHECK(result->queries.empty());
}

TEST_CASE("support rules stand in the package that OPA gives them", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego", "package t\np.b[x] := 1 if x := input.x\nq.c := 2 if input.x\ns.d contains input.x\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("x = data.t.p.b; y = data.t.s.d; z = data.t.q", {});
  REQUIRE(result);
  std::string packages;
  for (const ast::Module& module : result->support) packages += ast::to_text(module.package.path) + " ";
  // opa eval --partial: the same
  CHECK(packages == "data.partial.t.p data.partial.t.s ");
}

TEST_CASE("a part of input may be known", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego", "package t\nallow if { input.user == \"alice\"; input.row.owner == input.user }\n"},
       {"data.json", kData}});
  REQUIRE(program);
  PartialOptions options;
  options.unknowns = {"input.row"};
  options.input = R"({"user": "alice"})";
  const auto result = (*program)->evaluate("data.t.allow == true", options);
  REQUIRE(result);
  REQUIRE(result->queries.size() == 1);
  CHECK(text_of(result->queries[0]) == "true; \"alice\" = input.row.owner");
}

TEST_CASE("below overlapping rules there is no base document", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego", "package t\ns[x] := {\"c\": 1} if x := input.x\ns.a.b := 2 if input.y\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.s.a.c", {});
  REQUIRE(result);
  CHECK(to_text(*result) == "# Query 1\n\"a\" = input.x\n\n");  // opa eval --partial -f source: the same
}

TEST_CASE("what a rule compares below a negation need not be defined", "[partial]") {
  const auto program =
      PartialProgram::load({{"t.rego", "package t\np if { input.x; not 1 == data.nowhere }\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.p", {});
  REQUIRE(result);
  CHECK(to_text(*result) == "# Query 1\ninput.x\n\n");  // opa eval --partial -f source: the same
}

TEST_CASE("rules of negations take variables, not the operators of calls", "[partial]") {
  const auto program = PartialProgram::load(
      {{"t.rego",
        "package t\np if { every x in input.xs { x <= strings.count(input.y, \"a\") with abs as 1 }; not "
        "f(input.z) }\n"
        "f(z) if { every x in z { x <= strings.count(input.y, \"a\") with abs as 1 }; z[0] }\n"}});
  REQUIRE(program);
  const auto result = (*program)->evaluate("data.t.p", {});
  REQUIRE(result);
  REQUIRE(result->support.size() == 1);
  CHECK(result->support[0].rules.at(0).head.args.size() == 1);
}
