// Which tables a statement touches, and how: expected by PostgreSQL's rules of name resolution and
// privileges.
#include <catch2/catch.hpp>

#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Case {
  const char* sql;
  const char* tables;
};

constexpr Case kReads[] = {
    {"SELECT 1", ""},
    {"SELECT * FROM t", "read t"},
    {"TABLE t", "read t"},
    {"SELECT * FROM ONLY t", "read t"},
    {"SELECT * FROM s.t", "read s.t"},
    {"SELECT * FROM db.s.t", "read s.t"},
    {"SELECT * FROM T", "read t"},
    {"SELECT * FROM \"T\"", "read T"},
    {"SELECT * FROM \"a\"\"b\"", "read a\"b"},
    {"SELECT * FROM U&\"t!005fsecret\" UESCAPE '!'", "read t_secret"},
    {"SELECT * FROM a, b", "read a, read b"},
    {"SELECT * FROM a x JOIN b y ON x.i = y.i LEFT JOIN c USING (k)", "read a, read b, read c"},
    {"SELECT * FROM (a JOIN (b CROSS JOIN c) ON true)", "read a, read b, read c"},
    {"SELECT * FROM a, a", "read a"},
    {"SELECT (SELECT x FROM b LIMIT 1) FROM a", "read a, read b"},
    {"SELECT 1 WHERE EXISTS (SELECT 1 FROM b)", "read b"},
    {"SELECT 1 WHERE 1 IN (SELECT x FROM b)", "read b"},
    {"SELECT ARRAY(SELECT x FROM b)", "read b"},
    {"SELECT 1 GROUP BY (SELECT x FROM b)", "read b"},
    {"SELECT 1 HAVING (SELECT true FROM b)", "read b"},
    {"SELECT 1 ORDER BY (SELECT x FROM b)", "read b"},
    {"SELECT 1 LIMIT (SELECT x FROM b) OFFSET (SELECT y FROM c)", "read c, read b"},
    {"SELECT DISTINCT ON ((SELECT x FROM b)) 1", "read b"},
    {"SELECT sum(1) OVER (PARTITION BY (SELECT x FROM b))", "read b"},
    {"SELECT sum(1) OVER w WINDOW w AS (ORDER BY (SELECT x FROM b))", "read b"},
    {"SELECT count(*) FILTER (WHERE (SELECT x FROM b))", "read b"},
    {"SELECT string_agg('x', ',' ORDER BY (SELECT x FROM b))", "read b"},
    {"SELECT CASE WHEN (SELECT x FROM b) THEN (SELECT y FROM c) ELSE (SELECT z FROM d) END",
     "read b, read c, read d"},
    {"SELECT COALESCE((SELECT x FROM b), 1), NULLIF((SELECT y FROM c), 2)", "read b, read c"},
    {"SELECT (SELECT row(x) FROM b)::text", "read b"},
    {"SELECT xmlelement(name e, (SELECT x FROM b))", "read b"},
    {"SELECT a[(SELECT x FROM b)] FROM c", "read c, read b"},
    {"VALUES ((SELECT x FROM b))", "read b"},
    {"SELECT * FROM (VALUES ((SELECT x FROM b))) v", "read b"},
    {"SELECT * FROM p, LATERAL (SELECT x FROM s WHERE s.id = p.id) l", "read p, read s"},
    {"SELECT * FROM generate_series(1, (SELECT x FROM b))", "read b"},
    {"SELECT * FROM ROWS FROM (f((SELECT x FROM b)), g(1)) r", "read b"},
    {"SELECT * FROM b TABLESAMPLE system ((SELECT 1 FROM c))", "read b, read c"},
    {"SELECT * FROM xmltable('/x' PASSING (SELECT x FROM b) COLUMNS y int)", "read b"},
    {"SELECT * FROM a UNION SELECT * FROM b EXCEPT (SELECT * FROM c INTERSECT SELECT * FROM d)",
     "read a, read b, read c, read d"},
    {"(((SELECT * FROM a)))", "read a"},
    {";;; ; SELECT * FROM a", "read a"},
    {"SELECT $a$ FROM t_victim $a$", ""},
    {"SELECT 'a' -- FROM x\n FROM b", "read b"},
    {"SELECT/**/secret/* /* */ FROM x */FROM/**/t_secret", "read t_secret"},
    {"COPY t TO STDOUT", "read t"},
    {"COPY (SELECT * FROM b) TO STDOUT", "read b"},
    {"DECLARE c CURSOR FOR SELECT * FROM b", "read b"},
    {"PREPARE p AS SELECT * FROM b WHERE i = $1", "read b"},
    {"EXPLAIN SELECT * FROM b", "read b"},
    {"EXECUTE p((SELECT x FROM b))", "read b"},
    {"CALL f((SELECT x FROM b))", "read b"},
};

