// YAML policies: the Rego that each form stands for, and the complaint that each mistake gets.
#include "policy/yaml/policy.h"

#include <catch2/catch.hpp>

#include "policy/syntax/print.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

Vocabulary vocabulary() {
  Vocabulary words;
  words.hooks = {"traffic_from_client", "connecting", "closed"};
  words.default_hook = "traffic_from_client";
  words.actions.push_back(
      {"deny",
       {},
       R"({"type": "object", "required": [], "additionalProperties": false, "properties": {
                               "sqlstate": {"type": "string"}, "message": {"type": "string"},
                               "transaction": {"type": "string", "enum": ["abort", "keep"]}}})",
       {"traffic_from_client", "connecting"}});
  words.actions.push_back({"limit",
                           {"cap"},
                           R"({"type": "object", "required": ["rows"], "properties": {
                               "rows": {"type": "integer", "minimum": 1}}})",
                           {}});
  words.input_schema = R"({"type": "object", "additionalProperties": false, "properties": {
      "hook": {"type": "string"},
      "session": {"type": "object", "additionalProperties": false, "properties": {"user": {"type": "string"},
                  "tags": {"type": "object", "additionalProperties": {"type": "string"}}}},
      "client": {"type": "object", "additionalProperties": false, "properties": {"address": {"type": "string"}}},
      "query": {"type": "object", "additionalProperties": false, "properties": {
         "kind": {"type": "string"}, "has_where": {"type": "boolean"}, "limit": {"type": "integer"},
         "functions": {"type": "array", "items": {"type": "string"}},
         "tables": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                    "properties": {"name": {"type": "string"}}}}}}}})";
  return words;
}

std::string rego_of(const std::string& match, const std::string& then = "deny") {
  const std::string text = "policy: p\nrules:\n  - match: " + match + "\n    then: [" + then + "]\n";
  const auto module = yaml::parse_policy(ast::make_source("p.policy.yaml", text), vocabulary());
  if (!module) return to_text(module.error());
  std::string out = ast::to_text(module->rules.at(0));
  return out.substr(out.find(" if "));
}

Diagnostic first_error(const std::string& text) {
  const auto module = yaml::parse_policy(ast::make_source("p.policy.yaml", text), vocabulary());
  REQUIRE_FALSE(module);
  return module.error().front();
}

}  // namespace

TEST_CASE("a condition becomes the Rego one would write") {
  CHECK(rego_of("{query.kind: update}") == R"( if { input.query.kind == "update" })");
  CHECK(rego_of("{query.has_where: false}") == " if { input.query.has_where == false }");
  CHECK(rego_of("{query.kind: [update, delete]}") ==
        R"( if { internal.member_2(input.query.kind, {"update", "delete"}) })");
  CHECK(rego_of("{session.user: \"etl_*\"}") == R"( if { glob.match("etl_*", null, input.session.user) })");
  CHECK(rego_of("{session.user: {equals: \"etl_*\"}}") == R"( if { input.session.user == "etl_*" })");
  CHECK(rego_of("{session.user: {regex: \"^a\"}}") == R"( if { regex.match("^a", input.session.user) })");
  CHECK(rego_of("{session.user: {prefix: app_}}") == R"( if { startswith(input.session.user, "app_") })");
  CHECK(
      rego_of("{client.address: {cidr: [10.0.0.0/8, 127.0.0.1/32]}}") ==
      R"( if { net.cidr_contains("10.0.0.0/8", input.client.address) or net.cidr_contains("127.0.0.1/32", input.client.address) })");
  CHECK(rego_of("{query.limit: {range: [1, 10]}}") ==
        " if { input.query.limit >= 1; input.query.limit <= 10 }");
  CHECK(rego_of("{query.limit: {range: {above: 10}}}") == " if { input.query.limit > 10 }");
  CHECK(rego_of("{query.kind: {exists: true}}") == " if { input.query.kind != null }");
  CHECK(rego_of("{query.kind: {exists: false}}") == " if { not input.query.kind != null }");
  CHECK(rego_of("{session.user: {not: [admin, \"etl_*\"]}}") ==
        R"( if { not { input.session.user == "admin" or glob.match("etl_*", null, input.session.user) } })");
  CHECK(rego_of("{query.kind: select, session.user: bob}") ==
        R"( if { input.query.kind == "select"; input.session.user == "bob" })");
  CHECK(rego_of("{session.tags.team: x}") == R"( if { input.session.tags.team == "x" })");
}

