// Equalities at top level AND, what counts as a WHERE, LIMIT, joins, locks, and bound parameters.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

using namespace std::string_literals;

struct Words {
  const char* sql;
  const char* expected;
};

constexpr Words kWhere[] = {
    {"SELECT * FROM t WHERE id = 1", "id=1"},
    {"SELECT * FROM t WHERE 1 = id", "id=1"},
    {"SELECT * FROM t x WHERE x.id = 1", "id=1"},
    {"SELECT * FROM t WHERE a = 'x' AND (b = 2 AND c = -3) AND d > 4", "a='x', b=2, c=-3"},
    {"SELECT * FROM t WHERE a = 1 OR b = 2", ""},
    {"SELECT * FROM t WHERE (a = 1 OR b = 2) AND c = 3", "c=3"},
    {"SELECT * FROM t WHERE NOT (a = 1)", ""},
    {"SELECT * FROM t WHERE a = 1 AND a = 2", ""},
    {"SELECT * FROM t WHERE a = 1 AND a = 1", "a=1"},
    {"SELECT * FROM t WHERE a = 1.50 AND b = .5 AND c = 10000000000 AND d = 1e3",
     "a=1.50, b=0.5, c=10000000000, d=1e3"},
    {"SELECT * FROM t WHERE a IS NULL AND b IS NOT NULL", "a=null"},
    {"SELECT * FROM t WHERE a = NULL", ""},
    {"SELECT * FROM t WHERE a AND NOT b AND c IS TRUE AND d = false", "a=true, b=false, c=true, d=false"},
    {"SELECT * FROM t WHERE a IN (1)", "a=1"},
    {"SELECT * FROM t WHERE a IN (1, 2)", ""},
    {"SELECT * FROM t WHERE a NOT IN (1)", ""},
    {"SELECT * FROM t WHERE (a, b) = (1, 'x')", "a=1, b='x'"},
    {"SELECT * FROM t, u WHERE (u.*, a, 1) = (1, 1, u.*)", ""},
    {"SELECT * FROM t, u WHERE ((u).*, a) = (b, 1)", ""},
    {"SELECT * FROM t WHERE a IS NOT DISTINCT FROM 1", "a=1"},
    {"SELECT * FROM t WHERE a OPERATOR(pg_catalog.=) 1", "a=1"},
    {"SELECT * FROM t WHERE a OPERATOR(evil.=) 1", ""},
    {"SELECT * FROM t WHERE a = b", ""},
    {"SELECT * FROM t WHERE a = 1 + 1", ""},
    {"SELECT * FROM t WHERE lower(a) = 'x'", ""},
    {"SELECT * FROM t WHERE a::text = 'x'", ""},
    {"SELECT * FROM t WHERE a = '5'::int AND b = 5::text AND c = 't'::bool", "a=5, b='5', c=true"},
    {"SELECT * FROM t WHERE a = 'abcdef'::varchar(3)", ""},
    {"SELECT * FROM t WHERE a = 5.7::int", ""},
    {"SELECT * FROM t WHERE a = 'x'::my_type", ""},
    {"SELECT * FROM t WHERE a = 16777217::real AND b = 0.5::float8 AND c = '7'::float8",
     "a=16777216, b=0.5, c=7"},
    {"SELECT * FROM t WHERE a = 9007199254740993::float8 AND b = '1e30'::real", ""},
    {"SELECT * FROM t WHERE a = 'ab'::\"char\" AND b = 5::bool::int AND c = 70000::int2", ""},
    {"SELECT * FROM t WHERE a = 'ab'::name AND b = 'ab'::\"bpchar\" AND c = 'ab '::\"bpchar\" AND d = 7::oid",
     "a='ab', b='ab', d=7"},
    {"SELECT * FROM t WHERE a = 'AB'::uuid AND b = 'AB'::uuid::text", "a='AB'"},
    {"SELECT * FROM t WHERE a = $1::bool::int AND b = $2::\"char\" AND c = $3::varchar(1) AND d = $4::money",
     "a=$1"},
    {"SELECT * FROM t WHERE a = $1 AND b = $2::int", "a=$1, b=$2"},
    {"SELECT * FROM t WHERE \"A\" = 1", "A=1"},
    {"SELECT * FROM t WHERE a = (SELECT 1)", ""},
    {"SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE b = 1)", ""},
    {"SELECT * FROM t WHERE a = 1 UNION SELECT * FROM u WHERE a = 1 AND b = 2", "a=1"},
    {"SELECT * FROM t WHERE a = 1 UNION SELECT * FROM u", ""},
    {"UPDATE t SET a = 1 WHERE id = 2", "id=2"},
    {"DELETE FROM t WHERE id = 2", "id=2"},
    {"EXPLAIN SELECT * FROM t WHERE a = 1", "a=1"},
    {"DECLARE c CURSOR FOR SELECT * FROM t WHERE a = 1", "a=1"},
    {"COPY (SELECT * FROM t WHERE a = 1) TO STDOUT", "a=1"},
    {"CREATE TABLE n AS SELECT * FROM t WHERE a = 1", "a=1"},
    {"INSERT INTO t SELECT * FROM u WHERE a = 1", ""},
    {"WITH x AS (SELECT * FROM t WHERE a = 1) SELECT * FROM x", ""},
};

