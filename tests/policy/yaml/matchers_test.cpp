// Every matcher of a YAML policy, asked about values that match, that do not, and that are not there.
#include <catch2/catch.hpp>
#include <string>

#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

Vocabulary vocabulary() {
  Vocabulary words;
  words.input_schema = R"({"type": "object", "properties": {
      "hook": {"type": "string"},
      "session": {"type": "object", "properties": {"user": {"type": "string"},
                  "tags": {"type": "object", "additionalProperties": {"type": "string"}}}},
      "client": {"type": "object", "properties": {"address": {"type": "string"}}},
      "query": {"type": "object", "properties": {
         "kind": {"type": "string"}, "has_where": {"type": "boolean"}, "limit": {"type": "integer"},
         "where": {"type": "object", "additionalProperties": {}},
         "functions": {"type": "array", "items": {"type": "string"}},
         "tables": {"type": "array", "items": {"type": "object",
                    "properties": {"name": {"type": "string"}, "access": {"type": "string"}}}}}}}})";
  return words;
}

/// The actions that a policy of one rule asks for, as text.
std::string asked(const std::string& rule, const std::string& input, const std::string& head = "") {
  const std::string text =
      "policy: p\n" + head + "rules:\n  - " + rule + "\n    then: [{act: {text: \"{{ session.user }}\"}}]\n";
  auto set = PolicySet::load({{"p.policy.yaml", text}}, vocabulary());
  if (!set) FAIL(to_text(set.error()));
  Arena arena;
  const auto document = parse_json(arena, input);
  REQUIRE(document);
  Evaluator evaluator;
  const Decision decision = evaluator.decide(**set, JsonInput(*document, (*set)->input_paths()), {});
  REQUIRE_FALSE(decision.error);
  std::string out;
  for (const ActionRequest& request : decision.actions) out += to_json(request.parameters);
  return out;
}

bool matches(const std::string& match, const std::string& input) {
  return !asked("match: " + match, input).empty();
}

struct Case {
  const char* match;
  const char* matching;
  const char* other;
};

}  // namespace

TEST_CASE("a matcher holds for what it names, and not for anything else or nothing") {
  const Case c = GENERATE(values<Case>({
      {"{query.kind: update}", R"({"query": {"kind": "update"}})", R"({"query": {"kind": "updates"}})"},
      {"{query.kind: [update, delete]}", R"({"query": {"kind": "delete"}})",
       R"({"query": {"kind": "select"}})"},
      {"{query.kind: {in: [update, delete]}}", R"({"query": {"kind": "delete"}})",
       R"({"query": {"kind": "select"}})"},
      {"{query.has_where: false}", R"({"query": {"has_where": false}})", R"({"query": {"has_where": true}})"},
      {"{query.limit: 10}", R"({"query": {"limit": 10}})", R"({"query": {"limit": 11}})"},
      {"{session.user: \"etl_*\"}", R"({"session": {"user": "etl_a.b"}})",
       R"({"session": {"user": "my_etl_a"}})"},
      {"{session.user: \"a?c\"}", R"({"session": {"user": "abc"}})", R"({"session": {"user": "abbc"}})"},
      {"{session.user: {equals: \"etl_*\"}}", R"({"session": {"user": "etl_*"}})",
       R"({"session": {"user": "etl_a"}})"},
      {"{session.user: {glob: [\"a*\", \"*z\"]}}", R"({"session": {"user": "quiz"}})",
       R"({"session": {"user": "bob"}})"},
      {"{session.user: {regex: \"^b[ao]b$\"}}", R"({"session": {"user": "bob"}})",
       R"({"session": {"user": "bobby"}})"},
      {"{session.user: {prefix: [app_, web_]}}", R"({"session": {"user": "web_1"}})",
       R"({"session": {"user": "my_web_1"}})"},
      {"{client.address: {cidr: 10.0.0.0/8}}", R"({"client": {"address": "10.255.0.1"}})",
       R"({"client": {"address": "11.0.0.1"}})"},
      {"{client.address: {cidr: [10.0.0.0/8, \"fd00::/8\"]}}", R"({"client": {"address": "fd12::1"}})",
       R"({"client": {"address": "::1"}})"},
      {"{query.limit: {range: [1, 10]}}", R"({"query": {"limit": 10}})", R"({"query": {"limit": 11}})"},
      {"{query.limit: {range: {min: 5}}}", R"({"query": {"limit": 5}})", R"({"query": {"limit": 4}})"},
      {"{query.limit: {range: {max: 5}}}", R"({"query": {"limit": 5}})", R"({"query": {"limit": 6}})"},
      {"{query.limit: {range: {above: 5, below: 7}}}", R"({"query": {"limit": 6}})",
       R"({"query": {"limit": 5}})"},
      {"{query.kind: {exists: true}}", R"({"query": {"kind": "x"}})", R"({"query": {"kind": null}})"},
      {"{query.where.id: 1}", R"({"query": {"where": {"id": 1}}})", R"({"query": {"where": {"id": "1"}}})"},
      {"{session.tags.team: red}", R"({"session": {"tags": {"team": "red"}}})",
       R"({"session": {"tags": {"team": "blue"}}})"},
      {"{input.query.kind: update}", R"({"query": {"kind": "update"}})", R"({"query": {"kind": "select"}})"},
      {"{query.functions: pg_sleep}", R"({"query": {"functions": ["count", "pg_sleep"]}})",
       R"({"query": {"functions": ["count"]}})"},
      {"{query.functions: {prefix: pg_}}", R"({"query": {"functions": ["count", "pg_x"]}})",
       R"({"query": {"functions": ["xpg_"]}})"},
      {"{query.tables.name: [orders, items]}", R"({"query": {"tables": [{"name": "a"}, {"name": "items"}]}})",
       R"({"query": {"tables": []}})"},
      {"{query.tables: {any: {name: orders, access: write}}}",
       R"({"query": {"tables": [{"name": "a", "access": "read"}, {"name": "orders", "access": "write"}]}})",
       R"({"query": {"tables": [{"name": "a", "access": "write"}, {"name": "orders", "access": "read"}]}})"},
  }));
  CAPTURE(c.match, c.matching, c.other);
  CHECK(matches(c.match, c.matching));
  CHECK_FALSE(matches(c.match, c.other));
  CHECK_FALSE(matches(c.match, "{}"));
}

