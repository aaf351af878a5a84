// Rewriting: the text that comes out. What it means is PostgreSQL's to say: tests/e2e/test_rewriting.py runs
// such statements on a server.
#include "sql/rewrite.h"

#include <catch2/catch.hpp>

#include "sql/grammar.h"

using namespace signalbox::sql;

namespace {

/// The same by every grammar in the build.
std::string rewritten(std::string_view text, const Rewrite& edits) {
  std::vector<std::string> texts;
  for (const Grammar* grammar : grammars()) {
    const auto done = rewrite(text, edits, {.server_version = grammar->major});
    texts.push_back(done ? done->text + (done->tag ? " -- " + *done->tag : "")
                         : "refused: " + done.error().message);
    CHECK(texts.back() == texts.front());
  }
  return texts.front();
}

Rewrite where(std::string condition, std::vector<std::optional<std::string>> values = {}) {
  return {.conditions = {
              {.schema = {}, .table = "t", .condition = std::move(condition), .values = std::move(values)}}};
}

struct Case {
  const char* text;
  const char* expected;
};

}  // namespace

TEST_CASE("a condition holds wherever the table is read") {
  const Case cases[] = {
      {"select * from t", "SELECT * FROM (SELECT * FROM t WHERE k = 1) t"},
      {"select x.a from public.t x where a = 2",
       "SELECT x.a FROM (SELECT * FROM public.t WHERE k = 1) x WHERE a = 2"},
      {"select * from a left join t on t.a = a.a",
       "SELECT * FROM a LEFT JOIN (SELECT * FROM t WHERE k = 1) t ON t.a = a.a"},
      {"select (select max(a) from t), 1 from u",
       "SELECT (SELECT max(a) FROM (SELECT * FROM t WHERE k = 1) t), 1 FROM u"},
      {"with s as (select * from t) select * from s",
       "WITH s AS (SELECT * FROM (SELECT * FROM t WHERE k = 1) t) SELECT * FROM s"},
      {"with t as (select 1) select * from t", "WITH t AS (SELECT 1) SELECT * FROM t"},
      {"select * from u", "SELECT * FROM u"},
      {"update t set a = 1", "UPDATE t SET a = 1 WHERE k = 1"},
      {"update t set a = 1 where b = 2 or c = 3", "UPDATE t SET a = 1 WHERE (b = 2 OR c = 3) AND k = 1"},
      {"update t x set a = u.a from u where u.b = x.b",
       "UPDATE t x SET a = u.a FROM u WHERE u.b = x.b AND x.k = 1"},
      {"delete from t", "DELETE FROM t WHERE k = 1"},
      {"delete from u using t", "DELETE FROM u USING (SELECT * FROM t WHERE k = 1) t"},
      {"insert into t values (1)", "INSERT INTO t VALUES (1)"},
      {"insert into u select * from t", "INSERT INTO u SELECT * FROM (SELECT * FROM t WHERE k = 1) t"},
      {"prepare p as select * from t", "PREPARE p AS SELECT * FROM (SELECT * FROM t WHERE k = 1) t"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(rewritten(one.text, where("k = 1")) == one.expected);
  }
}

TEST_CASE("what a condition does not fit is refused") {
  for (const char* text :
       {"truncate t", "lock table t", "copy t to stdout", "select * from t tablesample system (1)",
        "merge into t using u on true when matched then delete", "select 1; select 2", "not sql",
        "delete from t where current of c"}) {
    INFO(text);
    CHECK(rewritten(text, where("k = 1")).starts_with("refused: "));
  }
}

TEST_CASE("values are literals whatever they hold") {
  CHECK(rewritten("select 1 from t", where("k = $1", {"x' or '1'='1"})) ==
        "SELECT 1 FROM (SELECT * FROM t WHERE k = 'x'' or ''1''=''1') t");
  CHECK(rewritten("select 1 from t", where("k = $1", {"a\\b"})) ==
        "SELECT 1 FROM (SELECT * FROM t WHERE k = E'a\\\\b') t");
  CHECK(rewritten("select 1 from t", where("k = $1", {std::nullopt})) ==
        "SELECT 1 FROM (SELECT * FROM t WHERE k = NULL) t");
  CHECK(rewritten("select 1 from t", where("k = '$1'", {"x"})) ==
        "SELECT 1 FROM (SELECT * FROM t WHERE k = '$1') t");
  for (const char* condition : {"k = 1 limit 3", "k = 1; drop table t", "k =", "k = $2"}) {
    INFO(condition);
    CHECK(rewritten("select 1 from t", where(condition, {"x"})).starts_with("refused: "));
  }
  CHECK_FALSE(
      rewritten("select 1 from t", where("k in (select k from u) and not gone")).starts_with("refused: "));
}

TEST_CASE("limits, tables, schemas, columns") {
  CHECK(rewritten("select a from t", {.limit = 5}) == "SELECT a FROM t LIMIT 5");
  CHECK(rewritten("select a from t limit 3", {.limit = 5}) == "SELECT a FROM t LIMIT 3");
  CHECK(rewritten("select a from t limit all", {.limit = 5}) == "SELECT a FROM t LIMIT 5");
  CHECK(rewritten("select a from t limit $1", {.limit = 5}) ==
        "SELECT a FROM t LIMIT pg_catalog.int8smaller(COALESCE($1::bigint, 5), 5)");
  CHECK(rewritten("select a from t union select b from u", {.limit = 5}) ==
        "SELECT a FROM t UNION SELECT b FROM u LIMIT 5");
  CHECK(rewritten("select t.a from t, public.t u", {.tables = {{"t", "archive.t2"}}}) ==
        "SELECT t.a FROM archive.t2 t, archive.t2 u");
  CHECK(rewritten("insert into t values (1)", {.tables = {{"t", "t2"}}}) == "INSERT INTO t2 AS t VALUES (1)");
  CHECK(rewritten("select * from t, public.u, pg_class", {.schema = "tenant"}) ==
        "SELECT * FROM tenant.t, public.u, pg_class");
  CHECK(rewritten("select * from t", {.columns = {"a", "b"}}) == "SELECT a, b FROM t");
  CHECK(rewritten("select a, c, a + b from t", {.columns = {"a", "b"}}) == "SELECT a, a + b FROM t");
  CHECK(rewritten("select a + c from t", {.columns = {"a"}}).starts_with("refused: "));
  CHECK(rewritten("select c from t", {.columns = {"a"}}).starts_with("refused: "));
}

TEST_CASE("what stands in a string is out of reach") {
  const char* kBodies[] = {"do $$ begin update t set a = 1; end $$",
                           "do $$ begin perform (select max(a) from public.t); end $$",
                           "create function f() returns setof t language sql as 'select * from t'",
                           "do $$ begin execute 'select ' || 1; end $$",
                           "select query_to_xml('select * from t', true, true, '')",
                           "select 1 from u where table_to_xml('t', true, true, '') is null"};
  for (const char* text : kBodies) {
    INFO(text);
    CHECK(rewritten(text, where("k = 1")).starts_with("refused: "));
    CHECK(rewritten(text, {.tables = {{"t", "t2"}}}).starts_with("refused: "));
    CHECK(rewritten(text, {.limit = 5}).starts_with("refused: ") == false);
  }
  CHECK(rewritten("do $$ begin update u set a = 1; end $$", {.schema = "tenant"}).starts_with("refused: "));
  for (const char* text : {"do $$ begin update u set a = 1; end $$",
                           "create function f() returns int language sql as 'select 1'"}) {
    INFO(text);
    CHECK(rewritten(text, where("k = 1")).starts_with("refused: ") == false);
  }
}

TEST_CASE("statements that find nothing to do") {
  const Rewrite nothing{.nothing = true};
  const Case cases[] = {
      {"select a from t limit 3 offset 1", "SELECT a FROM t LIMIT 0"},
      {"update t set a = 1 where b = 2 returning a", "UPDATE t SET a = 1 WHERE false RETURNING a"},
      {"delete from t", "DELETE FROM t WHERE false"},
      {"insert into t (a, b) values ($1, default), (3, 4)", "INSERT INTO t (a, b) SELECT $1, NULL LIMIT 0"},
      {"insert into t select * from u", "INSERT INTO t SELECT * FROM u LIMIT 0"},
      {"drop table t", "UNLISTEN \"discarded by the gateway\" -- DROP TABLE"},
      {"truncate t", "UNLISTEN \"discarded by the gateway\" -- TRUNCATE TABLE"},
      {"set work_mem = 1", "UNLISTEN \"discarded by the gateway\" -- SET"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    CHECK(rewritten(one.text, nothing) == one.expected);
  }
  for (const char* text : {"copy t from stdin", "execute p", "explain select 1", "begin", "rollback",
                           "show work_mem", "with d as (delete from t returning a) select * from d",
                           "select 1 into x", "select 1 into x union select 2"}) {
    INFO(text);
    CHECK(rewritten(text, nothing).starts_with("refused: "));
  }
}

TEST_CASE("parameters that the new text has no more are told") {
  for (const Grammar* grammar : grammars()) {
    const auto done = rewrite("insert into t values ($1, $2), ($3, $4)", {.nothing = true},
                              {.server_version = grammar->major});
    REQUIRE(done);
    CHECK(done->parameters == 4);
    CHECK(done->unused == std::vector<std::int32_t>{3, 4});
  }
}

TEST_CASE("deep statements are refused, not walked to the end of the stack") {
  std::string sum = "select 1";
  for (int i = 0; i < 100'000; ++i) sum += " + 1";
  CHECK(rewritten(sum + " from t", where("k = 1")).starts_with("refused: "));
}