/// The equalities of table t, wherever it is read: what a tenant rule rests on.
constexpr Words kTableWhere[] = {
    {"SELECT * FROM t WHERE tenant = 5", "tenant=5"},
    {"SELECT * FROM t, t u WHERE t.tenant = 5", ""},
    {"SELECT * FROM t, t u WHERE t.tenant = 5 AND u.tenant = 5", "tenant=5"},
    {"SELECT * FROM t, t u WHERE t.tenant = 5 AND u.tenant = 6", ""},
    {"SELECT * FROM t WHERE tenant = 5 UNION SELECT * FROM t", ""},
    {"SELECT * FROM t WHERE tenant = 5 UNION SELECT * FROM t WHERE tenant = 5", "tenant=5"},
    {"SELECT * FROM t WHERE tenant = 5 AND id IN (SELECT id FROM t)", ""},
    {"SELECT * FROM t JOIN u ON t.i = u.i WHERE t.tenant = 5", "tenant=5"},
    {"SELECT * FROM t JOIN u ON t.i = u.i AND t.tenant = 5", "tenant=5"},
    {"SELECT * FROM t LEFT JOIN u ON t.tenant = 5", ""},
    {"SELECT * FROM u LEFT JOIN t ON t.tenant = 5", "tenant=5"},
    {"SELECT * FROM t RIGHT JOIN u ON t.tenant = 5", "tenant=5"},
    {"SELECT * FROM t FULL JOIN u ON t.tenant = 5", ""},
    {"SELECT * FROM (u LEFT JOIN t ON true) JOIN v ON t.tenant = 5", "tenant=5"},
    {"SELECT * FROM u, t WHERE tenant = 5", ""},
    {"SELECT * FROM (SELECT * FROM t WHERE tenant = 5) x", "tenant=5"},
    {"SELECT * FROM (SELECT * FROM t) x WHERE tenant = 5", ""},
    {"WITH x AS (SELECT * FROM t WHERE tenant = 5) SELECT * FROM x", "tenant=5"},
    {"SELECT * FROM t AS t(tenant, b) WHERE tenant = 5", ""},
    {"SELECT (SELECT 1 FROM t WHERE tenant = 5) FROM t WHERE t.tenant = 5", "tenant=5"},
    {"SELECT (SELECT 1 FROM t AS o(a, b) WHERE tenant = 5) FROM (SELECT 5 AS tenant) x", ""},
    {"SELECT * FROM (t o CROSS JOIN u) j, (SELECT 5 AS tenant) o WHERE o.tenant = 5", ""},
    {"SELECT (SELECT 1 FROM (t o CROSS JOIN u) j WHERE o.tenant = 5) FROM (SELECT 5 AS tenant) o", ""},
    {"SELECT * FROM (t o JOIN u ON o.tenant = 5) j", "tenant=5"},
    {"SELECT (SELECT 1 FROM t WHERE s.t.tenant = 5) FROM s.u", ""},
    {"SELECT * FROM s.t WHERE s.t.tenant = 5", "tenant=5"},
    {"CREATE FUNCTION t(tenant int) RETURNS SETOF t LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT * FROM t "
     "WHERE t.tenant = 5; END'",
     ""},
    {"CREATE FUNCTION f(n int) RETURNS SETOF t LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT * FROM t WHERE "
     "t.tenant = 5; END'",
     "tenant=5"},
};

