// Kind, category and read_only of every statement; what it sets, hides and does beyond tables.
#include "sql/support/statements.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Words {
  const char* sql;
  const char* expected;
};

constexpr Words kSets[] = {
    {"SET search_path = a, \"B\"", "session search_path='a, \"B\"'"},
    {"SET search_path = '', 'x, y', \"$user\"", "session search_path='\"\", \"x, y\", \"$user\"'"},
    {"SET SEARCH_PATH TO 'x'", "session search_path='x'"},
    {"SET SCHEMA 'x'", "session search_path='x'"},
    {"SET LOCAL work_mem = 64", "local work_mem='64'"},
    {"SET row_security = off", "session row_security='off'"},
    {"SET x.y TO DEFAULT", "session x.y=null"},
    {"RESET x", "session x=null"},
    {"RESET ALL", "session all=null"},
    {"SET ROLE admin", "session role='admin'"},
    {"SET ROLE NONE", "session role='none'"},
    {"RESET ROLE", "session role=null"},
    {"SET SESSION AUTHORIZATION x", "session session_authorization='x'"},
    {"SET TIME ZONE 'UTC'", "session timezone='UTC'"},
    {"SET NAMES 'SJIS'", "session client_encoding='SJIS'"},
    {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE",
     "transaction transaction_isolation='serializable', transaction transaction_read_only=0"},
    {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "session default_transaction_read_only=1"},
    {"BEGIN READ WRITE", "transaction transaction_read_only=0"},
    {"SELECT set_config('Search_Path', 'evil', false)", "session search_path='evil'"},
    {"SELECT set_config('a.b', $1, true)", "local a.b=$1"},
    {"SELECT set_config('a' || 'b', 'c', false)", "session ='c'"},
    {"ALTER SYSTEM SET log_min_messages = 'warning'", "system log_min_messages='warning'"},
    {"ALTER ROLE r SET x = 'y'", "role x='y'"},
    {"ALTER DATABASE d RESET x", "database x=null"},
    {"CREATE FUNCTION f() RETURNS int SET search_path = s LANGUAGE sql AS 'x'", "function search_path='s'"},
    {"ALTER FUNCTION f() SET search_path = s", "function search_path='s'"},
};

constexpr Words kOpaque[] = {
    {"SELECT upper('x')", ""},
    {"DO 'BEGIN END'", "do"},
    {"DO 'x'", "do, sql"},
    {"EXECUTE p", "execute"},
    {"SELECT f()", "function"},
    {"CALL f()", "function"},
    {"SELECT * FROM f()", "function"},
    {"SELECT 1 WHERE f() IS NULL", "function"},
    {"SELECT query_to_xml('x', true, false, '')", "sql"},
    {"SELECT 1 OPERATOR(pg_catalog.+) 2", ""},
    {"SELECT 1 OPERATOR(evil.+) 2", "operator"},
    {"SELECT a <#> b FROM t", "operator"},
    {"SELECT 1 != 2, 1 <> 2, 'a' LIKE 'b', 1 BETWEEN 2 AND 3, 1 IN (1), 1 IS DISTINCT FROM 2, a ~* 'b' FROM "
     "t",
     ""},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", "body"},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1", ""},
    {"CREATE EXTENSION e", "body"},
    {"CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "function"},
    {"DROP TABLE t", ""},
    {"DROP TABLE t CASCADE", "unnamed"},
    {"DROP VIEW v CASCADE", "unnamed"},
    {"DROP OWNED BY r", "unnamed"},
    {"REASSIGN OWNED BY r TO s", "unnamed"},
    {"DROP DATABASE d", "unnamed"},
    {"TRUNCATE t", ""},
    {"TRUNCATE t CASCADE", "unnamed"},
    {"ALTER TABLE t DROP COLUMN a", ""},
    {"ALTER TABLE t ADD b int, DROP COLUMN a CASCADE", "unnamed"},
    {"ALTER TABLE ALL IN TABLESPACE x SET TABLESPACE y", "unnamed"},
    {"GRANT SELECT ON t TO r", ""},
    {"GRANT SELECT ON ALL TABLES IN SCHEMA s TO r", "unnamed"},
    {"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", "unnamed"},
    {"VACUUM", "unnamed"},
    {"VACUUM t", ""},
    {"ANALYZE", "unnamed"},
    {"CLUSTER", "unnamed"},
    {"CLUSTER t USING i", ""},
    {"REINDEX TABLE t", ""},
    {"REINDEX SCHEMA s", "unnamed"},
    {"CREATE PUBLICATION p FOR TABLE t", ""},
    {"CREATE PUBLICATION p FOR ALL TABLES", "unnamed"},
    {"CREATE PUBLICATION p FOR TABLES IN SCHEMA s", "unnamed"},
    {"IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", "unnamed"},
};