constexpr Case kWithNames[] = {
    {"WITH a AS (SELECT 1) SELECT * FROM a", ""},
    {"WITH a AS (SELECT * FROM a) SELECT * FROM a", "read a"},
    {"WITH RECURSIVE a AS (SELECT * FROM a) SELECT * FROM a", ""},
    {"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r) SELECT * FROM r", ""},
    {"WITH a AS (SELECT 1), b AS (SELECT * FROM a, c) SELECT * FROM b", "read c"},
    {"WITH b AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM b", "read a"},
    {"WITH a AS (SELECT 1) SELECT * FROM public.a", "read public.a"},
    {"WITH a AS (SELECT 1) SELECT * FROM (SELECT * FROM a) x, LATERAL (SELECT * FROM a) y", ""},
    {"SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a", "read a"},
    {"WITH a AS (SELECT 1) SELECT (WITH a AS (SELECT * FROM b) SELECT 1 FROM a)", "read b"},
    {"WITH \"A\" AS (SELECT 1) SELECT * FROM a", "read a"},
    {"WITH a AS (SELECT * FROM t) DELETE FROM d USING a WHERE d.i = a.i", "write d, read t, read d"},
    {"WITH t AS (SELECT 1) INSERT INTO t SELECT * FROM t", "write t"},
    {"WITH t AS (SELECT 1) DELETE FROM t", "write t"},
    {"SELECT * FROM a UNION (WITH a AS (SELECT 1) SELECT * FROM a)", "read a"},
};

constexpr Case kWrites[] = {
    {"INSERT INTO t VALUES (1)", "insert t"},
    {"INSERT INTO t DEFAULT VALUES", "insert t"},
    {"INSERT INTO t SELECT * FROM b", "insert t, select b"},
    {"INSERT INTO t VALUES ((SELECT x FROM b))", "insert t, select b"},
    {"INSERT INTO t VALUES (1) RETURNING (SELECT x FROM b)", "insert t, insert t, select b"},
    {"INSERT INTO t (a) VALUES (1) ON CONFLICT DO NOTHING", "insert t"},
    {"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = (SELECT x FROM b)",
     "insert t, insert t, update t, select b"},
    {"UPDATE t SET a = 1", "update t"},
    {"UPDATE t SET a = a + 1", "update t, select t"},
    {"UPDATE t SET a = 1 WHERE id = 2", "update t, select t"},
    {"UPDATE t SET a = b.x FROM b", "update t, select b"},
    {"UPDATE t SET (a, b) = (SELECT x, y FROM b)", "update t, select b, select t"},  // x and y may be of t
    {"UPDATE t SET a = 1 RETURNING *", "update t, select t"},
    {"DELETE FROM t", "delete t"},
    {"DELETE FROM t WHERE id = 1", "delete t, select t"},
    {"DELETE FROM t x USING b WHERE x.id = b.id RETURNING b.secret", "delete t, select b, select t"},
    {"DELETE FROM t WHERE CURRENT OF c", "delete t"},
    {"MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET n = s.x WHEN NOT MATCHED THEN INSERT "
     "VALUES (1)",
     "merge t, select s, update t, insert t, select t"},
    {"MERGE INTO t USING (SELECT * FROM b) s ON t.i = s.i WHEN MATCHED THEN DELETE",
     "merge t, delete t, select t, select b"},
    {"TRUNCATE a, s.b", "truncate a, truncate s.b"},
    {"COPY t FROM STDIN", "copy t"},
    {"COPY t (a) FROM STDIN WHERE a IN (SELECT x FROM b)", "copy t, select b"},
    {"WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d", "delete a, select a"},
    {"WITH u AS (UPDATE a SET x = 1), i AS (INSERT INTO b VALUES (1)) SELECT 1", "update a, insert b"},
    {"EXPLAIN ANALYZE DELETE FROM a", "delete a"},
    {"SELECT * FROM a FOR UPDATE", "select a, lock a"},
    {"SELECT * FROM a, b y FOR SHARE OF y", "select a, select b, lock b"},
    {"LOCK TABLE a, s.b IN SHARE MODE", "lock a, lock s.b"},
    {"SELECT * INTO n FROM a", "select a, create n"},
    {"CREATE TABLE n AS SELECT * FROM a", "create n, select a"},
    {"CREATE MATERIALIZED VIEW n AS SELECT * FROM a", "create n, select a"},
    {"CREATE VIEW n AS SELECT * FROM a", "create n, select a"},
    {"REFRESH MATERIALIZED VIEW n", "refresh n"},
};