struct Flag {
  const char* sql;
  bool has_where;
};

constexpr Flag kHasWhere[] = {
    {"SELECT * FROM t", false},
    {"SELECT * FROM t WHERE a > 1", true},
    {"DELETE FROM t", false},
    {"DELETE FROM t WHERE a = 1", true},
    {"DELETE FROM t WHERE true", false},
    {"DELETE FROM t WHERE 1 = 1", false},
    {"DELETE FROM t WHERE 'a' = 'a'", false},
    {"DELETE FROM t WHERE 2 > 1", false},
    {"DELETE FROM t WHERE id = id", false},
    {"DELETE FROM t WHERE id IS NOT DISTINCT FROM id", false},
    {"DELETE FROM t WHERE NOT (id <> id)", false},
    {"DELETE FROM t WHERE id BETWEEN id AND id", false},
    {"DELETE FROM t WHERE id IS NULL OR id IS NOT NULL", false},
    {"DELETE FROM t WHERE id IS NULL OR name IS NOT NULL", true},
    {"DELETE FROM t WHERE id > 0 OR id <= 0", false},
    {"DELETE FROM t WHERE id > 0 OR 0 >= id", false},
    {"DELETE FROM t WHERE id < 5 OR id > 3", false},
    {"DELETE FROM t WHERE id <= 0 OR id >= 1", false},
    {"DELETE FROM t WHERE id < 0 OR id > 0", true},
    {"DELETE FROM t WHERE id < 0 OR id >= 1", true},
    {"DELETE FROM t WHERE id > 0 OR name <= 0", true},
    {"DELETE FROM t WHERE name < 'm' OR name >= 'm'", false},
    {"DELETE FROM t WHERE name < 'm' OR name > 'l'", true},
    {"DELETE FROM t WHERE id = 1 OR id <> 1", false},
    {"DELETE FROM t WHERE id <> 1 OR id <> 2", false},
    {"DELETE FROM t WHERE id <> 1 OR id < 3", false},
    {"DELETE FROM t WHERE id <> 1 OR id > 3", true},
    {"DELETE FROM t WHERE (id > 0 OR id <= 0) AND name LIKE '%'", false},
    {"DELETE FROM t WHERE (id > 0 OR id <= 0) AND name LIKE 'a%'", true},
    {"DELETE FROM t WHERE name ~ '.*'", false},
    {"DELETE FROM t WHERE name ILIKE '%%'", false},
    {"DELETE FROM t WHERE name LIKE ''", true},
    {"DELETE FROM t WHERE length(name) >= 0", false},
    {"DELETE FROM t WHERE -1 < length(name)", false},
    {"DELETE FROM t WHERE length(name) > 0", true},
    {"DELETE FROM t WHERE id + 0 = id + 0", false},
    {"DELETE FROM t WHERE lower(name) = lower(name)", false},
    {"DELETE FROM t WHERE lower(name) = upper(name)", true},
    {"DELETE FROM t WHERE id IN (1, id)", false},
    {"DELETE FROM t WHERE id = ANY (ARRAY[id])", false},
    {"DELETE FROM t WHERE id IN (SELECT id FROM t)", false},
    {"DELETE FROM t x WHERE x.id IN (SELECT y.id FROM t y)", false},
    {"DELETE FROM t WHERE id IN (SELECT id FROM t WHERE 1 = 1)", false},
    {"DELETE FROM t WHERE id IN (SELECT id FROM t WHERE a = 1)", true},
    {"DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 1)", true},
    {"DELETE FROM t WHERE id IN (SELECT id FROM u)", true},
    {"DELETE FROM t WHERE id IN (SELECT a FROM t)", true},
    {"DELETE FROM t WHERE id = ANY (ARRAY(SELECT id FROM t))", false},
    {"DELETE FROM t WHERE id = ANY (SELECT id FROM t)", false},
    {"DELETE FROM t WHERE id NOT IN (SELECT id FROM t)", true},
    {"DELETE FROM t WHERE EXISTS (SELECT FROM t)", false},
    {"DELETE FROM t WHERE EXISTS (SELECT FROM t x WHERE x.id = t.id)", false},
    {"DELETE FROM t WHERE EXISTS (SELECT FROM t x WHERE x.id = t.a)", true},
    {"DELETE FROM t USING t x WHERE t.id = x.id", false},
    {"DELETE FROM t USING t x WHERE t.id = x.id AND t.a > x.a", true},
    {"MERGE INTO t USING t s ON t.id = s.id WHEN MATCHED THEN DELETE", false},
    {"DELETE FROM t WHERE EXISTS (SELECT 1)", false},
    {"DELETE FROM t WHERE EXISTS (SELECT 1 FROM u)", true},
    {"DELETE FROM t WHERE (SELECT true)", false},
    {"DELETE FROM t WHERE coalesce(null, true)", false},
    {"DELETE FROM t WHERE CASE WHEN 1 = 1 THEN true END", false},
    {"DELETE FROM t WHERE CASE WHEN a THEN true END", true},
    {"DELETE FROM t WHERE 1 = ANY (ARRAY[1])", false},
    {"DELETE FROM t WHERE current_date > '2000-01-01'", false},
    {"DELETE FROM t WHERE ROW(1, 2) IS NOT NULL", false},
    {"DELETE FROM t WHERE greatest(1, 2) > 1", false},
    {"UPDATE t SET a = 1 FROM u WHERE u.id = 1", false},
    {"UPDATE t SET a = 1 FROM u WHERE u.id = t.id", true},
    {"UPDATE t x SET a = 1 FROM u WHERE x.id = 1", true},
    {"DELETE FROM s.t WHERE s.t.id = 1", true},
    {"MERGE INTO t USING s ON s.a = 1 WHEN MATCHED THEN DELETE", false},
    {"DELETE FROM t WHERE a = 1 OR true", false},
    {"DELETE FROM t WHERE a = 1 OR 1 = 1", false},
    {"DELETE FROM t WHERE a = 1 AND true", true},
    {"DELETE FROM t WHERE NOT false", false},
    {"DELETE FROM t WHERE random() < 0.5", false},
    {"DELETE FROM t WHERE $1", false},
    {"DELETE FROM t WHERE false", false},
    {"DELETE FROM t WHERE id IN (SELECT 1)", true},
    {"DELETE FROM t WHERE CURRENT OF c", true},
    {"UPDATE t SET a = 1", false},
    {"UPDATE t SET a = 1 WHERE id = 1", true},
    {"WITH d AS (DELETE FROM t) SELECT * FROM u WHERE id = 1", false},
    {"WITH d AS (DELETE FROM t WHERE id = 1) SELECT * FROM u", true},
    {"WITH d AS (DELETE FROM t WHERE id = 1), e AS (UPDATE u SET a = 1) SELECT 1", false},
    {"EXPLAIN ANALYZE DELETE FROM t", false},
    {"PREPARE p AS DELETE FROM t", false},
    {"MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DELETE", true},
    {"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", false},
    {"SELECT 1 FROM t WHERE a UNION SELECT 2 FROM t", false},
    {"INSERT INTO t VALUES (1)", false},
    {"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM v", false},
};