constexpr Words kEffects[] = {
    {"SELECT pg_read_file('x')", "file_read"},
    {"SELECT * FROM pg_ls_dir('.')", "file_read"},
    {"SELECT lo_export(lo_import('/etc/x'), '/tmp/y')", "large_object, file_write, file_read"},
    {"COPY t TO PROGRAM 'x'", "program"},
    {"COPY t FROM '/tmp/x'", "file_read"},
    {"COPY t TO '/tmp/x'", "file_write"},
    {"SELECT pg_notify('c', 'p')", "notify"},
    {"NOTIFY c", "notify"},
    {"SELECT dblink_exec('x')", "network, sql"},
    {"SELECT pg_sleep(1)", "wait"},
    {"SELECT pg_cancel_backend(1)", "process"},
    {"SELECT nextval('s')", "sequence"},
    {"SELECT pg_logical_emit_message(true, 'a', 'b')", "server"},
    {"LOAD 'x'", "server"},
    {"SET a.b = 'c'", "setting"},
};

constexpr Words kObjects[] = {
    {"CREATE SCHEMA s", "schema s"},
    {"DROP SCHEMA a, b", "schema a, schema b"},
    {"CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'x'", "function s.f"},
    {"DROP FUNCTION f(int), s.g", "function f, function s.g"},
    {"ALTER FUNCTION f() RENAME TO g", "function f"},
    {"CREATE ROLE r", "role r"},
    {"ALTER ROLE r LOGIN", "role r"},
    {"DROP ROLE a, b", "role a, role b"},
    {"GRANT a TO b", "role a, role b"},
    {"GRANT SELECT ON t TO r", "role r"},
    {"GRANT USAGE ON SCHEMA s TO r", "schema s, role r"},
    {"GRANT SELECT ON ALL TABLES IN SCHEMA s TO r", "schema s, role r"},
    {"GRANT EXECUTE ON FUNCTION f(int) TO r", "function f, role r"},
    {"ALTER TABLE t OWNER TO r", "role r"},
    {"CREATE DATABASE d", "database d"},
    {"DROP DATABASE d", "database d"},
    {"CREATE EXTENSION e", "extension e"},
    {"CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f()", "trigger g"},
    {"DROP TRIGGER g ON s.t", "trigger s.g"},
    {"CREATE POLICY p ON t USING (true)", "policy p"},
    {"CREATE TYPE s.x AS ENUM ('a')", "type s.x"},
    {"CREATE DOMAIN d AS int", "domain d"},
    {"DROP TYPE x", "type x"},
    {"CREATE INDEX i ON t (a)", "index i"},
    {"CREATE SERVER s FOREIGN DATA WRAPPER w", "server s"},
    {"CREATE PUBLICATION p FOR ALL TABLES", "publication p"},
    {"DROP CAST (int AS text)", "cast pg_catalog.int4, cast text"},
    {"LOAD 'lib'", "library lib"},
    {"ALTER TABLE t RENAME CONSTRAINT a TO b", ""},
};

constexpr Words kTypes[] = {
    {"SELECT '1'::int, 'x'::text, '{}'::jsonb, now()::date, '1'::pg_catalog.int4, 'a'::varchar(3)[]", ""},
    {"SELECT 'x'::t_dom", "t_dom"},
    {"SELECT CAST('x' AS s.t_dom)", "s.t_dom"},
    {"SELECT '1'::information_schema.cardinal_number", ""},
};

}  // namespace

TEST_CASE("kind, categories and read_only follow PostgreSQL's command tags") {
  for (const StatementCase& one : kStatements) {
    INFO(one.sql);
    const StatementFacts facts = facts_of(one.sql);
    CHECK(words(facts.kinds) == one.kinds);
    CHECK(words(facts.categories) == one.categories);
    CHECK(facts.read_only == one.read_only);
    CHECK((facts.kinds.empty() || facts.kinds.front() == facts.kind));
    CHECK(std::ranges::binary_search(kind_names(), facts.kind));
  }
}

TEST_CASE("settings are listed in every form") {
  for (const Words& one : kSets) {
    INFO(one.sql);
    CHECK(sets(facts_of(one.sql)) == one.expected);
  }
}

TEST_CASE("what the text hides is said") {
  for (const Words& one : kOpaque) {
    INFO(one.sql);
    CHECK(words(facts_of(one.sql).opaque) == one.expected);
  }
}

