// Tests of policies in YAML: what holds, what differs, and mistakes in the files themselves.
#include "app/policies/event_tests.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "app/policies/library.h"

using namespace signalbox;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDrops = R"(policy: drops
rules:
  - name: drops
    match: {query.kind: drop_table, session.user: {not: [dba]}}
    when: data.drops.enabled
    then:
      - deny: {sqlstate: "42501", message: "no {{ query.kind }}"}
      - log: {level: notice}
)";

struct Folder {
  fs::path path = [] {
    std::string pattern = (fs::temp_directory_path() / "sb-event-tests-XXXXXX").string();
    return fs::path(::mkdtemp(pattern.data()));
  }();
  ~Folder() { fs::remove_all(path); }

  using Results = std::expected<std::vector<policy::testing::TestResult>, Diagnostics>;
  Results run(const std::string& text, const std::string& pattern = "") const {
    const fs::path file = path / "drops.test.yaml";
    std::ofstream(file) << text;
    std::vector<policy::SourceFile> files{{"drops.policy.yaml", std::string(kDrops), {}},
                                          {"drops/data.yaml", "enabled: true\n", {}}};
    auto suite = app::EventSuite::load(std::move(files), {file}, pattern);
    if (!suite) return std::unexpected(suite.error());
    std::vector<policy::testing::TestResult> out;
    const auto done = suite->run([&](const auto& result) { out.push_back(result); });
    if (!done) return std::unexpected(done.error());
    return out;
  }

  /// "pass", or what the one case says.
  std::string one(const std::string& expect, const std::string& event = "{statement: DROP TABLE t}",
                  const std::string& head = "") const {
    const auto results =
        run(head + "cases:\n  - name: one\n    event: " + event + "\n    expect: " + expect + "\n");
    if (!results) return to_text(results.error());
    REQUIRE(results->size() == 1);
    return results->front().passed() ? "pass" : results->front().output;
  }

  /// "row:col message" of the first mistake.
  std::string mistake(const std::string& text) const {
    const auto results = run(text);
    REQUIRE_FALSE(results);
    const Diagnostic& first = results.error().front();
    CHECK(first.at.file == (path / "drops.test.yaml").string());
    return fmt::format("{}:{} {}", first.at.row, first.at.col, first.message);
  }
};

}  // namespace

TEST_CASE("an event test compares verdict, message and the actions asked for") {
  const Folder folder;
  CHECK(folder.one("deny") == "pass");
  CHECK(
      folder.one("{verdict: deny, message: no drop_table, actions: [log, {deny: {sqlstate: \"42501\"}}]}") ==
      "pass");
  CHECK(folder.one("{verdict: allow, actions: []}", "{statement: SELECT 1}") == "pass");
  CHECK(folder.one("allow").starts_with("the verdict is deny (requested), not allow\n  asked for: deny "));
  CHECK(folder.one("{message: no}") == "the message is \"no drop_table\", not \"no\"\n");
  CHECK(folder.one("{actions: [deny]}").starts_with("not expected: log "));
  CHECK(folder.one("{actions: [log, {deny: {sqlstate: \"42000\"}}]}").starts_with("no rule asks for deny"));
}

TEST_CASE("what a statement does is computed from its text") {
  const Folder folder;
  CHECK(folder.one("deny", "{statement: SELECT 1; DROP TABLE t}") == "pass");
  CHECK(folder.one("allow", "{statement: DROP VIEW v}") == "pass");
}

TEST_CASE("cases share an event and data, and change what they need") {
  const Folder folder;
  CHECK(folder.one("allow", "{statement: DROP TABLE t}", "event: {session: {user: dba}}\n") == "pass");
  CHECK(folder.one("deny", "{statement: DROP TABLE t, session: {user: ann}}",
                   "event: {session: {user: dba}}\n") == "pass");
  CHECK(folder.one("allow", "{statement: DROP TABLE t}", "data: {drops: {enabled: false}}\n") == "pass");
  CHECK(folder.one("deny", "{statement: DROP TABLE t}", "data: {other: 1}\n") == "pass");
}

TEST_CASE("event tests are chosen by name, and may be left for later") {
  const Folder folder;
  const std::string text =
      "cases:\n  - name: first\n    event: {statement: SELECT 1}\n    expect: allow\n"
      "  - {name: second, todo: true}\n";
  const auto all = folder.run(text);
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  CHECK((*all)[0].at.row == 2);
  CHECK((*all)[1].skip);
  const auto chosen = folder.run(text, "drops.fir");
  REQUIRE(chosen);
  CHECK(chosen->size() == 1);
}

TEST_CASE("mistakes in an event test are told at their place") {
  const Folder folder;
  CHECK(folder.mistake("cases:\n  - name: one\n    evnt: {statement: SELECT 1}\n    expect: deny\n") ==
        "3:5 unknown key evnt in a case");
  CHECK(folder.mistake(
            "cases:\n  - name: one\n    event: {statement: x, session: {usr: ann}}\n    expect: deny\n") ==
        "3:37 session has no member \"usr\"");
  CHECK(folder.mistake("event: {hook: later}\ncases:\n  - name: one\n    expect: deny\n") ==
        "1:9 there is no hook \"later\"");
  CHECK(folder.mistake("cases:\n  - name: one\n    expect: denied\n") ==
        "3:13 there is no verdict \"denied\"");
  CHECK(folder.mistake("cases:\n  - name: one\n    expect: {actions: [refuse]}\n") ==
        "3:24 there is no action \"refuse\"");
  CHECK(folder.mistake("cases:\n  - name: one\n    expect: {actions: [{deny: {sqlstat: x}}]}\n") ==
        "3:32 unknown key sqlstat in deny");
  CHECK(folder.mistake("cases:\n  - name: one\n    event: {time: noon}\n    expect: deny\n") ==
        "3:13 \"noon\" is no time, such as 2026-12-24T12:00:00Z");
  CHECK(folder.mistake("cases:\n  - name: one\n") == "2:5 a case needs to say what it expects");
  CHECK(folder.mistake("policy: drop\ncases:\n  - name: one\n    expect: deny\n") ==
        "3:5 there is no policy \"drop\"");
  CHECK(folder.mistake("cases: [\n").starts_with("2:1 "));
}

TEST_CASE("signals: what detectors remember is told, what they compute is not") {
  const Folder folder;
  CHECK(folder.one("allow", "{statement: SELECT 1, signals: {rate: 7, mine: true}}") == "pass");
  CHECK(folder.mistake("cases:\n  - name: one\n    event: {signals: {dangerous: [drop]}}\n    expect: deny\n")
            .ends_with("the signal dangerous is computed from the event"));
}