struct Bound {
  BoundParameter parameter;
  std::string value;
};

const std::string kLongName(64, 'n');

const std::string kNumeric = "\0\3\0\1\0\0\0\2\x04\xD2\x16\x2E\x11\x94"s;  // 1234 5678 . 45
const Bound kBound[] = {
    {{23, false, false, "42"}, "42"},
    {{23, true, false, std::string_view("\0\0\0\x2A", 4)}, "42"},
    {{21, true, false, std::string_view("\xFF\xFF", 2)}, "-1"},
    {{20, true, false, std::string_view("\0\0\0\1\0\0\0\0", 8)}, "4294967296"},
    {{23, true, false, std::string_view("\0\0", 2)}, "unknown"},
    {{23, false, false, "x"}, "unknown"},
    {{25, false, false, "abc"}, "'abc'"},
    {{25, true, false, "abc"}, "'abc'"},
    {{0, false, false, "1"}, "'1'"},
    {{0, true, false, "1"}, "unknown"},
    {{16, false, false, "t"}, "true"},
    {{16, true, false, std::string_view("\0", 1)}, "false"},
    {{701, true, false, std::string_view("\x3F\xF8\0\0\0\0\0\0", 8)}, "1.5"},
    {{700, true, false, std::string_view("\x3D\xCC\xCC\xCD", 4)}, "0.1"},
    {{1700, false, false, "10.50"}, "10.50"},
    {{1700, true, false, kNumeric}, "12345678.45"},
    {{1700, true, false, std::string_view("\0\1\xFF\xFF\x40\0\0\2\x13\x88", 10)}, "-0.50"},
    {{2950, true, false,
      std::string_view("\x12\x34\x56\x78\x9a\xbc\xde\xf0\x12\x34\x56\x78\x9a\xbc\xde\xf0", 16)},
     "'12345678-9abc-def0-1234-56789abcdef0'"},
    {{1082, true, false, std::string_view("\0\0\0\0", 4)}, "'2000-01-01'"},
    {{1082, true, false, std::string_view("\0\0\x26\x77", 4)}, "'2026-12-17'"},
    {{1114, true, false, std::string_view("\0\0\0\0\0\x16\xE3\x60", 8)}, "'2000-01-01 00:00:01.5'"},
    {{1114, true, false, std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8)},
     "'1999-12-31 23:59:59.999999'"},
    {{3802, true, false, "\1{}"}, "'{}'"},
    {{600, true, false, "0123456789abcdef"}, "unknown"},
    {{700, false, false, "16777217"}, "16777216"},
    {{700, true, false, std::string_view("\x4F\0\0\0", 4)}, "2147483648"},
    {{701, false, false, "9007199254740993"}, "unknown"},
    {{701, true, false, std::string_view("\x43\x40\0\0\0\0\0\0", 8)}, "unknown"},
    {{701, false, false, "0.10"}, "0.1"},
    {{18, false, false, "a"}, "'a'"},
    {{18, false, false, "acme"}, "unknown"},
    {{19, false, false, kLongName}, "unknown"},
    {{19, false, false, std::string_view(kLongName).substr(1)}, "'" + kLongName.substr(1) + "'"},
    {{1042, false, false, "acme"}, "'acme'"},
    {{1042, false, false, "acme "}, "unknown"},
    {{13000, false, false, "acme"}, "unknown"},
    {{23, false, true, ""}, "null"},
};

}  // namespace