TEST_CASE("a path through an array means any element") {
  CHECK(rego_of("{query.functions: pg_sleep}") ==
        R"( if { assign(item1, input.query.functions[_]); item1 == "pg_sleep" })");
  CHECK(rego_of("{query.tables.name: orders}") ==
        R"( if { assign(item1, input.query.tables[_]); item1.name == "orders" })");
  CHECK(rego_of("{query.functions: {not: pg_sleep}}") ==
        R"( if { not { assign(item1, input.query.functions[_]); item1 == "pg_sleep" } })");
}

TEST_CASE("a whole policy: hooks, mode, parameters, templates, defaults, annotations") {
  const std::string text = R"(policy: protect
mode: shadow
on: [traffic_from_client, connecting]
parameters: {message: not allowed here, rows: 5}
priority: 7
rules:
  - name: unbounded
    on: traffic_from_client
    match: {query.kind: update}
    when: count(input.query.tables) < 3
    then:
      - deny: {message: "{{ session.user }}: {{ parameters.message }}", priority: 9}
      - cap: {rows: "{{ parameters.rows }}"}
  - then: deny
)";
  const auto module = yaml::parse_policy(ast::make_source("p.policy.yaml", text), vocabulary());
  INFO((module ? "" : to_text(module.error())));
  REQUIRE(module);
  REQUIRE(module->rules.size() == 3);
  CHECK(
      ast::to_text(module->rules[0]) ==
      R"(actions contains {"action": "deny", "message": $"{input.session.user}: not allowed here", "priority": 9, "shadow": true} if { input.hook == "traffic_from_client"; input.query.kind == "update"; count(input.query.tables) < 3 })");
  CHECK(ast::to_text(module->rules[1].head) ==
        R"(actions contains {"action": "cap", "rows": 5, "priority": 7, "shadow": true})");
  CHECK(
      ast::to_text(module->rules[2]) ==
      R"(actions contains {"action": "deny", "priority": 7, "shadow": true} if { internal.member_2(input.hook, {"traffic_from_client", "connecting"}) })");
  REQUIRE(module->annotations.size() == 1);
  CHECK(module->annotations[0].title == "unbounded");
  CHECK(module->rules[0].annotations == std::vector<std::uint32_t>{0});
  CHECK(module->rules[0].span.row == 12);
  // What is printed is Rego that parses.
  CHECK(ast::parse_module(ast::make_source("printed.rego", ast::to_text(*module))));
}

TEST_CASE("mistakes are reported where they stand, with a suggestion") {
  struct Mistake {
    const char* text;
    const char* code;
    std::uint32_t row, col;
    const char* message;
    const char* hint;
  };
  const Mistake mistakes[] = {
      {"policy: p\nrule: []\n", "policy_unknown_key", 2, 1, "unknown key rule in a policy",
       "did you mean rules?"},
      {"policy: p\nrules:\n  - mach: {}\n    then: deny\n", "policy_unknown_key", 3, 5,
       "unknown key mach in a rule", "did you mean match?"},
      {"policy: p\nrules:\n  - then: [deni]\n", "policy_unknown_action", 3, 12, "there is no action deni",
       "did you mean deny?"},
      {"policy: p\nrules:\n  - then:\n      - deny: {mesage: x}\n", "policy_unknown_parameter", 4, 16,
       "action deny has no parameter mesage", "did you mean message?"},
      {"policy: p\nrules:\n  - then:\n      - deny: {message: 3}\n", "policy_bad_parameter", 4, 16,
       "message of action deny must be string, not integer", ""},
      {"policy: p\nrules:\n  - then:\n      - deny: {transaction: keeep}\n", "policy_bad_parameter", 4, 16,
       "transaction of action deny cannot be keeep", "did you mean keep?"},
      {"policy: p\nrules:\n  - then:\n      - limit: {rows: 0}\n", "policy_bad_parameter", 4, 17,
       "rows of action limit must be at least 1", ""},
      {"policy: p\nrules:\n  - then: [limit]\n", "policy_missing_parameter", 3, 12,
       "action limit needs the parameter rows", ""},
      {"policy: p\non: [trafic_from_client]\nrules: []\n", "policy_unknown_hook", 2, 6,
       "there is no hook trafic_from_client", "did you mean traffic_from_client?"},
      {"policy: p\non: closed\nrules:\n  - then: deny\n", "policy_wrong_hook", 4, 11,
       "action deny makes no sense at hook closed", "it is for: traffic_from_client, connecting"},
      {"policy: p\nrules:\n  - match: {query.knd: x}\n    then: deny\n", "policy_unknown_path", 3, 13,
       "there is no fact query.knd", "did you mean kind?"},
      {"policy: p\nrules:\n  - match: {query.kind: {regx: x}}\n    then: deny\n", "policy_unknown_key", 3, 26,
       "unknown condition regx", "did you mean regex?"},
      {"policy: p\nrules:\n  - when: count(x\n    then: deny\n", "rego_parse_error", 3, 17,
       "unexpected eof token: expected \",\" or \")\"", ""},
      {"policy: p\nrules:\n  - then:\n      - deny: {message: \"{{ parameters.x }}\"}\n",
       "policy_unknown_parameter", 4, 25, "there is no parameter x", ""},
      {"policy: a b\nrules: []\n", "policy_bad_value", 1, 9, "a b is no name for a policy",
       "letters, digits and _ only, not beginning with a digit"},
      {"policy: p\nmode: shadwo\nrules: []\n", "policy_bad_value", 2, 7, "mode cannot be shadwo",
       "did you mean shadow?"},
      {"policy: [\n", "policy_yaml_error", 2, 1,
       "did not find expected node content while parsing a flow node that begins at 2:1", ""},
      {"- 1\n", "policy_bad_value", 1, 1, "a policy must be a map, not a list", ""},
      {"policy: p\nrules:\n  - match: {query.kind: x}\n", "policy_bad_value", 3, 5,
       "a rule needs actions: then: [..]", ""},
  };
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.text);
    const Diagnostic error = first_error(mistake.text);
    CHECK(error.code == mistake.code);
    CHECK(error.message == mistake.message);
    CHECK(error.at.row == mistake.row);
    CHECK(error.at.col == mistake.col);
    CHECK(error.hint == mistake.hint);
  }
}