TEST_CASE("clauses that are a word and a value") {
  const auto options = [](std::string_view sql) {
    std::string out;
    for (const ClauseOption& one : facts_of(sql).options)
      out += (out.empty() ? "" : ", ") + one.name + "=" + literal(one.value);
    return out;
  };
  CHECK(options("CREATE ROLE r SUPERUSER NOLOGIN PASSWORD 'x' CONNECTION LIMIT 3 VALID UNTIL 'infinity'") ==
        "superuser=true, login=false, password=unknown, connection limit=3, valid until='infinity'");
  CHECK(options("ALTER ROLE r NOSUPERUSER CREATEROLE BYPASSRLS REPLICATION CREATEDB INHERIT") ==
        "superuser=false, createrole=true, bypassrls=true, replication=true, createdb=true, inherit=true");
  CHECK(options("CREATE USER u IN ROLE a") == "");
  CHECK(options("CREATE FUNCTION f() RETURNS int LANGUAGE c SECURITY DEFINER STABLE STRICT AS 'a', 'b'") ==
        "language='c', security definer=true, volatility='stable', strict=true");
  CHECK(options("ALTER FUNCTION f() SECURITY INVOKER LEAKPROOF") == "security definer=false, leakproof=true");
  CHECK(options("CREATE FUNCTION f(t) RETURNS int LANGUAGE sql RETURN 1") ==
        "takes rows=true, language='sql'");
  CHECK(options("CREATE FUNCTION f(\"any\") RETURNS int LANGUAGE sql RETURN 1") ==
        "takes rows=true, language='sql'");
  CHECK(options("CREATE FUNCTION f(int, text, s.c%TYPE, OUT t) LANGUAGE sql RETURN 1") == "language='sql'");
  CHECK(options("CREATE AGGREGATE a(anyelement) (sfunc = f, stype = int)") == "takes rows=true");
  CHECK(options("CREATE AGGREGATE a(basetype = t, sfunc = f, stype = int)") == "takes rows=true");
  CHECK(options("CREATE AGGREGATE a(int) (sfunc = f, stype = int)") == "");
  CHECK(options("DO LANGUAGE plpython3u 'x'") == "language='plpython3u'");
  CHECK(options("CREATE EXTENSION e SCHEMA s VERSION '1' CASCADE") ==
        "schema='s', new_version='1', cascade=true");
}

TEST_CASE("functions under other names are listed") {
  const auto functions = [](std::string_view sql) { return words(facts_of(sql).functions); };
  CHECK(functions("CREATE FUNCTION f(text) RETURNS text LANGUAGE internal AS 'pg_read_file'") ==
        "pg_read_file");
  CHECK(functions("CREATE OPERATOR !! (rightarg = text, function = pg_catalog.pg_read_file)") ==
        "pg_read_file");
  CHECK(functions("ALTER OPERATOR = (a, b) SET (restrict = f)") == "f");
  CHECK(functions("CREATE CAST (text AS a) WITH FUNCTION s.f(text)") == "f, s.f");
  CHECK(functions("CREATE OPERATOR CLASS c FOR TYPE int USING btree AS FUNCTION 1 f(int, int)") == "f");
  CHECK(functions("CREATE TYPE r AS RANGE (subtype = int, subtype_diff = f)") == "f");
  CHECK(functions("ALTER TYPE b SET (receive = f)") == "f");
  CHECK(functions("CREATE LANGUAGE l HANDLER f INLINE g VALIDATOR h") == "f, g, h");
  CHECK(functions("CREATE FOREIGN DATA WRAPPER w HANDLER f VALIDATOR g") == "f, g");
  CHECK(functions("CREATE ACCESS METHOD m TYPE TABLE HANDLER f") == "f");
  CHECK(functions("CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM f") == "f");
  CHECK(functions("CREATE TRANSFORM FOR int LANGUAGE l (FROM SQL WITH FUNCTION f(internal))") == "f");
  CHECK(functions("CREATE TEXT SEARCH PARSER p (start = f, gettoken = g, end = h, lextypes = i)") ==
        "f, g, h, i");
}

TEST_CASE("functions called like a field are listed") {
  const auto functions = [](std::string_view sql) { return words(facts_of(sql).functions); };
  CHECK(functions("SELECT ('/etc/passwd'::text).pg_read_file") == "pg_read_file");
  CHECK(functions("SELECT (x).lower.pg_read_file FROM t") == "lower, pg_read_file");
  CHECK(functions("SELECT $1.pg_read_file") == "pg_read_file");
  CHECK(functions("SELECT a[1].pg_read_file FROM t") == "pg_read_file");
  CHECK(functions("SELECT v.pg_read_file FROM unnest(ARRAY['x']) v") == "unnest, pg_read_file");
  CHECK(functions("SELECT v.pg_read_file FROM concat('x') v(a)") == "concat, pg_read_file");
  CHECK(functions("SELECT v.purge FROM (SELECT 1 AS a) v") == "purge");
  CHECK(functions("SELECT v.a FROM (SELECT 1 AS a) v") == "");
  CHECK(functions("SELECT e.value, e.key FROM jsonb_each('{}') e") == "jsonb_each");
  CHECK(functions("SELECT t.hash_record FROM t") == "hash_record");
  CHECK(functions("SELECT t.pg_read_file FROM t") == "");  // of a row there is none
  CHECK(functions("WITH RECURSIVE c(a) AS (SELECT 1 UNION SELECT a + 1 FROM c) SEARCH DEPTH FIRST BY a SET o "
                  "SELECT c.o FROM c") == "");
  const StatementFacts own = facts_of("SELECT (1).purge");
  CHECK(words(own.opaque) == "function");
  CHECK_FALSE(own.read_only);
  CHECK(words(facts_of("SELECT ('{}'::text).pg_notify").effects) == "notify");
}