TEST_CASE("where holds the equalities at top level AND") {
  for (const Words& one : kWhere) {
    INFO(one.sql);
    CHECK(where(facts_of(one.sql).where) == one.expected);
  }
}

TEST_CASE("a table's where holds at every place where the table is read") {
  for (const Words& one : kTableWhere) {
    INFO(one.sql);
    for (const TableUse& use : facts_of(one.sql).tables)
      if (use.name == "t" && use.access == Access::Read) CHECK(where(use.where) == one.expected);
  }
}

TEST_CASE("has_where is about clauses that limit something") {
  for (const Flag& one : kHasWhere) {
    INFO(one.sql);
    CHECK(facts_of(one.sql).has_where == one.has_where);
  }
}

TEST_CASE("limit is the outermost query's") {
  const auto limit = [](const char* sql) {
    const StatementFacts facts = facts_of(sql);
    return facts.has_limit ? literal(facts.limit) : "none";
  };
  CHECK(limit("SELECT 1 LIMIT 10") == "10");
  CHECK(limit("SELECT 1 FETCH FIRST 5 ROWS ONLY") == "5");
  CHECK(limit("SELECT 1 FETCH FIRST ROW ONLY") == "1");
  CHECK(limit("SELECT 1 LIMIT ALL") == "none");
  CHECK(limit("SELECT 1 LIMIT NULL") == "none");
  CHECK(limit("SELECT 1 LIMIT $1") == "$1");
  CHECK(limit("SELECT 1 LIMIT 1 + 1") == "unknown");
  CHECK(limit("(SELECT 1 LIMIT 1) UNION SELECT 2") == "none");
  CHECK(limit("SELECT 1 UNION SELECT 2 LIMIT 7") == "7");
  CHECK(limit("SELECT * FROM (SELECT 1 LIMIT 1) x") == "none");
}

