// Statements inside statements: each has facts of its own, which are those it would have standing alone.
#include <catch2/catch.hpp>
#include <string>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

/// "explain>delete: write t, read u [where]; ..."
std::string inner_of(std::string_view sql) {
  const QueryFacts facts = analyze(sql);
  INFO(sql);
  REQUIRE_FALSE(facts.parse_error);
  std::string out;
  for (const StatementFacts& one : facts.inner) {
    if (!out.empty()) out += "; ";
    for (const std::string_view kind : one.within) out += std::string(kind) + ">";
    out += std::string(one.kind) + ":";
    if (!one.tables.empty()) out += " " + tables(one);
    if (one.has_where) out += " where";
  }
  return out;
}

struct Case {
  const char* sql;
  const char* inner;
};

constexpr Case kCases[] = {
    {"SELECT * FROM t WHERE id IN (SELECT 1)", ""},
    {"SELECT 1 UNION SELECT 2", ""},
    {"WITH x AS (SELECT * FROM t) SELECT * FROM x", ""},
    {"INSERT INTO t SELECT * FROM u", ""},
    {"EXPLAIN DELETE FROM t", "explain>delete: write t"},
    {"EXPLAIN ANALYZE DELETE FROM t WHERE a = 1", "explain>delete: write t, read t where"},
    {"EXPLAIN SELECT 1 UNION SELECT 2 FROM t", "explain>select: read t"},
    {"EXPLAIN ANALYZE CREATE TABLE n AS SELECT * FROM t",
     "explain>create_table_as: define n, read t; explain>create_table_as>select: read t"},
    {"PREPARE p AS DELETE FROM t", "prepare>delete: write t"},
    {"PREPARE p AS WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
     "prepare>select: write t, read t; prepare>select>delete: write t, read t"},
    {"DECLARE c CURSOR FOR SELECT * FROM t", "declare_cursor>select: read t"},
    {"COPY (DELETE FROM t RETURNING *) TO STDOUT", "copy>delete: write t, read t"},
    {"COPY (SELECT * FROM t) TO STDOUT", "copy>select: read t"},
    {"COPY t TO STDOUT", ""},
    {"CREATE TABLE n AS SELECT * FROM t", "create_table_as>select: read t"},
    {"CREATE TABLE n AS EXECUTE p", "create_table_as>execute:"},
    {"CREATE MATERIALIZED VIEW v AS SELECT * FROM t", "create_materialized_view>select: read t"},
    {"EXPLAIN ANALYZE EXECUTE p", "explain>execute:"},
    {"WITH d AS (DELETE FROM t), u AS (UPDATE v SET a = 1 WHERE b = 2) SELECT 1",
     "select>delete: write t; select>update: write v, read v where"},
    {"WITH x AS (SELECT * FROM s), d AS (DELETE FROM t USING x WHERE t.a = x.a) SELECT 1",
     "select>delete: write t, read t where"},
    {"WITH d AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM d", "insert>delete: write t, read t"},
    {"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM v", "create_rule>delete: write v"},
    {"CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1",
     "create_schema>create_table: define t; create_schema>create_view: define v"},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC DELETE FROM t; SELECT 1; END",
     "create_function>delete: write t"},
};

}  // namespace

TEST_CASE("statements inside statements are found") {
  for (const Case& one : kCases) {
    INFO(one.sql);
    CHECK(inner_of(one.sql) == one.inner);
  }
}

TEST_CASE("a statement inside another has the facts it has alone") {
  const char* alone[] = {"DELETE FROM t", "UPDATE t SET a = 1 WHERE b = 2 AND c = 'x'",
                         "SELECT a, f(b) FROM t JOIN u ON t.i = u.i WHERE t.tenant = 5 LIMIT 3",
                         "INSERT INTO t (a) SELECT b FROM u WHERE c = 1 RETURNING a"};
  for (const std::string sql : alone) {
    const StatementFacts expected = facts_of(sql);
    for (const std::string around : {"EXPLAIN ANALYZE ", "PREPARE p AS "}) {
      const QueryFacts facts = analyze(around + sql);
      INFO(around + sql);
      REQUIRE(facts.inner.size() == 1);
      const StatementFacts& inner = facts.inner.front();
      CHECK(inner.kind == expected.kind);
      CHECK(inner.kinds == expected.kinds);
      CHECK(tables(inner) == tables(expected));
      CHECK(columns(inner) == columns(expected));
      CHECK(where(inner.where) == where(expected.where));
      CHECK(inner.has_where == expected.has_where);
      CHECK(inner.has_limit == expected.has_limit);
      CHECK(inner.read_only == expected.read_only);
      CHECK(inner.functions == expected.functions);
    }
  }
}

TEST_CASE("a statement inside another belongs to the one around it") {
  const std::string sql = "SELECT 1; EXPLAIN DELETE FROM t; WITH d AS (DELETE FROM u) SELECT 2";
  const QueryFacts facts = analyze(sql);
  REQUIRE(facts.parts.size() == 3);
  REQUIRE(facts.inner.size() == 2);
  CHECK(facts.inner[0].index == 1);
  CHECK(facts.inner[1].index == 2);
  CHECK(text_of(facts.inner[0], sql) == "EXPLAIN DELETE FROM t");
}

TEST_CASE("nesting beyond what PostgreSQL accepts is too complex") {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 40; ++i)
    sql = "WITH d" + std::to_string(i) + " AS (" + sql + ") DELETE FROM t" + std::to_string(i);
  const QueryFacts facts = analyze(sql);
  REQUIRE(facts.parse_error);
  CHECK(facts.parse_error->sqlstate == "54001");
}

TEST_CASE("EXECUTE has its arguments") {
  const QueryFacts facts = analyze("EXECUTE p(1, 'x', null, 1 + 1)");
  const std::vector<Literal> expected = {Literal::of(std::int64_t{1}), Literal::string("x"), Literal::null(),
                                         Literal::unknown()};
  CHECK(facts.whole.arguments == expected);
}

}  // namespace signalbox::sql::test
