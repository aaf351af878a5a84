// The shipped policies, loaded as the gateway loads them and asked about statements.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "admin/rehearsal.h"
#include "app/policies/directory.h"
#include "app/policies/event_tests.h"
#include "app/policies/library.h"
#include "proxy/hooks/policies.h"

using namespace signalbox;

namespace {

struct Rules {
  std::shared_ptr<const policy::PolicySet> set = [] {
    auto loaded = app::load_policies({SIGNALBOX_SOURCE_DIR "/rules"});
    if (!loaded) FAIL(to_text(loaded.error()));
    return *loaded;
  }();
  policy::Evaluator evaluator;

  nlohmann::json decide(const std::string& statement) {
    admin::Scene scene;
    scene.statement = statement;
    return nlohmann::json::parse(
        admin::rehearse(set, evaluator, {}, SystemClock(), scene).value())["decision"];
  }
  std::string verdict(const std::string& statement) { return decide(statement)["plan"]["verdict"]; }
};

}  // namespace

TEST_CASE("the shipped policies refuse what they say they refuse") {
  Rules rules;
  for (const char* statement :
       {"DELETE FROM t", "UPDATE t SET a = 1", "UPDATE t SET a = 1 WHERE true",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "SELECT 1; DELETE FROM t",
        "COPY t TO PROGRAM 'sh'", "COPY t FROM '/etc/passwd'", "SELECT pg_read_file('/etc/passwd')",
        "ALTER SYSTEM SET work_mem = 1", "DROP DATABASE d", "SELEC 1", "LOAD 'x'"}) {
    INFO(statement);
    CHECK(rules.verdict(statement) == "deny");
  }
}

TEST_CASE("the shipped policies let ordinary work pass") {
  Rules rules;
  for (const char* statement :
       {"SELECT 1", "", "DELETE FROM t WHERE id = 1", "UPDATE t SET a = 1 WHERE id > 0",
        "INSERT INTO t VALUES (1)", "COPY t FROM STDIN", "COPY t TO STDOUT", "BEGIN", "TRUNCATE t",
        "CREATE TABLE t (a int)", "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', '')",
        "VACUUM t", "SET search_path = public", "TRUNCATE pgbench_accounts, pgbench_branches"}) {
    INFO(statement);
    CHECK(rules.verdict(statement) == "allow");
  }
}

TEST_CASE("a statement that does not parse is refused with PostgreSQL's code and message") {
  Rules rules;
  const auto request = rules.decide("SELEC 1")["requests"][0];
  CHECK(request["parameters"]["sqlstate"] == "42601");
  CHECK(request["policy"] == "parse_errors");
}

TEST_CASE("schema changes are logged, not refused") {
  Rules rules;
  for (const char* statement : {"CREATE TABLE t (a int)", "GRANT SELECT ON t TO ann", "DROP TABLE t"}) {
    INFO(statement);
    const auto decision = rules.decide(statement);
    CHECK(decision["plan"]["verdict"] == "allow");
    CHECK(decision["plan"]["async"][0]["action"] == "log");
  }
}

TEST_CASE("packs and signals are off: they read nothing, and decisions are remembered") {
  Rules rules;
  const proxy::Policies policies(rules.set, 1);
  for (std::size_t i = 0; i < actions::kHookCount; ++i) {
    const auto hook = static_cast<actions::Hook>(i);
    INFO(actions::name(hook));
    CHECK(policies.subscribed(hook) == (hook == actions::Hook::TrafficFromClient));
    for (const std::string& path : policies.paths(hook)) CHECK_FALSE(path.starts_with("signals"));
  }
  CHECK(policies.reads(actions::Hook::TrafficFromClient).memo);
  CHECK_FALSE(policies.reads(actions::Hook::TrafficFromClient).parameters);
}

TEST_CASE("a pack that is turned on works with what it is shipped with") {
  struct Case {
    const char* pack;
    const char* statement;
    const char* user;
  };
  const Case c = GENERATE(values<Case>({{"read_only", "INSERT INTO t VALUES (1)", "ann"},
                                        {"no_unbounded_writes", "TRUNCATE t", "ann"},
                                        {"ddl_freeze", "CREATE TABLE t (a int)", "ann"},
                                        {"pii_columns", "SELECT email FROM customers", "ann"},
                                        {"injection_shapes", "SELECT * FROM t WHERE a = 1 OR 1=1", "ann"},
                                        {"dangerous_functions", "SELECT pg_sleep(1)", "ann"},
                                        {"superuser_guard", "SET ROLE postgres", "ann"}}));
  CAPTURE(c.pack);
  auto files = app::read_directory(SIGNALBOX_SOURCE_DIR "/rules");
  REQUIRE(files);
  for (policy::SourceFile& file : *files) {
    if (file.path != std::string("packs/") + c.pack + "/data.yaml") continue;
    file.text.replace(file.text.find("enabled: false"), 14, "enabled: true");
  }
  const auto set = policy::PolicySet::load(std::move(*files), app::host_vocabulary());
  if (!set) FAIL(to_text(set.error()));
  policy::Evaluator evaluator;
  admin::Scene scene;
  scene.session.user = c.user;
  scene.statement = c.statement;
  const auto decision = [&] {
    return nlohmann::json::parse(
        admin::rehearse(*set, evaluator, {}, SystemClock(), scene).value())["decision"];
  };
  const auto refused = decision();
  CHECK(refused["plan"]["verdict"] == "deny");
  CHECK(refused["requests"].dump().contains(c.pack));
  scene.statement = "SELECT a FROM t WHERE id = 1";
  CHECK(decision()["plan"]["verdict"] == "allow");
}

TEST_CASE("the tests that the shipped policies come with hold") {
  namespace fs = std::filesystem;
  std::vector<fs::path> tests;
  for (const auto& entry : fs::recursive_directory_iterator(SIGNALBOX_SOURCE_DIR "/rules")) {
    if (app::is_event_test(entry.path())) tests.push_back(entry.path());
  }
  for (const auto& pack : fs::directory_iterator(SIGNALBOX_SOURCE_DIR "/rules/packs")) {
    if (!pack.is_directory()) continue;
    INFO(pack.path());
    CHECK(
        std::ranges::any_of(tests, [&](const fs::path& test) { return test.parent_path() == pack.path(); }));
  }
  auto files = app::read_directory(SIGNALBOX_SOURCE_DIR "/rules");
  REQUIRE(files);
  auto suite = app::EventSuite::load(std::move(*files), tests, "");
  if (!suite) FAIL(to_text(suite.error()));
  const auto done = suite->run([](const policy::testing::TestResult& result) {
    INFO(result.at.file << ":" << result.at.row << " " << result.name << "\n" << result.output);
    CHECK(result.passed());
  });
  if (!done) FAIL(to_text(done.error()));
}