TEST_CASE("joins, common tables and locks are listed") {
  const StatementFacts facts = facts_of(
      "WITH RECURSIVE w AS (SELECT 1), d AS (DELETE FROM x RETURNING 1) SELECT * FROM a JOIN b ON true LEFT "
      "JOIN c USING (i) "
      "CROSS JOIN d NATURAL JOIN e, f FOR NO KEY UPDATE OF a SKIP LOCKED");
  std::string joins, ctes, locks;
  for (const Join& join : facts.joins) joins += std::string(join.type) + (join.has_condition ? "+ " : " ");
  for (const CommonTable& cte : facts.ctes)
    ctes += cte.name + ":" + std::string(cte.kind) + (cte.recursive ? "* " : " ");
  for (const LockUse& lock : facts.locks) locks += lock.mode + "/" + std::string(lock.wait) + " ";
  CHECK(joins == "inner+ left+ cross inner+ comma ");
  CHECK(ctes == "w:select* d:delete* ");
  CHECK(locks == "for no key update/skip locked ");
  CHECK(facts_of("LOCK t IN ACCESS EXCLUSIVE MODE NOWAIT").locks.front().mode == "access exclusive");
}

TEST_CASE("parameters are listed with place and cast") {
  const StatementFacts facts = facts_of("SELECT $2::int4 FROM t WHERE a = $1");
  REQUIRE(facts.parameters.size() == 2);
  CHECK(facts.parameters[0].number == 2);
  CHECK(facts.parameters[0].position == 7);
  CHECK(facts.parameters[0].type == "int4");
  CHECK(facts.parameters[1].number == 1);
}

TEST_CASE("bound parameters are decoded by type and format") {
  for (const Bound& one : kBound) {
    INFO(one.value);
    CHECK(literal(decode(one.parameter)) == one.value);
  }
}

TEST_CASE("bound parameters stand in for $n") {
  QueryFacts facts = analyze("SELECT set_config($2, $1, false) FROM t WHERE id = $3 AND x = $4 LIMIT $3");
  const BoundParameter parameters[] = {{25, false, false, "evil"},
                                       {25, false, false, "Search_Path"},
                                       {23, true, false, std::string_view("\0\0\0\7", 4)}};
  bind_parameters(facts, parameters);
  CHECK(where(facts.whole.where) == "id=7, x=unknown");
  CHECK(where(facts.whole.tables.front().where) == "id=7, x=unknown");
  CHECK(literal(facts.whole.limit) == "7");
  CHECK(sets(facts.whole) == "session search_path='evil'");
}