TEST_CASE("Rego in a block keeps its place in the file") {
  const std::string text =
      "policy: p\nrules:\n  - when: |\n      input.a == 1\n      input.b ==\n    then: deny\n";
  const Diagnostic error = first_error(text);
  CHECK(error.code == "rego_parse_error");
  CHECK(error.at.row >= 5);
}

TEST_CASE("a condition of several lines, in every form YAML has for it") {
  const auto body_of = [](const std::string& rule) {
    const auto module = yaml::parse_policy(
        ast::make_source("p.policy.yaml", "policy: p\nrules:\n" + rule + "    then: deny\n"), vocabulary());
    if (!module) return to_text(module.error());
    const std::string out = ast::to_text(module->rules.at(0));
    return out.substr(out.find(" if "));
  };
  const std::string both = " if { input.a == 1; input.b == 2 }";
  for (const char* rule : {
           "  - name: x\n    when: |\n      input.a == 1\n      input.b == 2\n",
           "  - name: x\n    when: |-\n      input.a == 1\n      input.b == 2\n",
           "  - name: x\n    when: |+\n      input.a == 1\n\n      input.b == 2\n\n\n",
           "  - name: x\n    when: >\n      input.a == 1\n      input.b == 2\n",
           "  - name: x\n    when: |2\n      input.a == 1\n      input.b == 2\n",
           "  - name: x\n    when: |  # both\n\n      input.a == 1  # one\n      # two\n      input.b == 2\n",
           "  - when:\n      - |\n        input.a == 1\n      - input.b == 2\n",
           "  - when: [\"input.a == 1\", 'input.b == 2']\n",
           "  - when: input.a == 1; input.b == 2\n",
       }) {
    INFO(rule);
    CHECK(body_of(rule) == both);
  }
  CHECK(body_of("  - when: |\n      every t in input.query.tables {\n        t.name != \"x\"\n      }\n") ==
        " if { every t in input.query.tables { t.name != \"x\" } }");
}

TEST_CASE("each condition of a list keeps its own place") {
  const Diagnostic block = first_error(
      "policy: p\nrules:\n  - when:\n      - input.a == 1\n      - |\n        input.b == 1\n        input.c "
      "== ]\n"
      "    then: deny\n");
  CHECK(block.at.row == 7);
  CHECK(block.at.col == 20);
  CHECK(block.source_line == "        input.c == ]");
  const Diagnostic plain = first_error(
      "policy: p\nrules:\n  - when:\n      - input.a == 1\n      - input.b == ]\n    then: deny\n");
  CHECK(plain.at.row == 5);
  CHECK(plain.at.col == 20);
}
