// Kind, category and read_only of every statement; what it sets, hides and does beyond tables.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sql/analyze.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

struct Case {
  const char* sql;
  const char* kinds;
  const char* categories;
  bool read_only;
};

constexpr bool kReadOnly = true, kChanges = false;

constexpr Case kCases[] = {
    {"SELECT 1", "select", "read", kReadOnly},
    {"VALUES (1)", "select", "read", kReadOnly},
    {"TABLE t", "select", "read", kReadOnly},
    {"SELECT * FROM t FOR UPDATE", "select", "read", kChanges},
    {"SELECT * FROM t FOR KEY SHARE", "select", "read", kChanges},
    {"SELECT 1 INTO t", "select_into", "ddl", kChanges},
    {"SELECT nextval('s')", "select", "read", kChanges},
    {"SELECT currval('s'), random(), now(), clock_timestamp()", "select", "read", kReadOnly},
    {"SELECT set_config('a.b', 'c', true)", "select", "read", kChanges},
    {"SELECT pg_sleep(1)", "select", "read", kReadOnly},
    {"SELECT my_function()", "select", "read", kChanges},
    {"SELECT public.upper('x')", "select", "read", kChanges},
    {"SELECT pg_catalog.upper('x')", "select", "read", kReadOnly},
    {"SELECT pg_advisory_lock(1)", "select", "read", kChanges},
    {"SELECT lo_unlink(1)", "select", "read", kChanges},
    {"SELECT pg_terminate_backend(1)", "select", "read", kChanges},
    {"SELECT * FROM dblink('x', 'y') AS t(a int)", "select", "read", kChanges},
    {"WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d", "select, delete", "read, write", kChanges},
    {"INSERT INTO t VALUES (1)", "insert", "write", kChanges},
    {"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "insert, select", "write, read", kChanges},
    {"UPDATE t SET a = 1", "update", "write", kChanges},
    {"DELETE FROM t", "delete", "write", kChanges},
    {"MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DELETE", "merge", "write", kChanges},
    {"TRUNCATE t", "truncate_table", "write", kChanges},
    {"EXPLAIN DELETE FROM t", "explain, delete", "read, write", kReadOnly},
    {"EXPLAIN SELECT 1", "explain, select", "read", kReadOnly},
    {"EXPLAIN ANALYZE DELETE FROM t", "explain, delete", "read, write", kChanges},
    {"EXPLAIN (ANALYZE, VERBOSE) SELECT 1", "explain, select", "read", kReadOnly},
    {"EXPLAIN (ANALYZE off) DELETE FROM t", "explain, delete", "read, write", kReadOnly},
    {"EXPLAIN (ANALYZE true) DELETE FROM t", "explain, delete", "read, write", kChanges},
    {"EXPLAIN ANALYZE EXECUTE p", "explain, execute", "read, code", kChanges},
    {"EXPLAIN ANALYZE CREATE TABLE n AS SELECT 1", "explain, create_table_as, select", "read, ddl", kChanges},
    {"EXPLAIN (ANALYZE) SELECT 1 INTO n", "explain, select_into", "read, ddl", kChanges},
    {"SHOW search_path", "show", "read", kReadOnly},
    {"SET search_path = a", "set", "session", kChanges},
    {"SET LOCAL x.y = 1", "set", "session", kChanges},
    {"SET ROLE x", "set", "session", kChanges},
    {"RESET ALL", "reset", "session", kChanges},
    {"SET CONSTRAINTS ALL DEFERRED", "set_constraints", "transaction", kChanges},
    {"BEGIN", "begin", "transaction", kReadOnly},
    {"START TRANSACTION READ ONLY", "start_transaction", "transaction", kReadOnly},
    {"COMMIT", "commit", "transaction", kReadOnly},
    {"END", "commit", "transaction", kReadOnly},
    {"ROLLBACK", "rollback", "transaction", kReadOnly},
    {"ABORT", "rollback", "transaction", kReadOnly},
    {"SAVEPOINT s", "savepoint", "transaction", kReadOnly},
    {"RELEASE s", "release", "transaction", kReadOnly},
    {"ROLLBACK TO s", "rollback", "transaction", kReadOnly},
    {"PREPARE TRANSACTION 'x'", "prepare_transaction", "transaction", kChanges},
    {"COMMIT PREPARED 'x'", "commit_prepared", "transaction", kChanges},
    {"DECLARE c CURSOR FOR SELECT 1", "declare_cursor, select", "cursor, read", kReadOnly},
    {"DECLARE c CURSOR FOR SELECT f()", "declare_cursor, select", "cursor, read", kChanges},
    {"FETCH 10 FROM c", "fetch", "cursor", kReadOnly},
    {"MOVE c", "move", "cursor", kReadOnly},
    {"CLOSE c", "close_cursor", "cursor", kReadOnly},
    {"CLOSE ALL", "close_cursor_all", "cursor", kReadOnly},
    {"PREPARE p AS SELECT 1", "prepare, select", "session, read", kReadOnly},
    {"PREPARE p AS DELETE FROM t", "prepare, delete", "session, write", kChanges},
    {"EXECUTE p", "execute", "code", kChanges},
    {"DEALLOCATE p", "deallocate", "session", kReadOnly},
    {"DEALLOCATE ALL", "deallocate_all", "session", kReadOnly},
    {"DISCARD ALL", "discard_all", "session", kChanges},
    {"DISCARD TEMP", "discard_temp", "session", kChanges},
    {"COPY t TO STDOUT", "copy", "copy", kReadOnly},
    {"COPY (SELECT 1) TO STDOUT", "copy, select", "copy, read", kReadOnly},
    {"COPY (DELETE FROM t RETURNING *) TO STDOUT", "copy, delete", "copy, write", kChanges},
    {"COPY t TO PROGRAM 'x'", "copy", "copy", kChanges},
    {"COPY t TO '/tmp/x'", "copy", "copy", kChanges},
    {"COPY t FROM STDIN", "copy", "copy", kChanges},
    {"DO 'BEGIN END'", "do", "code", kChanges},
    {"CALL p()", "call", "code", kChanges},
    {"LOCK t", "lock_table", "transaction", kChanges},
    {"LISTEN c", "listen", "session", kChanges},
    {"NOTIFY c, 'x'", "notify", "session", kChanges},
    {"UNLISTEN *", "unlisten", "session", kChanges},
    {"CHECKPOINT", "checkpoint", "maintenance", kChanges},
    {"VACUUM", "vacuum", "maintenance", kChanges},
    {"ANALYZE", "analyze", "maintenance", kChanges},
    {"REINDEX TABLE t", "reindex", "maintenance", kChanges},
    {"CLUSTER", "cluster", "maintenance", kChanges},
    {"LOAD 'x'", "load", "server", kChanges},
    {"ALTER SYSTEM SET x = 1", "alter_system", "server", kChanges},
    {"CREATE TABLE t (a int)", "create_table", "ddl", kChanges},
    {"CREATE TEMP TABLE t (a int)", "create_table", "ddl", kChanges},
    {"CREATE TABLE t AS SELECT 1", "create_table_as, select", "ddl, read", kChanges},
    {"CREATE TABLE t AS EXECUTE p", "create_table_as, execute", "ddl, code", kChanges},
    {"CREATE MATERIALIZED VIEW v AS SELECT 1", "create_materialized_view, select", "ddl, read", kChanges},
    {"REFRESH MATERIALIZED VIEW v", "refresh_materialized_view", "maintenance", kChanges},
    {"CREATE VIEW v AS SELECT 1", "create_view", "ddl", kChanges},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'", "create_function", "ddl", kChanges},
    {"CREATE PROCEDURE f() LANGUAGE sql AS 'select 1'", "create_procedure", "ddl", kChanges},
    {"CREATE AGGREGATE a (int) (sfunc = f, stype = int)", "create_aggregate", "ddl", kChanges},
    {"CREATE OPERATOR === (function = f)", "create_operator", "ddl", kChanges},
    {"CREATE TYPE x AS ENUM ('a')", "create_type", "ddl", kChanges},
    {"CREATE TYPE x AS (a int)", "create_type", "ddl", kChanges},
    {"CREATE TYPE x AS RANGE (subtype = int)", "create_type", "ddl", kChanges},
    {"CREATE DOMAIN d AS int CHECK (value > 0)", "create_domain", "ddl", kChanges},
    {"CREATE EXTENSION e", "create_extension", "ddl", kChanges},
    {"CREATE ROLE r", "create_role", "dcl", kChanges},
    {"CREATE USER r", "create_role", "dcl", kChanges},
    {"ALTER ROLE r SUPERUSER", "alter_role", "dcl", kChanges},
    {"ALTER ROLE r SET x = 1", "alter_role", "dcl", kChanges},
    {"ALTER USER r PASSWORD 'x'", "alter_role", "dcl", kChanges},
    {"DROP ROLE r", "drop_role", "dcl", kChanges},
    {"GRANT SELECT ON t TO r", "grant", "dcl", kChanges},
    {"GRANT a TO b", "grant_role", "dcl", kChanges},
    {"REVOKE SELECT ON t FROM r", "revoke", "dcl", kChanges},
    {"REVOKE a FROM b", "revoke_role", "dcl", kChanges},
    {"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO r", "alter_default_privileges, grant", "dcl",
     kChanges},
    {"REASSIGN OWNED BY a TO b", "reassign_owned", "dcl", kChanges},
    {"DROP OWNED BY a", "drop_owned", "dcl", kChanges},
    {"DROP TABLE t", "drop_table", "ddl", kChanges},
    {"DROP FOREIGN TABLE t", "drop_foreign_table", "ddl", kChanges},
    {"DROP MATERIALIZED VIEW v", "drop_materialized_view", "ddl", kChanges},
    {"DROP TEXT SEARCH CONFIGURATION c", "drop_text_search_configuration", "ddl", kChanges},
    {"DROP OPERATOR CLASS o USING btree", "drop_operator_class", "ddl", kChanges},
    {"DROP DATABASE d", "drop_database", "ddl", kChanges},
    {"ALTER TABLE t RENAME COLUMN a TO b", "alter_table", "ddl", kChanges},
    {"ALTER VIEW v RENAME COLUMN a TO b", "alter_view", "ddl", kChanges},
    {"ALTER TABLE t RENAME TO u", "alter_table", "ddl", kChanges},
    {"ALTER INDEX i RENAME TO j", "alter_index", "ddl", kChanges},
    {"ALTER FUNCTION f() OWNER TO r", "alter_function", "ddl", kChanges},
    {"ALTER TYPE t ADD VALUE 'x'", "alter_type", "ddl", kChanges},
    {"ALTER TYPE t RENAME ATTRIBUTE a TO b", "alter_type", "ddl", kChanges},
    {"ALTER TRIGGER g ON t RENAME TO h", "alter_trigger", "ddl", kChanges},
    {"ALTER DATABASE d SET x = 1", "alter_database", "ddl", kChanges},
    {"COMMENT ON TABLE t IS 'x'", "comment", "ddl", kChanges},
    {"IMPORT FOREIGN SCHEMA x FROM SERVER y INTO public", "import_foreign_schema", "ddl", kChanges},
    {"CREATE RULE r AS ON INSERT TO t DO ALSO DELETE FROM v", "create_rule", "ddl", kChanges},
};

struct Words {
  const char* sql;
  const char* expected;
};

constexpr Words kSets[] = {
    {"SET search_path = a, \"B\"", "session search_path='a, B'"},
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
    {"DO 'x'", "do"},
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
  for (const Case& one : kCases) {
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
  CHECK(analyze("SELECT 1; SELECT 2").whole.kind == "select");
  CHECK(analyze("").whole.kind == "empty");
  CHECK(analyze(" ; -- x\n;").statements().empty());
}

}  // namespace signalbox::sql::test