namespace {

struct BoundTo {
  const char* sql;
  std::uint32_t type;
  const char* value;
  const char* expected;         ///< `a`
  std::uint32_t described = 0;  ///< the type that PostgreSQL gives, where it has said so
};

/// What PostgreSQL 15 holds, looked up there: where it is another value than the one bound, nothing is told.
constexpr BoundTo kBoundTo[] = {
    {"SELECT * FROM t WHERE a = $1::bool::int", 23, "5", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 16, "t", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 18, "5", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 1560, "10", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 1700, "1.6", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 700, "16777217", "16777216"},
    {"SELECT * FROM t WHERE a = $1::real", 23, "16777217", "16777216"},
    {"SELECT * FROM t WHERE a = $1::name", 25, "acme", "'acme'"},
    {"SELECT * FROM t WHERE a = $1::uuid", 2950, "5", "'5'"},
    {"SELECT * FROM t WHERE a = $1::text", 2950, "5", "unknown"},
    {"SELECT * FROM t WHERE a = $1::text", 1082, "5", "unknown"},
    {"SELECT * FROM t WHERE a = $1::int", 0, "5", "5"},
    {"SELECT * FROM t WHERE a = $1::int", 25, "5", "5"},
    {"SELECT * FROM t WHERE a = $1::text", 20, "5", "'5'"},
    // Without a type: the place that PostgreSQL meets first gives one.
    {"SELECT $1::\"char\" FROM t WHERE a = $1", 0, "acme", "unknown"},
    {"SELECT $1::text FROM t WHERE a = $1", 0, "acme", "'acme'"},
    {"SELECT $1::int FROM t WHERE a = $1", 0, "5", "'5'"},
    {"SELECT $1::int FROM t WHERE a = $1", 0, "05", "unknown"},
    {"SELECT $1::bool FROM t WHERE a = $1::text::int", 0, "5", "unknown"},
    {"SELECT $1::evil.int4 FROM t WHERE a = $1", 0, "5", "unknown"},
    {"SELECT $1::int[] FROM t WHERE a = $1", 0, "5", "unknown"},
    {"SELECT f($1) FROM t WHERE a = $1", 0, "acme", "unknown"},
    {"SELECT f($1) FROM t WHERE a = $1", 25, "acme", "'acme'"},
    {"SELECT * FROM t WHERE a = $1 AND b = $1", 0, "acme", "unknown"},
    {"SELECT * FROM t WHERE a = $1 AND EXISTS (SELECT FROM u WHERE u.a <> $1 OR $1 IS NULL)", 0, "acme",
     "unknown"},
    {"SELECT FROM t, u WHERE u.a = $1 AND t.a = $1", 0, "acme", "unknown"},
    {"SELECT FROM t, (SELECT 'a'::\"char\" AS a) u WHERE u.a = $1 AND t.a = $1", 0, "acme", "unknown"},
    {"SELECT FROM t, u AS u(a) WHERE u.a = $1 AND t.a = $1", 0, "acme", "unknown"},
    {"SELECT FROM t, f() AS u(a) WHERE u.a IN ($1) AND t.a = $1", 0, "acme", "unknown"},
    {"SELECT (SELECT FROM t WHERE t.a = $1) FROM (SELECT 'a'::\"char\" AS a) x WHERE EXISTS (SELECT FROM u "
     "WHERE a = $1)",
     0, "acme", "unknown"},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "acme", "'acme'", 25},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "acme", "unknown", 18},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "acme ", "unknown", 1042},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1::text", 0, "acme", "unknown"},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1::text", 0, "acme", "'acme'", 25},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1::text", 0, "acme", "unknown", 18},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "5", "'5'", 20},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "05", "unknown", 20},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "16777217", "unknown", 700},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "10", "unknown", 1560},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "10.0.0.1", "'10.0.0.1'", 869},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "2020-01-01", "'2020-01-01'", 1082},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "2020-01-01 05:00", "unknown", 1082},
    {"SELECT FROM u, t WHERE u.a = $1::date AND t.a = $1", 0, "2020-01-01 05:00", "unknown"},
    {"SELECT FROM u, t WHERE u.a = $1 AND t.a = $1", 0, "acme", "'acme'", 16385},  // an enum, citext: of both
    {"SELECT FROM t WHERE f($1) AND t.a = $1", 0, "acme", "unknown", 16385},       // a domain: of f's
    {"SELECT FROM t WHERE f($1) AND t.a = $1", 0, "acme", "'acme'", 25},
    {"SELECT * FROM t WHERE a = $1 AND b = $1", 0, "acme", "'acme'", 25},
    {"SELECT * FROM t WHERE a = $1", 16385, "5", "unknown"},
    {"WITH d AS (DELETE FROM t WHERE a = $1) SELECT $1::\"char\"", 0, "acme", "unknown"},
};

}  // namespace

TEST_CASE("a bound value is told where PostgreSQL holds the same") {
  for (const BoundTo& one : kBoundTo) {
    INFO(one.sql << " " << one.value);
    QueryFacts facts = analyze(one.sql);
    const BoundParameter parameter{.type = one.type, .bytes = one.value, .described = one.described};
    const Binding bound = bind_parameters(facts, {&parameter, 1});
    const bool ask = std::string_view(one.expected) == "unknown" && one.type == 0 && one.described == 0;
    CHECK(bound == (ask ? Binding::Untold : Binding::Told));
    const auto check = [&](const StatementFacts& statement) {
      for (const TableUse& use : statement.tables)
        for (const Equality& equality : use.where)
          if (use.name == "t" && equality.column == "a") CHECK(literal(equality.value) == one.expected);
    };
    REQUIRE(std::ranges::any_of(facts.whole.tables, [](const TableUse& use) { return !use.where.empty(); }));
    check(facts.whole);
    for (const StatementFacts& inner : facts.inner) check(inner);
  }
}

