// Decisions end to end: policies in, requested actions with their rules out; lazily read facts, limits, no
// heap.
#include <atomic>
#include <catch2/catch.hpp>
#include <map>

#include "base/allocations.h"
#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

std::shared_ptr<const PolicySet> load(std::vector<SourceFile> files, LoadOptions options = {}) {
  Vocabulary vocabulary;
  vocabulary.default_hook = "traffic_from_client";
  auto set = PolicySet::load(std::move(files), vocabulary, std::move(options));
  if (!set) FAIL(to_text(set.error()));
  return *set;
}

Decision decide(const PolicySet& set, std::string_view input, const Limits& limits = {}) {
  Arena arena;
  Evaluator evaluator;
  return evaluator.decide(set, JsonInput(parse_json(arena, input).value(), set.input_paths()), limits);
}

const char* const kUnboundedWrites = R"(package policies.unbounded_writes

actions contains {"action": "deny", "sqlstate": "42501", "message": msg} if {
	input.query.kind in {"delete", "update"}
	not input.query.has_where
	msg := sprintf("%s without WHERE", [upper(input.query.kind)])
}

actions contains {"action": "log", "priority": 7, "final": true} if input.query.kind == "delete"
)";

}  // namespace

TEST_CASE("a decision names the actions, their parameters and the rules that asked for them") {
  const auto set = load({{"rules/unbounded.rego", kUnboundedWrites},
                         {"rules/other.rego",
                          "package policies.other\nactions contains {\"action\": \"log\", "
                          "\"priority\": 7, \"final\": true} if input.query.kind == \"delete\"\n"}});
  const Decision decision = decide(*set, R"({"query": {"kind": "delete", "has_where": false}})");
  REQUIRE_FALSE(decision.error);
  REQUIRE(decision.actions.size() == 3);
  CHECK(decision.revision == set->revision());
  CHECK(decision.deterministic);
  const ActionRequest& deny = decision.actions[0];
  CHECK(deny.action == "deny");
  CHECK(to_json(deny.parameters) == R"({"message":"DELETE without WHERE","sqlstate":"42501"})");
  CHECK(deny.policy == "unbounded_writes");
  CHECK(deny.rule == "actions");
  CHECK(deny.at.file == "rules/unbounded.rego");
  CHECK(deny.at.row == 3);
  CHECK(decision.actions[1].priority == 7);
  CHECK(decision.actions[1].final);
  CHECK(to_json(decision.actions[1].parameters) == "{}");
  // Both policies asked for the same: each is named.
  CHECK(std::map<std::string, int>{{decision.actions[1].policy, 1}, {decision.actions[2].policy, 1}} ==
        std::map<std::string, int>{{"unbounded_writes", 1}, {"other", 1}});
}

TEST_CASE("nothing asked is an empty decision, and a broken action an error") {
  const auto set = load({{"a.rego", kUnboundedWrites}});
  CHECK(decide(*set, R"({"query": {"kind": "select"}})").actions.empty());
  CHECK_FALSE(decide(*set, R"({})").error);
  const auto broken = load({{"a.rego", "package policies.a\nactions contains 1 if input.x\n"}});
  CHECK(decide(*broken, R"({"x": true})").error.value().code == "eval_type_error");
}