constexpr Case kDefinitions[] = {
    {"CREATE TABLE n (a int DEFAULT (SELECT 1 FROM x))", "create n, select x"},
    {"CREATE TABLE n (LIKE a)", "create n, like a"},
    {"CREATE TABLE n (a int REFERENCES r)", "create n, references r"},
    {"CREATE TABLE n () INHERITS (p)", "create n, create p"},
    {"CREATE TABLE n PARTITION OF p FOR VALUES IN (1)", "create n, create p"},
    {"CREATE FOREIGN TABLE n (a int) SERVER s", "create n"},
    {"ALTER TABLE t ADD COLUMN c int", "alter t"},
    {"ALTER TABLE t RENAME TO u", "alter t"},
    {"ALTER TABLE t RENAME COLUMN a TO b", "alter t"},
    {"ALTER TABLE t SET SCHEMA s", "alter t"},
    {"ALTER TABLE t ATTACH PARTITION u DEFAULT", "alter t, alter u"},
    {"ALTER TABLE t OWNER TO x", "alter t"},
    {"ALTER VIEW v RENAME TO w", "alter v"},
    {"DROP TABLE a, s.b CASCADE", "drop a, drop s.b"},
    {"DROP VIEW v", "drop v"},
    {"DROP INDEX i", "drop i"},
    {"DROP TRIGGER g ON s.t", "drop s.t"},
    {"DROP POLICY p ON t", "drop t"},
    {"DROP RULE r ON t", "drop t"},
    {"CREATE INDEX ON t (lower(a))", "create t"},
    {"CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "create t"},
    {"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM v", "create t, delete v"},
    {"CREATE POLICY p ON t USING (a IN (SELECT x FROM b))", "create t, select b"},
    {"CREATE STATISTICS s ON a, b FROM t", "create t"},
    {"CREATE PUBLICATION p FOR TABLE t", "create t"},
    {"CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT * FROM u",
     "create t, create v, select u"},
    {"CREATE SEQUENCE q", "create q"},
    {"GRANT SELECT ON t, s.u TO x", "grant t, grant s.u"},
    {"REVOKE ALL ON t FROM x", "revoke t"},
    {"COMMENT ON TABLE s.t IS 'x'", "comment s.t"},
    {"COMMENT ON COLUMN t.a IS 'x'", "comment t"},
    {"SECURITY LABEL ON TABLE t IS 'x'", "security t"},
    {"VACUUM t, u", "vacuum t, vacuum u"},
    {"ANALYZE t (a)", "analyze t"},
    {"CLUSTER t USING i", "cluster t"},
    {"REINDEX TABLE t", "reindex t"},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN (SELECT x FROM b)", "select b"},
    {"CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; SELECT * FROM b; END",
     "delete a, select b"},
};

void check(const Case& one, std::string (*render)(const StatementFacts&)) {
  INFO(one.sql);
  CHECK(render(facts_of(one.sql)) == one.tables);
}

}  // namespace

TEST_CASE("tables that are read are found wherever they stand") {
  for (const Case& one : kReads) check(one, tables);
}

TEST_CASE("WITH names hide tables as far as PostgreSQL's scoping goes, and no further") {
  for (const Case& one : kWithNames) check(one, tables);
}

TEST_CASE("tables that are written or locked carry the verb") {
  for (const Case& one : kWrites) check(one, verbs);
}

TEST_CASE("tables that are defined carry the verb") {
  for (const Case& one : kDefinitions) check(one, verbs);
}

TEST_CASE("a sequence goes with the column that owns it, and the planner calls a function's support") {
  CHECK(tables(facts_of("ALTER SEQUENCE s OWNED BY x.t.a")) == "define x.t, define s");
  CHECK(tables(facts_of("ALTER SEQUENCE s OWNED BY NONE")) == "define s");
  CHECK(words(facts_of("ALTER FUNCTION g(int) SUPPORT f").functions) == "f");
  CHECK(words(facts_of("CREATE FUNCTION g(int) RETURNS int LANGUAGE sql SUPPORT x.f AS 'select 1'")
                  .functions) == "f, x.f");
}

TEST_CASE("names are cut at 63 bytes, at a character") {
  const std::string name(70, 'n');
  CHECK(tables(facts_of("SELECT * FROM " + name)) == "read " + name.substr(0, 63));
  std::string umlauts;
  for (int i = 0; i < 40; ++i) umlauts += "\xC3\xA4";
  CHECK(tables(facts_of("SELECT * FROM " + umlauts)) == "read " + umlauts.substr(0, 62));
}

}  // namespace signalbox::sql::test