TEST_CASE("DO UPDATE is limited by its WHERE, what is inserted and returned is not") {
  const auto uses = [](std::string_view condition) {
    const QueryFacts facts = analyze("INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET b = 2 WHERE " +
                                     std::string(condition) + " RETURNING id");
    std::string out;
    for (const TableUse& use : facts.whole.tables)
      out +=
          std::string(to_string(use.access)) + ' ' + std::string(use.verb) + " [" + where(use.where) + "] ";
    return out;
  };
  const char* limited = "write insert [] read insert [] write update [a=1] ";
  const char* not_limited = "write insert [] read insert [] write update [] ";
  CHECK(uses("a = 1") == limited);
  CHECK(uses("t.a = 1") == limited);
  CHECK(uses("excluded.a = 1") == not_limited);
  CHECK(uses("a = 1 OR true") == not_limited);
}

TEST_CASE("a binary value without a type is told by the server's") {
  const std::string_view five("\0\0\0\5", 4);
  QueryFacts facts = analyze("SELECT * FROM t WHERE a = $1");
  BoundParameter parameter{.binary = true, .bytes = five};
  CHECK(bind_parameters(facts, {&parameter, 1}) == Binding::Untold);
  CHECK(where(facts.whole.where) == "a=unknown");
  facts = analyze("SELECT * FROM t WHERE a = $1");
  parameter.described = 23;
  CHECK(bind_parameters(facts, {&parameter, 1}) == Binding::Told);
  CHECK(where(facts.whole.where) == "a=5");
}

TEST_CASE("the arguments of EXECUTE have the types that PREPARE gives") {
  const auto executed = [](const char* prepare, Literal argument, std::uint32_t described = 0) {
    const QueryFacts facts = analyze(prepare);
    REQUIRE(facts.inner.size() == 1);
    StatementFacts inner = facts.inner.front();
    bind_parameters(inner, {&argument, 1}, facts.whole, {&described, 1});
    return where(inner.tables.front().where);
  };
  CHECK(executed("PREPARE p (text) AS SELECT * FROM t WHERE a = $1", Literal::string("acme")) == "a='acme'");
  CHECK(executed("PREPARE p AS SELECT * FROM t WHERE a = $1", Literal::of(std::int64_t{5})) == "a=5");
  CHECK(executed("PREPARE p (unknown) AS SELECT * FROM t WHERE a = $1", Literal::string("acme")) ==
        "a='acme'");
  CHECK(executed("PREPARE p (int) AS SELECT * FROM t WHERE a = $1::text", Literal::string("5")) == "a='5'");
  CHECK(executed("PREPARE p (\"char\") AS SELECT * FROM t WHERE a = $1", Literal::string("acme")) ==
        "a=unknown");
  CHECK(executed("PREPARE p (\"char\") AS SELECT * FROM t WHERE a = $1::int", Literal::string("5")) ==
        "a=unknown");
  CHECK(executed("PREPARE p (int) AS SELECT * FROM t WHERE a = $1", Literal::number("1.6")) == "a=unknown");
  CHECK(executed("PREPARE p (real) AS SELECT * FROM t WHERE a = $1", Literal::of(std::int64_t{16777217})) ==
        "a=16777216");
  const char* untold = "PREPARE p AS SELECT * FROM t WHERE a = $1";
  CHECK(executed(untold, Literal::number("1.6")) == "a=unknown");
  CHECK(executed(untold, Literal::number("1.6"), 1700) == "a=1.6");
  CHECK(executed(untold, Literal::number("1.6"), 23) == "a=unknown");
  const char* twice = "PREPARE p AS SELECT FROM u, t WHERE u.a = $1 AND t.a = $1";
  CHECK(executed(twice, Literal::string("acme"), 25) == "a='acme'");
  CHECK(executed(twice, Literal::string("acme"), 18) == "a=unknown");
  CHECK(executed(twice, Literal::string("acme")) == "a=unknown");
  CHECK(executed("PREPARE p (public.text) AS SELECT * FROM t WHERE a = $1", Literal::string("x")) ==
        "a=unknown");
  CHECK(executed("PREPARE p AS SELECT $1::\"char\" FROM t WHERE a = $1", Literal::string("acme")) ==
        "a=unknown");
}

}  // namespace signalbox::sql::test
