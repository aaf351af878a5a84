// The schema that editors use: kept equal to the file, accepts the YAML policies that load, and refuses
// mistakes.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "app/policies/library.h"
#include "policy/limits.h"
#include "policy/schema/json_schema.h"
#include "policy/support/case_yaml.h"
#include "policy/syntax/parsing.h"
#include "policy/yaml/policy.h"
#include "policy/yaml/schema.h"

using namespace signalbox;

namespace {

std::string file(const std::string& path) {
  std::ifstream in(SIGNALBOX_SOURCE_DIR + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Editor {
  policy::Arena arena;
  std::unique_ptr<policy::schema::Schema> schema = [] {
    static policy::Arena memory;
    const auto document = policy::parse_json(memory, policy::yaml::editor_schema(app::host_vocabulary()));
    REQUIRE(document);
    auto compiled = policy::schema::compile(*document);
    if (!compiled) FAIL(compiled.error());
    return std::move(*compiled);
  }();

  /// What an editor would underline first; "" for a good policy.
  std::string complaint(const std::string& text) {
    const auto document = policy::test::parse_case_yaml(arena, text);
    REQUIRE(document);
    policy::Meter meter;
    meter.start({}, arena);
    const auto problems = policy::schema::validate(*schema, *document, meter);
    REQUIRE(problems);
    return problems->empty() ? "" : problems->front().text();
  }
};

bool loads(const std::string& text) {
  return policy::yaml::parse_policy(policy::ast::make_source("p.policy.yaml", text), app::host_vocabulary())
      .has_value();
}

std::string with_match(const std::string& match) {
  return "policy: p\nrules:\n  - match: " + match + "\n    then: [deny]\n";
}

}  // namespace

TEST_CASE("rules/schema/policy.json is what the code gives") {
  INFO("write it with: signalbox policy schema > rules/schema/policy.json");
  CHECK(file("/rules/schema/policy.json") == policy::yaml::editor_schema(app::host_vocabulary()));
}

TEST_CASE("the schema accepts what loads") {
  Editor editor;
  const std::string text = GENERATE(
      file("/rules/parse_errors.policy.yaml"),
      with_match("{query.kind: [update, delete], query.has_where: false}"),
      with_match("{session.user: {not: [admin, \"etl_*\"]}, query.limit: {range: {above: 10}}}"),
      with_match("{client.address: {cidr: [10.0.0.0/8]}, session.tags.team: red, query.where.id: 1}"),
      with_match("{signals.injection.value: tautology, signals.plugin.x.value: true, query.tables.name: "
                 "{prefix: a}}"),
      with_match("{query.tables: {any: {name: orders, access: write}}, input.query.kind: x}"),
      std::string(
          "policy: p\nmode: shadow\non: [connecting]\nparameters: {m: x}\npriority: 3\nfinal: true\ntags: "
          "[a]\nrules:\n"
          "  - name: r\n    on: startup\n    when: [input.a, input.b]\n    then:\n"
          "      - deny: {sqlstate: \"42501\", message: \"{{ parameters.m }}\", priority: 2}\n      - log\n"
          "      - webhook: {url: \"http://x\", timeout: 3}\n"));
  CAPTURE(text);
  CHECK(editor.complaint(text).empty());
}

TEST_CASE("the schema refuses what does not load") {
  Editor editor;
  const std::string text = GENERATE(
      std::string("rules: []\n"), std::string("policy: p\n"), std::string("policy: p\nrule: []\nrules: []\n"),
      std::string("policy: 1p\nrules: []\n"), std::string("policy: p\nmode: dry\nrules: []\n"),
      std::string("policy: p\non: [later]\nrules: []\n"),
      std::string("policy: p\nrules:\n  - then: [deni]\n"),
      std::string("policy: p\nrules:\n  - match: {query.kind: x}\n"),
      std::string("policy: p\nrules:\n  - then: [{deny: {mesage: x}}]\n"),
      std::string("policy: p\nrules:\n  - then: [{deny: {message: 1}}]\n"),
      std::string("policy: p\nrules:\n  - then: [{log: {level: loud}}]\n"),
      std::string("policy: p\nrules:\n  - then: [{webhook: {}}]\n"), with_match("{query.knd: x}"),
      with_match("{query.kind: []}"), with_match("{query.kind: {lik: x}}"),
      with_match("{query.kind: {exists: yess}}"), with_match("{query.limit: {range: [1]}}"));
  CAPTURE(text);
  CHECK_FALSE(editor.complaint(text).empty());
  CHECK_FALSE(loads(text));
}