// The values that OPA 1.20.2 gives for rules/gateway.rego over the same policy; tests/e2e/test_opa.py asks
// it.
TEST_CASE("a rule without a hook is asked on the default hook only") {
  const auto set = load({{"a.rego", R"(package policies.a
actions contains {"action": "deny"} if input.user == "bob"
actions contains {"action": "log"} if {
	input.hook in {"closed", "connecting"}
	input.user == "bob"
}
actions contains {"action": "alert"} if closing
closing if input.hook == "closed"
)"}});
  const auto names = [&](std::string_view input) {
    std::string out;
    for (const auto& action : decide(*set, input).actions) out += action.action + " ";
    return out;
  };
  CHECK(names(R"({"hook": "traffic_from_client", "user": "bob"})") == "deny ");
  CHECK(names(R"({"hook": "connecting", "user": "bob"})") == "log ");
  CHECK(names(R"({"hook": "closed", "user": "bob"})") == "alert log ");
  CHECK(names(R"({"hook": "booted", "user": "bob"})") == "");
  CHECK(names(R"({"user": "bob"})") == "deny ");
  REQUIRE(set->rule_reads().size() == 3);
  CHECK(set->rule_reads()[0].hooks == std::vector<std::string>{"traffic_from_client"});
  CHECK(set->rule_reads()[1].hooks == std::vector<std::string>{"closed", "connecting"});
  for (const SlotRead& read : set->rule_reads()[0].slots) {
    CHECK(set->input_paths()[read.slot] == InputPath{"user"});
  }
}

TEST_CASE("what is read of the elements of a collection is known where the code shows it") {
  const auto fields_read = [](std::string_view body) {
    const auto set = load({{"p.rego", "package policies.p\nactions contains {\"action\": \"deny\"} if {\n" +
                                          std::string(body) + "\n}\nnamed(t) if t.name == \"x\"\n"}});
    REQUIRE(set->rule_reads().size() == 1);
    for (const SlotRead& read : set->rule_reads()[0].slots) {
      if (set->input_paths()[read.slot] != InputPath{"query", "tables"}) continue;
      std::string all;
      for (const std::string& field : read.fields) all += field + " ";
      return all.empty() ? std::string("everything") : all;
    }
    return std::string("nothing");
  };
  CHECK(fields_read(R"(some t in input.query.tables; t.name == "x")") == "name ");
  CHECK(fields_read(R"(input.query.tables[_].name == "x")") == "name ");
  CHECK(fields_read(R"(some i; input.query.tables[i].name == "x"; input.query.tables[i].access != "read")") ==
        "access name ");
  CHECK(fields_read(R"(every t in input.query.tables { t.name == "x" })") == "name ");
  CHECK(fields_read(R"(count([t | some t in input.query.tables; t.access == "write"]) > 1)") == "everything");
  CHECK(fields_read(R"(count(input.query.tables) > 1)") == "everything");
  CHECK(fields_read(R"(some t in input.query.tables; named(t))") == "everything");
  CHECK(fields_read(R"(some t in input.query.tables; some k, v in t; v == "x")") == "everything");
  CHECK(fields_read(R"(some t in input.query.tables; t[input.query.kind] == "x")") == "everything");
  CHECK(fields_read(R"({"name": "x"} in input.query.tables)") == "everything");
  CHECK(fields_read(R"(some t in input.query.tables; t.name == "x"; count(input.query.tables) == 1)") ==
        "everything");
  CHECK(fields_read(R"(all := input.query.tables; some t in all; t.name == "x")") != "nothing");
}

TEST_CASE("facts are asked for once, and only those a rule gets to") {
  struct Counting final : Input {
    std::span<const InputPath> paths;
    mutable std::map<std::string, int> asked;
    Value at(std::uint32_t slot, Arena&) const override {
      const std::string& name = paths[slot].back();
      ++asked[name];
      if (name == "hook") return Value::string("traffic_from_client");
      return name == "kind" ? Value::string("select") : Value::boolean(true);
    }
  };
  const auto set = load({{"a.rego", R"(package policies.a
actions contains {"action": "deny"} if { input.kind == "update"; input.dear }
actions contains {"action": "log"} if { input.kind == "select"; input.cheap; input.kind != "x" }
)"}});
  Counting input;
  input.paths = set->input_paths();
  Evaluator evaluator;
  CHECK(evaluator.decide(*set, input, {}).actions.size() == 1);
  // The entry itself asks which hook it is, once there is an action to place.
  CHECK(input.asked == std::map<std::string, int>{{"kind", 1}, {"cheap", 1}, {"hook", 1}});
}

TEST_CASE("limits end an evaluation with an error") {
  const auto set = load({{"a.rego", R"(package policies.a
actions contains {"action": "log"} if {
	count([1 | some x in numbers.range(1, 3000); some y in numbers.range(1, 3000); x * y == 0]) == 1
}
)"}});
  Limits steps;
  steps.steps = 10'000;
  CHECK(decide(*set, "{}", steps).error.value().code == "eval_cancel_error");
  std::atomic<bool> cancelled{true};
  Limits cancel;
  cancel.cancelled = &cancelled;
  CHECK(decide(*set, "{}", cancel).error.value().code == "eval_cancel_error");
  Limits time;
  time.time = std::chrono::milliseconds(1);
  CHECK(decide(*set, "{}", time).error.value().code == "eval_cancel_error");
}

TEST_CASE("what is not deterministic says so") {
  const auto set =
      load({{"a.rego", "package policies.a\nactions contains {\"action\": \"log\"} if time.now_ns() > 0\n"}});
  CHECK_FALSE(decide(*set, "{}").deterministic);
}

TEST_CASE("a boolean decision takes nothing from the heap") {
  const auto set = load({{"authz.rego", R"(package authz
default allow := false
allow if {
	some role in data.roles[input.user]
	some grant in data.grants[role]
	grant.action == input.action
	grant.type == input.type
}
)"},
                         {"data.json", R"({"roles": {"alice": ["admin"], "bob": ["reader"]},
  "grants": {"reader": [{"action": "read", "type": "dog"}], "admin": [{"action": "write", "type": "dog"}]}})"}});
  const auto query = set->prepare("data.authz.allow").value();
  Arena arena;
  const JsonInput yes(parse_json(arena, R"({"user": "bob", "action": "read", "type": "dog"})").value(),
                      set->input_paths());
  const JsonInput no(parse_json(arena, R"({"user": "bob", "action": "write", "type": "dog"})").value(),
                     set->input_paths());
  Evaluator evaluator;
  for (int warm = 0; warm < 3; ++warm) {
    CHECK(evaluator.value(*query, yes, {}).value().is_true());
    CHECK(evaluator.value(*query, no, {}).value().is_false());
  }
  const auto before = allocations().count;
  bool right = true;
  for (int i = 0; i < 100; ++i) {
    right = right && evaluator.value(*query, yes, {}).value().is_true() &&
            evaluator.value(*query, no, {}).value().is_false();
  }
  CHECK(allocations().count == before);
  CHECK(right);
}

TEST_CASE("an indexed rule set decides as an unindexed one") {
  std::string text = "package policies.acl\n";
  for (int i = 0; i < 200; ++i) {
    const std::string n = std::to_string(i);
    text += "actions contains {\"action\": \"a" + n + "\"} if { input.user == \"u" + n + "\"; input.size > " +
            n + " }\n";
    text += "actions contains {\"action\": \"b" + n + "\"} if startswith(input.path, \"/p" + n + "/\")\n";
    text += "actions contains {\"action\": \"c" + n + "\"} if net.cidr_contains(\"10." + n +
            ".0.0/16\", input.address)\n";
    text += "actions contains {\"action\": \"d" + n + "\"} if \"g" + n + "\" in input.groups\n";
    text +=
        "actions contains {\"action\": \"e" + n + "\"} if regex.match(\"^x" + n + "[a-c]+$\", input.name)\n";
    text += "actions contains {\"action\": \"f" + n + "\"} if { some t in input.tables; t.name == \"t" + n +
            "\"; t.access in {\"write\", \"define\"} }\n";
    text += "actions contains {\"action\": \"g" + n + "\"} if input.tables[_].name == \"t" + n + "\"\n";
    text += "actions contains {\"action\": \"h" + n +
            "\"} if { some i, t in input.tables; startswith(t.name, \"t" + n + "_\"); i > 0 }\n";
    text += "actions contains {\"action\": \"i" + n + "\"} if { some t in input.named; t.size > " +
            std::to_string(10 * i) + "; t.size < " + std::to_string(10 * i + 10) + " }\n";
  }
  const auto set = load({{"acl.rego", text}});
  const Decision decision =
      decide(*set, R"({"user": "u7", "size": 8, "path": "/p12/x", "address": "10.33.4.5",
    "groups": ["g3", "none", "g199"], "name": "x42abc",
    "tables": [{"name": "t1_x", "access": "read"}, {"name": "t5", "access": "read"}, {"name": "t6", "access": "write"},
               {"name": "t9_y", "access": "write"}, {"access": "write"}, 17],
    "named": {"a": {"size": 37}, "b": {"size": 40}}})");
  REQUIRE_FALSE(decision.error);
  std::string names;
  for (const auto& action : decision.actions) names += action.action + " ";
  CHECK(names == "a7 b12 c33 d199 d3 e42 f6 g5 g6 h9 i3 ");
  CHECK(decision.steps < 400);
}

TEST_CASE("an explanation says which rules fired and where the others stopped") {
  const auto set = load({{"a.rego", kUnboundedWrites}});
  Arena arena;
  Evaluator evaluator;
  const JsonInput input(parse_json(arena, R"({"query": {"kind": "update", "has_where": true}})").value(),
                        set->input_paths());
  const Explanation why = evaluator.explain(*set, input, {});
  CHECK(why.decision.actions.empty());
  REQUIRE(why.rules.size() == 2);
  CHECK_FALSE(why.rules[0].fired);
  CHECK(why.rules[0].failed_at.row == 5);
  CHECK(why.rules[1].failed_at.row == 9);
  CHECK(why.rules[1].compared == R"("update", "delete")");
  REQUIRE(why.facts.size() == 2);
  CHECK(why.facts[0].path == InputPath{"query", "kind"});
  CHECK(why.facts[0].value == R"("update")");
}
