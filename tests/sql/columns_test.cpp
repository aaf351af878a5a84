// Which columns a statement reads and writes, and whose they are: by PostgreSQL's rules of scope, as far as
// the text tells.
#include <catch2/catch.hpp>

#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Case {
  const char* sql;
  const char* columns;
};

constexpr Case kCases[] = {
    {"SELECT a, t.b, t.* FROM t", "t.a, t.b, t.*"},
    {"SELECT s FROM t_secret s", "~t_secret.*, ~t_secret.s"},
    {"SELECT t_secret FROM t_secret", "~t_secret.*, ~t_secret.t_secret"},
    {"SELECT s.t_secret.a FROM s.t_secret", "t_secret.a"},
    {"SELECT x.a FROM t x WHERE x.b > 1 GROUP BY x.c HAVING max(x.d) > 1 ORDER BY x.e",
     "t.a, t.b, t.c, t.d, t.e"},
    {"SELECT a FROM t, u", "~t.a, ~u.a"},
    {"SELECT * FROM t JOIN u ON t.i = u.i", "t.i, u.i, t.*, u.*"},
    {"SELECT 1 FROM t JOIN u USING (i, j)", "t.i, t.j, u.i, u.j"},
    {"SELECT 1 FROM t NATURAL JOIN u", "~t.*, ~u.*"},
    {"SELECT j.a FROM (t JOIN u ON true) AS j", "~t.a, ~u.a"},
    {"SELECT j.c1 FROM (t JOIN u USING (x)) AS j(c1, c2)", "t.x, u.x, ~t.*, ~u.*"},
    {"SELECT c1 FROM (t JOIN u USING (x)) AS j(c1, c2)", "t.x, u.x, ~t.*, ~u.*, ~t.c1, ~u.c1"},
    {"SELECT a FROM t GROUP BY GROUPING SETS (ROLLUP (b, c), CUBE (d), ())", "t.a, t.b, t.c, t.d"},
    {"SELECT 1 FROM t GROUP BY ROLLUP ((SELECT u.secret FROM u))", "u.secret"},
    {"SELECT a AS x FROM t ORDER BY x", "t.a"},
    {"SELECT a AS x FROM t ORDER BY x + 1", "t.a, t.x"},
    {"SELECT a FROM t UNION SELECT b FROM u ORDER BY a", "t.a, u.b"},
    {"SELECT (SELECT secret LIMIT 1) FROM t_secret", "t_secret.secret"},
    {"SELECT (SELECT secret FROM t_pub LIMIT 1) FROM t_secret", "~t_pub.secret, ~t_secret.secret"},
    {"SELECT q.a FROM (SELECT b AS a FROM t) q", "t.b"},
    {"SELECT a FROM (SELECT b AS a FROM t) q, u", "t.b"},
    {"SELECT a FROM (SELECT * FROM t) q, u", "t.*, ~u.a"},
    {"SELECT a FROM (SELECT * FROM t) q", "t.*"},
    {"WITH q AS (SELECT b AS a FROM t) SELECT a FROM q", "t.b"},
    {"WITH q(a) AS (SELECT b FROM t) SELECT a, u.b FROM q, u", "t.b, u.b"},
    {"SELECT v.x FROM t AS v(x, y)", "~t.*"},
    {"SELECT a FROM t, (u CROSS JOIN (SELECT 1 AS a) x) AS j(b, c)", "~t.a, ~u.a"},
    {"SELECT 1 FROM (t JOIN u ON a > 1) CROSS JOIN (SELECT 1 AS a) y", "~t.a, ~u.a"},
    {"SELECT 1 FROM t, LATERAL (SELECT a) l, (SELECT 1 AS a) y", "~t.a"},
    {"SELECT 1 FROM t, unnest(ARRAY[a]) x, (SELECT 1 AS a) y", "~t.a"},
    {"SELECT (SELECT j.a) FROM (t CROSS JOIN u) j", "~t.a, ~u.a"},
    {"SELECT o.a FROM (t o CROSS JOIN u) j, v o", "v.a"},
    {"SELECT 1 FROM (t o CROSS JOIN LATERAL (SELECT o.a) l) j, v o", "~t.a, ~v.a"},
    {"SELECT (SELECT l.a FROM u, LATERAL (SELECT o.a AS a) l, v o) FROM t o", "~v.a, ~t.a"},
    {"SELECT k.d FROM ((t CROSS JOIN u) AS j(a, d) CROSS JOIN v) AS k", "~t.*, ~u.*, ~v.*"},
    {"SELECT 1 FROM (t CROSS JOIN u) AS j(a, d) JOIN (SELECT 1 AS d) x USING (d)", "t.d, u.d, ~t.*, ~u.*"},
    {"SELECT v.z FROM t AS v(x, y)", "t.z"},
    {"SELECT (d.sub).secret FROM (SELECT t_secret AS sub FROM t_secret) d",
     "~t_secret.*, ~t_secret.t_secret"},
    {"SELECT t.to_json FROM t", "t.to_json, ~t.*"},
    {"SELECT upper(secret), secret||'', secret::bytea, secret COLLATE \"C\" FROM t_secret",
     "t_secret.secret"},
    {"SELECT count(*) FROM t", ""},
    {"SELECT g FROM generate_series(1, 3) g", ""},
    {"SELECT nosuch", "~?.nosuch"},
    {"INSERT INTO t (a, b) VALUES (1, 2)", "=t.a, =t.b"},
    {"INSERT INTO t VALUES (1, 2)", "=t.*"},
    {"INSERT INTO t (a) SELECT b FROM u RETURNING id", "=t.a, u.b, t.id"},
    {"INSERT INTO t (a) VALUES (1) ON CONFLICT (k) DO UPDATE SET b = excluded.b WHERE t.c",
     "=t.a, t.k, =t.b, t.b, t.c"},
    {"UPDATE t SET a = b, c = u.d FROM u WHERE t.i = u.i", "=t.a, =t.c, t.i, u.i, ~t.b, ~u.b, u.d"},
    {"UPDATE t SET (a, b) = (1, 2)", "=t.a, =t.b"},
    {"DELETE FROM t WHERE a = 1 RETURNING b", "t.a, t.b"},
    {"UPDATE t SET a = 1 RETURNING old.b, new.c", "=t.a, t.b, t.c"},
    {"DELETE FROM t RETURNING old.*", "t.*"},
    {"INSERT INTO t (a) VALUES (1) RETURNING new.secret", "=t.a, t.secret"},
    {"UPDATE t SET a = 1 FROM u AS old RETURNING old.b", "=t.a, u.b"},
    {"COPY t (a, b) TO STDOUT", "t.a, t.b"},
    {"COPY t TO STDOUT", "t.*"},
    {"COPY t (a) FROM STDIN WHERE b > 1", "=t.a, t.b"},
    {"ALTER TABLE t DROP COLUMN a, ADD COLUMN b int, ALTER c TYPE int", "!t.a, !t.b, !t.c"},
    {"ALTER TABLE t RENAME COLUMN a TO b", "!t.a"},
    {"COMMENT ON COLUMN s.t.a IS 'x'", "!t.a"},
    {"CREATE INDEX ON t (a, lower(b)) INCLUDE (d) WHERE c", "t.a, t.b, t.d, t.c"},
    {"ALTER TABLE t ADD UNIQUE (a), ADD PRIMARY KEY (b), ADD EXCLUDE USING gist (c WITH =) WHERE (d > 1)",
     "t.a, t.b, t.c, t.d"},
    {"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (b)", "u.b, t.a"},
    {"CREATE TABLE n (a int UNIQUE, b int REFERENCES u (c), PRIMARY KEY (a))", "u.c"},
    {"CREATE STATISTICS s ON a, lower(b) FROM t", "t.a, t.b"},
    {"CREATE PUBLICATION p FOR TABLE t (a) WHERE (b > 1), u", "t.a, t.b, u.*"},
    {"CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (old.a > new.b) EXECUTE FUNCTION f()",
     "t.a, t.b"},
    {"CREATE RULE r AS ON UPDATE TO t WHERE old.a > 1 DO ALSO INSERT INTO u (k) VALUES (new.b)",
     "t.a, =u.k, t.b"},
    {"CREATE POLICY p ON t USING (a = 1) WITH CHECK (b = 1)", "t.a, t.b"},
    {"CREATE SEQUENCE s OWNED BY t.a", "!t.a"},
    {"GRANT SELECT (a) ON t TO x", "!t.a"},
};

}  // namespace

TEST_CASE("columns are listed with the table they belong to") {
  for (const Case& one : kCases) {
    INFO(one.sql);
    CHECK(columns(facts_of(one.sql)) == one.columns);
  }
}

}  // namespace signalbox::sql::test
