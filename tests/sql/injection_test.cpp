// Injected shapes: statements as attacks leave them, and statements as people write them. The attacks are
// those of sqlmap's PostgreSQL payloads and OWASP's testing guide, put into an application's query.
#include "sql/injection.h"

#include <catch2/catch.hpp>
#include <string>

using namespace signalbox;

namespace {

std::string shapes(std::string_view text) {
  REQUIRE_FALSE(sql::analyze(text).parse_error);
  std::string out;
  for (const std::string_view one : sql::injected_shapes(text, {}))
    out += (out.empty() ? "" : " ") + std::string(one);
  return out;
}

struct Case {
  const char* text;
  const char* shapes;
};

}  // namespace

TEST_CASE("injected statements have the shapes of what was injected") {
  const Case c = GENERATE(values<Case>({
      {"SELECT * FROM users WHERE name = '' OR 1=1", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR '1'='1'", "tautology"},
      {"SELECT * FROM users WHERE id = 1 oR/**/1<2", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR true", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR NOT false", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR id = id", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR 'x'='x' AND password = ''", "tautology"},
      {"SELECT * FROM users WHERE (name = 'a' AND (b = '' OR 1=1)) AND c = 2", "tautology"},
      {"DELETE FROM users WHERE id = 1 OR 2>1", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR 1+1=2", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR length('a') = 1", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR (SELECT 1) = coalesce(NULL, 1)", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR 1 BETWEEN 0 AND 2", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR now() IS NOT NULL", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR CASE WHEN 1=2 THEN false ELSE true END", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR (1,2) = (1,2)", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR name || '' = name", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR (1=1) IS NOT FALSE", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR id IS NULL OR id IS NOT NULL", "tautology"},
      {"SELECT * FROM users WHERE name = '' OR random() < 2", "tautology"},
      {"SELECT * FROM users WHERE id = 1 AND (SELECT passwd FROM pg_shadow LIMIT 1) LIKE 'm%'", "blind"},
      {"UPDATE users SET name = (SELECT rolpassword FROM pg_authid LIMIT 1) WHERE id = 1", "blind"},
      {"SELECT * FROM users WHERE name = convert_from(decode('61', 'hex'), 'utf8')", "encoded"},
      {"SELECT * FROM users WHERE name = 'admin'--' AND password = ''", "comment_tail"},
      {"SELECT * FROM users WHERE name = '' OR 1=1 --", "comment_tail tautology"},
      {"SELECT * FROM users WHERE name = '' OR 1=1 -- -", "comment_tail tautology"},
      {"SELECT * FROM users WHERE (id = 1)--)", "comment_tail"},
      {"SELECT id, name FROM users WHERE id = -1 UNION SELECT NULL, NULL", "union_constants"},
      {"SELECT id, name FROM users WHERE id = -1 UNION ALL SELECT 1, 2", "union_constants"},
      {"SELECT id, name FROM users WHERE id = -1 UNION SELECT NULL, version()", "union_constants"},
      {"SELECT id FROM users WHERE id = -1 UNION SELECT current_user::text", "union_constants"},
      {"SELECT id, name FROM users UNION SELECT 1, usename FROM pg_catalog.pg_shadow", "union_catalog"},
      {"SELECT name FROM users UNION SELECT table_name FROM information_schema.tables", "union_catalog"},
      {"SELECT name FROM users UNION SELECT (SELECT passwd FROM pg_shadow LIMIT 1)", "union_catalog"},
      {"SELECT name FROM users UNION SELECT a FROM b UNION SELECT datname FROM pg_database", "union_catalog"},
      {"SELECT * FROM users WHERE id = 1 AND 1 = (SELECT 1 FROM pg_sleep(5))", "delay"},
      {"SELECT * FROM users WHERE id = (CASE WHEN (1=1) THEN (SELECT 1 FROM PG_SLEEP(5)) ELSE 1 END)",
       "delay"},
      {"SELECT * FROM users WHERE id = 1 AND pg_sleep(5) IS NULL", "delay"},
      {"SELECT * FROM users, (SELECT pg_sleep(5)) x", "delay"},
      {"SELECT * FROM users WHERE id = 1 AND 1 = (SELECT count(*) FROM generate_series(1, 5000000))",
       "delay"},
      {"SELECT * FROM users WHERE id = 1 AND ascii(substr((SELECT password FROM users LIMIT 1), 1, 1)) > 64",
       "blind"},
      {"SELECT * FROM users WHERE id = 1 AND substring((SELECT version()) from 1 for 1) = 'P'", "blind"},
      {"SELECT * FROM users WHERE id = 1 AND 1 = CAST((SELECT version()) AS int)", "error_based"},
      {"SELECT * FROM users WHERE id = CAST('~'||(SELECT passwd FROM t LIMIT 1)::text||'~' AS numeric)",
       "error_based"},
      {"SELECT * FROM users WHERE name = chr(97)||chr(100)||chr(109)", "encoded"},
  }));
  CAPTURE(c.text);
  CHECK(shapes(c.text) == c.shapes);
}

TEST_CASE("statements that people write have none") {
  const char* text = GENERATE(
      as<const char*>(), "SELECT 1", "SELECT 1 -- one", "SELECT 1\n--\n", "-- '\nSELECT 1",
      "SELECT 1 -- don't", "SELECT * FROM t WHERE 1=1 AND a = 2", "SELECT * FROM t WHERE true",
      "SELECT * FROM t WHERE ('' = '' OR name = '')", "SELECT * FROM t WHERE ($1 IS NULL OR a = $1)",
      "SELECT * FROM t WHERE false OR a = 1", "SELECT * FROM t WHERE 1=0 OR a = 1 OR b = 2",
      "SELECT * FROM t WHERE note = 'x'' OR 1=1 --'", "SELECT $$ UNION SELECT NULL, NULL -- $$",
      "SELECT id, name FROM t UNION ALL SELECT 0, '(none)'",
      "SELECT a FROM t UNION SELECT b FROM u ORDER BY 1",
      "SELECT relname FROM pg_class UNION SELECT proname FROM pg_proc", "SELECT pg_sleep(1)",
      "SELECT * FROM generate_series(1, 5000000)", "SELECT (SELECT count(*) FROM t)::int",
      "SELECT current_setting('server_version_num')::int", "SELECT ('1'||a)::int FROM t",
      "SELECT ascii(substr(name, 1, 1)) FROM t", "SELECT a || chr(10) || b || chr(10) FROM t",
      "SELECT * FROM t WHERE a = 1 OR a + 1 = 2", "SELECT * FROM t WHERE a = 1 OR length(b) = 1",
      "SELECT * FROM t WHERE a = 1 OR now() > '2020-01-01'",
      "SELECT * FROM t WHERE a = 1 OR CASE WHEN b THEN true ELSE false END",
      "SELECT * FROM t WHERE a = 1 OR 1 BETWEEN a AND 2", "SELECT * FROM t WHERE a IS NULL OR a IS NOT NULL",
      "SELECT * FROM t WHERE a = 1 OR current_user = 'admin'",
      "SELECT rolname FROM pg_authid WHERE oid = (SELECT min(oid) FROM pg_authid)", "SELECT version()",
      "SELECT NULL, NULL", "VALUES (1, 2) UNION SELECT 3, 4");
  CAPTURE(text);
  CHECK(shapes(text).empty());
}

TEST_CASE("a comment that cuts off what came behind it") {
  CHECK(sql::ends_in_cut_off_comment("SELECT 1; DROP TABLE t --", true));
  CHECK(sql::ends_in_cut_off_comment("SELECT 1; DROP TABLE t;--' AND x", true));
  CHECK_FALSE(sql::ends_in_cut_off_comment("SELECT 1;\n-- the end\n", true));
  CHECK_FALSE(sql::ends_in_cut_off_comment("SELECT '--'", true));
  CHECK_FALSE(sql::ends_in_cut_off_comment("", true));
}

TEST_CASE("what does not parse has no shapes of the tree, and nothing breaks") {
  CHECK(sql::injected_shapes("SELEC 1 OR 1=1", {}).empty());
  std::string nested = "SELECT ";
  for (int i = 0; i < 3000; ++i) nested += "(1::int + ";
  nested += "1" + std::string(3000, ')');
  CHECK(sql::injected_shapes(nested, {}).empty());
  std::string unions = "SELECT a FROM t";
  for (int i = 0; i < 5000; ++i) unions += " UNION SELECT a FROM t";
  CHECK(sql::injected_shapes(unions, {}).empty());
}
