// Wrong YAML policies, as the gateway's own vocabulary judges them: each complaint says what, where, why and
// how to mend it, in the words of the text.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "policy/engine.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

Vocabulary vocabulary() {
  Vocabulary words;
  words.hooks = {"traffic_from_client", "startup"};
  words.default_hook = "traffic_from_client";
  words.actions.push_back(
      {"deny", {}, R"({"type": "object", "properties": {"message": {"type": "string"}}})", {}});
  std::ifstream schema(SIGNALBOX_SOURCE_DIR "/rules/schema/input.json", std::ios::binary);
  words.input_schema.assign(std::istreambuf_iterator<char>(schema), {});
  return words;
}

/// What loading says of a rule with this match (at 4:12) or these lines; "" when it is fine.
Diagnostics complaints(const std::string& lines) {
  const std::string text = "policy: p\nrules:\n  - name: r\n" + lines + "    then: [deny]\n";
  const auto loaded = PolicySet::load({{"p.policy.yaml", text}}, vocabulary(), {});
  return loaded ? Diagnostics() : loaded.error();
}

struct Mistake {
  const char* match;
  std::uint32_t col;
  const char* message;
  const char* hint;
};

}  // namespace

TEST_CASE("a condition that cannot be meant is told in the words of the policy") {
  const Mistake mistakes[] = {
      // Facts that there are not.
      {"query.table: t", 13, "there is no fact query.table", "did you mean tables?"},
      {"query.tables.nam: t", 13, "there is no fact query.tables.nam", "did you mean name?"},
      {"query.tables: {any: {nam: t}}", 34, "an element of query.tables has no nam", "did you mean name?"},
      {"query.kinds.name: t", 13, "each of query.kinds is a string: it has no name", "query.kinds: .."},
      {"query.kinds: {any: {name: t}}", 33, "each of query.kinds is a string: it has no name",
       "query.kinds: .."},
      {"query.kind.x: t", 13, "query.kind is a string: it has no x", "query.kind: .."},
      {"query.tables.name.x: 5", 13, "query.tables.name is a string: it has no x", "query.tables.name: .."},
      {"query.where.id.x: 5", 13,
       "query.where.id is a string or a number or a boolean or nothing: it has no x", "query.where.id: .."},
      {"query.tables.where.id.x: 5", 13,
       "query.tables.where.id is a string or a number or a boolean or nothing: it has no x",
       "query.tables.where.id: .."},
      {"signal.injection: x", 13, "there is no fact signal.injection", "did you mean signals?"},
      {"query..kind: x", 13, "\"query..kind\" is no path",
       "names with a dot between any two, such as query.kind"},
      // Values that a fact never has.
      {"query.has_where: \"no\"", 30, "query.has_where is a boolean, never a string",
       "true or false, without quotes"},
      {"query.has_where: 5", 30, "query.has_where is a boolean, never a number",
       "true or false, without quotes"},
      {"query.kind: 5", 25, "query.kind is a string, never a number",
       "a text; with quotes where it looks like something else"},
      {"query.kind: selct", 25, "query.kind is never selct", "did you mean select?"},
      {"query.kind: [delete, udpate]", 34, "query.kind is never udpate", "did you mean update?"},
      {"query.kinds: {in: [DELETE]}", 32, "query.kinds is never DELETE", "did you mean delete?"},
      {"query.kinds: {in: [xyzzy]}", 32, "query.kinds is never xyzzy",
       "signalbox policy schema lists what it may be"},
      {"query.tables.access: writes", 34, "query.tables.access is never writes", "did you mean write?"},
      {"query.tables: {any: {access: writes}}", 42, "query.tables.access is never writes",
       "did you mean write?"},
      {"query.tables: {not: {any: {name: 5}}}", 46, "query.tables.name is a string, never a number",
       "a text; with quotes where it looks like something else"},
      {"query.kind: ~", 13, "query.kind is a string, never nothing",
       "for a fact that is not there: {exists: false}"},
      {"session.queries: \"5\"", 30, "session.queries is an integer, never a string",
       "a number, without quotes"},
      {"hook: nohook", 19, "hook is never nohook", nullptr},
      // Lists and objects.
      {"query.tables: orders", 27, "each of query.tables is an object: a condition is about a member of it",
       "query.tables.schema: .., or query.tables: {any: {schema: ..}}"},
      {"query: select", 20, "query is an object: a condition is about a member of it", "query.text: .."},
      {"query.tables: {prefix: x}", 36,
       "each of query.tables is an object: a condition is about a member of it",
       "query.tables.schema: .., or query.tables: {any: {schema: ..}}"},
      {"query.kind: {any: {x: 1}}", 26, "any is for lists, and stands alone: query.tables: {any: {..}}", ""},
      // Conditions of the wrong kind.
      {"query.has_where: {glob: \"x*\"}", 37, "query.has_where is a boolean: glob is for texts", ""},
      {"query.has_where: \"x*\"", 30, "query.has_where is a boolean: a pattern is for texts", ""},
      {"session.queries: {regex: \"1.\"}", 38, "session.queries is an integer: regex is for texts", ""},
      {"query.kind: {range: {min: 3}}", 39, "query.kind is a string: a number is no bound for it", ""},
      {"session.queries: {range: [a, b]}", 39, "session.queries is an integer: a string is no bound for it",
       ""},
      {"query.tables: {range: [1, 2]}", 36,
       "each of query.tables is an object: a condition is about a member of it",
       "query.tables.schema: .., or query.tables: {any: {schema: ..}}"},
      {"query.kind: {exists: maybe}", 34, "exists must be true or false, not a string", ""},
      {"session.user: {in: []}", 28, "an empty list matches nothing", ""},
      {"session.user: {globb: x}", 28, "unknown condition globb", "did you mean glob?"},
      // Patterns that would be an error of every evaluation.
      {"query.text: {regex: \"(\"}", 33, "( is no regular expression", "RE2's syntax"},
      {"query.text: {not: {regex: [a, \"[\"]}}", 43, "[ is no regular expression", "RE2's syntax"},
      {"client.address: {cidr: 10.0.0.0/33}", 36, "10.0.0.0/33 is no network",
       "10.0.0.0/8, 2001:db8::/32, or an address"},
      {"client.address: {cidr: [10.0.0.0/8, localnet]}", 49, "localnet is no network",
       "10.0.0.0/8, 2001:db8::/32, or an address"},
      {"session.user: {glob: \"[a\"}", 34, "[a is no pattern",
       "* ? [a-z] {this,that}; \\ takes the meaning of one away"},
  };
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.match);
    const Diagnostics errors = complaints(std::string("    match: {") + mistake.match + "}\n");
    REQUIRE_FALSE(errors.empty());
    CHECK(errors.front().message == mistake.message);
    CHECK(errors.front().at.file == "p.policy.yaml");
    CHECK(errors.front().at.row == 4);
    CHECK(errors.front().at.col == mistake.col);
    if (mistake.hint != nullptr) CHECK(errors.front().hint == mistake.hint);
    CHECK(errors.front().source_line.starts_with("    match: {"));
    for (const Diagnostic& error : errors) {
      const std::string all = error.message + error.hint;
      CHECK(all.find("item") == std::string::npos);
      CHECK(all.find("__local") == std::string::npos);
    }
  }
}

