// Bodies in strings: the statements of DO and of functions are found, and what cannot be read is said.
// How PL/pgSQL is cut into SQL: src/pl/plpgsql/src/pl_gram.y of PostgreSQL.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "sql/analyze.h"
#include "sql/plpgsql.h"
#include "sql/support/brief.h"

namespace signalbox::sql::test {
namespace {

bool is_opaque(const QueryFacts& facts) {
  return std::ranges::find(facts.whole.opaque, "sql") != facts.whole.opaque.end();
}

/// "delete t; update u where": what is written inside, and whether by a WHERE that limits it.
std::string writes_in(const QueryFacts& facts) {
  REQUIRE_FALSE(facts.parse_error);
  std::string out;
  for (const StatementFacts& one : facts.inner) {
    if (!out.empty()) out += "; ";
    out += std::string(one.kind);
    for (const TableUse& use : one.tables)
      if (use.access != Access::Read) out += " " + use.name;
    if (one.has_where) out += " where";
  }
  return out;
}

struct Body {
  const char* text;
  const char* writes;
  bool opaque = false;
};

constexpr Body kBodies[] = {
    {"BEGIN DELETE FROM t; END", "delete t"},
    {"begin delete from t where id = 1; update u set a = 1; end;", "delete t where; update u"},
    {"<<x>> DECLARE n int := 1; b CONSTANT bool NOT NULL DEFAULT true; BEGIN DELETE FROM t WHERE id = n; END "
     "x",
     "delete t where"},
    {"DECLARE b bool := true; BEGIN DELETE FROM t WHERE b; END", "delete t"},
    {"DECLARE b int := 1; BEGIN DELETE FROM t WHERE b = 1; END", "delete t"},
    {"BEGIN IF now() > '2020-01-01' THEN DELETE FROM t; ELSIF false THEN DELETE FROM u; ELSE TRUNCATE v; END "
     "IF; END",
     "delete t; delete u; truncate_table v"},
    {"BEGIN IF CASE WHEN true THEN 1 ELSE 2 END = 1 THEN DELETE FROM t; END IF; END", "delete t"},
    {"BEGIN CASE 1 WHEN 1, 2 THEN DELETE FROM t; ELSE NULL; END CASE; END", "delete t"},
    {"BEGIN FOR i IN 1..10 LOOP DELETE FROM t WHERE id = i; END LOOP; END", "delete t where"},
    {"BEGIN FOR i IN REVERSE 10..1 BY 2 LOOP DELETE FROM t; END LOOP; END", "delete t"},
    {"BEGIN FOR r IN DELETE FROM t RETURNING * LOOP UPDATE u SET a = r.a; END LOOP; END",
     "delete t; update u"},
    {"BEGIN FOR r IN SELECT * FROM t LOOP DELETE FROM u WHERE r.id = 1; END LOOP; END", "delete u"},
    {"DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY[1, 2] LOOP DELETE FROM t WHERE id = x; END LOOP; END",
     "delete t where"},
    {"BEGIN WHILE true LOOP DELETE FROM t; EXIT WHEN NOT FOUND; END LOOP; END", "delete t"},
    {"BEGIN BEGIN DELETE FROM t; EXCEPTION WHEN division_by_zero OR SQLSTATE '22012' THEN DELETE FROM u; "
     "END; END",
     "delete t; delete u"},
    {"DECLARE n int; BEGIN DELETE FROM t WHERE id = 1 RETURNING id INTO STRICT n; INSERT INTO u VALUES (n); "
     "END",
     "delete t where; insert u"},
    {"DECLARE r record; a int[]; BEGIN SELECT 1, 2 INTO r.a, a[1] FROM t; a[2] := 3; r.b = 4; DELETE FROM t; "
     "END",
     "delete t"},
    {"DECLARE c CURSOR (k int) FOR SELECT * FROM t WHERE id = k; BEGIN OPEN c(1); FETCH c INTO x; CLOSE c; "
     "END",
     ""},
    {"DECLARE c refcursor; BEGIN OPEN c FOR DELETE FROM t RETURNING *; END", "delete t"},
    {"BEGIN RAISE NOTICE 'x %', 1 USING HINT = 'y'; PERFORM f(1); ASSERT true, 'z'; RETURN; DELETE FROM t; "
     "END",
     "delete t"},
    {"BEGIN GET DIAGNOSTICS n = ROW_COUNT; NULL; COMMIT; DELETE FROM t; END", "delete t"},
    {"BEGIN -- DELETE FROM a;\n /* DELETE FROM b; */ PERFORM 'DELETE FROM c;'; DELETE FROM t; END",
     "delete t"},
    {"BEGIN WITH d AS (DELETE FROM t RETURNING *) SELECT * INTO r FROM d; END", "delete t"},
    {"BEGIN DO 'BEGIN DELETE FROM t; END'; END", "do t; delete t"},
    {"BEGIN EXECUTE 'DELETE FROM t'; END", "delete t"},
    {"BEGIN EXECUTE $q$DELETE FROM t$q$ USING 1; END", "delete t"},
    {"BEGIN EXECUTE 'DELETE FROM t WHERE a = ''x'''; END", "delete t where"},
    {"#variable_conflict use_variable\nBEGIN DELETE FROM t; END", "delete t"},
    // what cannot be read
    {"BEGIN EXECUTE 'DELETE FROM ' || 't'; END", "", true},
    {"BEGIN EXECUTE format('DELETE FROM %I', 't') INTO x USING 1; END", "", true},
    {"BEGIN FOR r IN EXECUTE s LOOP DELETE FROM t; END LOOP; END", "delete t", true},
    {"BEGIN RETURN QUERY EXECUTE s; END", "", true},
    {"DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE s; END", "", true},
    {"BEGIN DELETE FROM t WHERE; END", "", true},
    {"BEGIN DELETE FROM t; ", "delete t", true},
    {"DELETE FROM t", "", true},
    {"BEGIN IF true DELETE FROM t; END IF; END", "", true},
    {"BEGIN CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM t; SELECT 1; END; END", "", true},
};

}  // namespace

TEST_CASE("the statements of a DO body are found") {
  for (const Body& body : kBodies) {
    INFO(body.text);
    const QueryFacts facts = analyze(std::string("DO $body$") + body.text + "$body$");
    CHECK(writes_in(facts) == body.writes);
    CHECK(is_opaque(facts) == body.opaque);
  }
}

TEST_CASE("what a DO body reads is told") {
  CHECK(
      tables(facts_of("DO $$DECLARE n int := (SELECT count(*) FROM a); BEGIN IF EXISTS (SELECT FROM b) THEN "
                      "PERFORM x FROM c; n := (SELECT 1 FROM d); RETURN; END IF; END$$")) ==
      "read a, read b, read c, read d");
}

TEST_CASE("a DO in another language cannot be read") {
  const QueryFacts facts = analyze("DO LANGUAGE plpython3u 'plpy.execute(1)'");
  CHECK(writes_in(facts).empty());
  CHECK(is_opaque(facts));
}

TEST_CASE("of a function it is told that not all of its body could be read") {
  const auto is_unread = [](const char* sql) {
    const QueryFacts facts = analyze(sql);
    CHECK_FALSE(is_opaque(facts));
    return std::ranges::find(facts.whole.opaque, "unread") != facts.whole.opaque.end();
  };
  CHECK(
      is_unread("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''TABLE '' || x; END'"));
  CHECK(is_unread("CREATE FUNCTION f() RETURNS void LANGUAGE plpython3u AS 'plpy.execute(1)'"));
  CHECK_FALSE(is_unread("CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN DELETE FROM t; END'"));
  CHECK_FALSE(is_unread("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"));
  CHECK_FALSE(is_unread("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1"));
}

TEST_CASE("the bodies of functions are read when they are made, and run nothing yet") {
  const auto made = [](const char* sql) {
    const QueryFacts facts = analyze(sql);
    CHECK_FALSE(is_opaque(facts));
    return writes_in(facts);
  };
  CHECK(
      made("CREATE FUNCTION f(a int) RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE id = $1; DELETE FROM "
           "u'") == "delete t where; delete u");
  CHECK(made("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN DELETE FROM t; RETURN new; "
             "END$$") == "delete t");
  CHECK(made("CREATE FUNCTION f(b bool) RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE b'") == "delete t");
}

TEST_CASE("$n in a body is no parameter of the statement, and its value is not known") {
  const QueryFacts facts = analyze(
      "CREATE FUNCTION f(int) RETURNS void LANGUAGE sql AS 'DELETE FROM t WHERE id = $1 AND k = $1::int'");
  CHECK(facts.whole.parameters.empty());
  REQUIRE(facts.inner.size() == 1);
  CHECK(facts.inner.front().where.empty());
  CHECK(facts.inner.front().has_where);
}

TEST_CASE("a variable of a column's name makes no equality") {
  const StatementFacts facts = facts_of(
      "DO $$DECLARE tenant_id int := 7; BEGIN PERFORM * FROM orders WHERE tenant_id = 7 AND id = 1; END$$");
  REQUIRE(facts.tables.size() == 1);
  CHECK(where(facts.tables.front().where) == "id=1");
}

TEST_CASE("bodies made to hurt are read in bounded time") {
  std::string deep = "BEGIN END";
  for (int i = 0; i < 12; ++i) {
    const std::string tag = "$a" + std::to_string(i) + "$";
    deep = "BEGIN DO " + tag + deep + tag + "; END";
  }
  CHECK_FALSE(analyze("DO $x$" + deep + "$x$").parse_error);
  std::string many = "BEGIN ";
  for (int i = 0; i < 20'000; ++i) many += "DELETE FROM t;";
  CHECK(read_plpgsql(many + "END", true).opaque);
  std::string operators = "BEGIN PERFORM 1 ";
  for (int i = 0; i < 100'000; ++i) operators += "/*/";
  CHECK(is_opaque(analyze("DO $x$" + operators + "; END$x$")));
  const std::string text =
      "DECLARE a int[] := 1; BEGIN FOR a IN 1..2 LOOP EXECUTE 'x' USING a[1]; END LOOP; a[1] := 2; END";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    static_cast<void>(read_plpgsql(std::string_view(text).substr(0, cut), true));
    static_cast<void>(read_plpgsql(std::string_view(text).substr(cut), true));
  }
}

}  // namespace signalbox::sql::test