TEST_CASE("what is negated holds also where there is nothing") {
  CHECK(matches("{session.user: {not: [admin, \"etl_*\"]}}", R"({"session": {"user": "ann"}})"));
  CHECK_FALSE(matches("{session.user: {not: [admin, \"etl_*\"]}}", R"({"session": {"user": "etl_1"}})"));
  CHECK(matches("{session.user: {not: [admin, \"etl_*\"]}}", "{}"));
  CHECK(matches("{client.address: {not: {cidr: 10.0.0.0/8}}}", R"({"client": {"address": "11.0.0.1"}})"));
  CHECK_FALSE(
      matches("{client.address: {not: {cidr: 10.0.0.0/8}}}", R"({"client": {"address": "10.0.0.1"}})"));
  CHECK(matches("{query.kind: {exists: false}}", "{}"));
  CHECK_FALSE(matches("{query.kind: {exists: false}}", R"({"query": {"kind": "x"}})"));
  CHECK(matches("{query.functions: {not: pg_sleep}}", R"({"query": {"functions": ["count"]}})"));
  CHECK_FALSE(
      matches("{query.functions: {not: pg_sleep}}", R"({"query": {"functions": ["count", "pg_sleep"]}})"));
  CHECK(matches("{query.tables: {not: {any: {name: orders, access: write}}}}",
                R"({"query": {"tables": [{"name": "orders", "access": "read"}]}})"));
  CHECK_FALSE(matches("{query.tables: {not: {any: {name: orders, access: write}}}}",
                      R"({"query": {"tables": [{"name": "orders", "access": "write"}]}})"));
}

TEST_CASE("all keys of match must hold, and when too") {
  const std::string input = R"({"query": {"kind": "update", "limit": 7}, "session": {"user": "ann"}})";
  CHECK(matches("{query.kind: update, session.user: \"a*\", query.limit: {range: [5, 9]}}", input));
  CHECK_FALSE(matches("{query.kind: update, session.user: bob}", input));
  CHECK(asked("when: input.query.limit % 2 == 1", input) == R"({"text":"ann"})");
  CHECK(asked("when: [input.query.limit > 5, input.query.limit > 7]", input).empty());
}

TEST_CASE("parameters stand in conditions and actions") {
  const std::string head = "parameters: {kind: update, most: 5, net: 10.0.0.0/8}\n";
  CHECK_FALSE(asked("match: {query.kind: \"{{ parameters.kind }}\", query.limit: {range: {above: \"{{ "
                    "parameters.most }}\"}}}",
                    R"({"query": {"kind": "update", "limit": 6}, "session": {"user": "ann"}})", head)
                  .empty());
  CHECK(asked("match: {client.address: {cidr: \"{{ parameters.net }}\"}}",
              R"({"client": {"address": "11.1.1.1"}})", head)
            .empty());
}