TEST_CASE("what looks odd and makes sense is fine") {
  for (const char* match :
       {"query.kind: {glob: \"drop_*\"}", "query.where.id: 5", "query.where.id: x", "query.limit: null",
        "query.limit: {range: {min: 3}}", "query.tables: {exists: true}",
        "query.tables: {any: {name: {exists: true}, access: [read, write]}}", "session.tags.team: x",
        "client.tls: ~", "client.tls.version: TLSv1.3", "query.sets.value: 3", "session.user: \"\"",
        "input.query.kind: select"}) {
    CAPTURE(match);
    CHECK(to_text(complaints(std::string("    match: {") + match + "}\n")).empty());
  }
}

TEST_CASE("names that are generated are none that the author uses") {
  CHECK(to_text(complaints("    match: {query.tables.name: t}\n    when: some item1 in input.query.kinds; "
                           "item1 == \"select\"\n"))
            .empty());
  const Diagnostics errors = complaints("    match: {query.tables.name: t}\n    when: item1.name == \"x\"\n");
  REQUIRE_FALSE(errors.empty());
  CHECK(errors.front().message == "var item1 is unsafe");
  CHECK(errors.front().at.row == 5);
}

TEST_CASE("mistakes in when are told where they stand") {
  struct {
    const char* when;
    std::uint32_t row, col;
    const char* message;
  } const mistakes[] = {
      {"    when: input.query.knd == \"x\"\n", 4, 11, "undefined ref: input.query.knd"},
      {"    when: |\n      some t in input.query.tables\n      t.nam == \"x\"\n", 6, 7,
       "undefined ref: t.nam"},
      {"    when: input.query.has_where == 5\n", 4, 11, "match error"},
      {"    when: 'x == 1'\n", 4, 12, "var x is unsafe"},
      {"    when: [input.a.b, \"nosuch(1)\"]\n", 4, 24, "undefined function nosuch"},
  };
  for (const auto& mistake : mistakes) {
    CAPTURE(mistake.when);
    const Diagnostics errors = complaints(mistake.when);
    REQUIRE_FALSE(errors.empty());
    CHECK(errors.back().message == mistake.message);
    CHECK(errors.back().at.row == mistake.row);
    CHECK(errors.back().at.col == mistake.col);
    CHECK_FALSE(errors.back().source_line.empty());
  }
}