TEST_CASE("operators named by USING and EXCLUDE are seen") {
  CHECK(words(facts_of("SELECT a FROM t ORDER BY a USING OPERATOR(public.<<<)").opaque) == "operator");
  CHECK(words(facts_of("SELECT a FROM t ORDER BY a USING <").opaque) == "");
  CHECK(words(facts_of("CREATE TABLE t (a int, EXCLUDE USING gist (a WITH public.&&))").opaque) ==
        "operator");
}

TEST_CASE("a setting is sure to be set, or not") {
  const auto surely = [](std::string_view sql) { return facts_of(sql).sets.front().surely; };
  CHECK(surely("SET search_path = a"));
  CHECK(surely("SELECT set_config('search_path', 'a', false)"));
  CHECK(surely("SELECT pg_catalog.set_config('search_path', '', true) AS x"));
  for (const char* sql :
       {"SELECT set_config('a.b', 'c', false) WHERE false", "SELECT set_config('a.b', 'c', false), 1",
        "SELECT CASE WHEN x THEN set_config('a.b', 'c', false) END", "SELECT set_config('a.b', 'c', $1)",
        "SELECT set_config('a.b', 'c', false) LIMIT 0", "SELECT set_config('a.b', 'c', false) FROM t",
        "SELECT evil.set_config('a.b', 'c', false)", "VALUES (set_config('a.b', 'c', false))",
        "SELECT 1 UNION SELECT set_config('a.b', 'c', false)"}) {
    INFO(sql);
    CHECK_FALSE(surely(sql));
  }
}

TEST_CASE("what CREATE TEMP makes is in pg_temp") {
  for (const char* sql :
       {"CREATE TEMP TABLE n (a int)", "CREATE TEMP TABLE n AS SELECT 1", "SELECT 1 INTO TEMP n",
        "CREATE TEMP VIEW n AS SELECT 1", "CREATE TEMP SEQUENCE n"}) {
    INFO(sql);
    CHECK(facts_of(sql).tables.front().schema == "pg_temp");
  }
}

TEST_CASE("effects beyond tables are listed") {
  for (const Words& one : kEffects) {
    INFO(one.sql);
    CHECK(words(facts_of(one.sql).effects) == one.expected);
  }
}

TEST_CASE("objects other than tables are listed") {
  for (const Words& one : kObjects) {
    INFO(one.sql);
    CHECK(objects(facts_of(one.sql)) == one.expected);
  }
}

TEST_CASE("types that are not PostgreSQL's own are listed") {
  for (const Words& one : kTypes) {
    INFO(one.sql);
    CHECK(words(facts_of(one.sql).types) == one.expected);
  }
}

TEST_CASE("functions are listed by name, and with their schema when it is written") {
  CHECK(words(facts_of("SELECT \"pg_read_file\"('x'), S.F(1), pg_catalog.upper('a')").functions) ==
        "pg_read_file, f, s.f, upper");
  CHECK(words(facts_of("VALUES (pg_read_file('x'))").functions) == "pg_read_file");
  CHECK(words(facts_of("SELECT * FROM t LIMIT (SELECT length(pg_read_file('x')))").functions) ==
        "length, pg_read_file");
}

TEST_CASE("several statements: each has its own facts, together the worst counts") {
  const QueryFacts facts = analyze("SELECT 1; DELETE FROM t;  SELECT f()");
  REQUIRE(facts.statements().size() == 3);
  CHECK(facts.whole.kind == "multi");
  CHECK(words(facts.whole.kinds) == "select, delete");
  CHECK_FALSE(facts.whole.read_only);
  CHECK_FALSE(facts.whole.has_where);
  CHECK(facts.statements()[0].read_only);
  CHECK(text_of(facts.statements()[1], "SELECT 1; DELETE FROM t;  SELECT f()") == "DELETE FROM t");
  CHECK(analyze("SELECT 1; DELETE FROM t WHERE id = 1").whole.has_where);
  CHECK(analyze("SELECT 1; SELECT 2").whole.kind == "select");
  CHECK(analyze("").whole.kind == "empty");
  CHECK(analyze(" ; -- x\n;").statements().empty());
}

}  // namespace signalbox::sql::test
