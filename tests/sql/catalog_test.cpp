// Facts with a catalogue: names resolved by search_path, columns settled, views expanded, functions and types
// known; and the rows as a real PostgreSQL gives them.
#include "sql/catalog.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "sql/analyze.h"
#include "sql/support/brief.h"
#include "sql/support/postgres.h"

namespace signalbox::sql::test {
namespace {

CatalogRows rows() {
  return {
      .relations = {{"public", "t", 'r', {"id", "a", "secret"}, ""},
                    {"public", "u", 'r', {"id", "b"}, ""},
                    {"evil", "u", 'r', {"id", "b"}, ""},
                    {"public", "v", 'v', {"id", "x"}, " SELECT t.id, t.secret AS x FROM public.t;"},
                    {"public", "w", 'v', {"id"}, " SELECT v.id FROM public.v JOIN public.u ON u.id = v.id;"},
                    {"public", "f", 'v', {"n"}, " SELECT public.wipe() AS n;"},
                    {"public", "loop1", 'v', {"id"}, " SELECT loop2.id FROM public.loop2;"},
                    {"public", "loop2", 'v', {"id"}, " SELECT loop1.id FROM public.loop1;"},
                    {"public", "broken", 'v', {"id"}, " SELEC 1;"},
                    {"pg_catalog", "pg_class", 'r', {"oid", "relname"}, ""}},
      .functions = {{"public", "wipe", 'v'},
                    {"public", "steady", 's'},
                    {"public", "mixed", 'i'},
                    {"public", "mixed", 'v'}},
      .types = {{"public", "mood", 'e'}, {"public", "t_dom", 'd'}}};
}

StatementFacts with_catalog(const Catalog& catalog, std::string_view sql,
                            const std::vector<std::string>& path = {"public"}) {
  QueryFacts facts = analyze(sql, {.catalog = &catalog, .search_path = path});
  INFO(sql);
  REQUIRE_FALSE(facts.parse_error);
  return std::move(facts.whole);
}

}  // namespace

TEST_CASE("unqualified names are resolved by search_path") {
  const auto catalog = Catalog::build(rows());
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u")) == "read public.u");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u", {"evil", "public"})) == "read evil.u");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u", {})) == "read u");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM nosuch")) == "read nosuch");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM pg_class")) == "read pg_catalog.pg_class");
  CHECK(tables(with_catalog(*catalog, "INSERT INTO u VALUES (1)")) == "write public.u");
  CHECK(tables(with_catalog(*catalog, "TRUNCATE u; COPY t FROM STDIN; LOCK t; DROP TABLE t")) ==
        "write public.u, write public.t, lock public.t, define t");
  CHECK(tables(with_catalog(*catalog, "CREATE TABLE u (a int)")) == "define u");
  CHECK(tables(with_catalog(*catalog, "WITH u AS (SELECT 1) SELECT * FROM u")) == "");
}

TEST_CASE("columns are settled by the tables that have them") {
  const auto catalog = Catalog::build(rows());
  CHECK(columns(with_catalog(*catalog, "SELECT a, b FROM t, u")) == "t.a, u.b");
  CHECK(columns(with_catalog(*catalog, "SELECT (SELECT secret FROM u LIMIT 1) FROM t")) == "t.secret");
  CHECK(columns(with_catalog(*catalog, "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE b = a)")) ==
        "u.b, t.a");
  CHECK(columns(with_catalog(*catalog, "SELECT ctid FROM t, generate_series(1, 2) g(x)")) == "t.ctid");
  CHECK(where(with_catalog(*catalog, "SELECT * FROM t, u WHERE a = 1").tables.front().where) == "a=1");
}

TEST_CASE("a view stands for the tables beneath it") {
  const auto catalog = Catalog::build(rows());
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM v")) == "read public.v, read public.t");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM w")) ==
        "read public.w, read public.v, read public.t, read public.u");
  CHECK(verbs(with_catalog(*catalog, "DELETE FROM v")) == "delete public.v, delete public.t");
  CHECK(columns(with_catalog(*catalog, "SELECT x FROM v")) == "~t.*, v.x");
  const StatementFacts calls = with_catalog(*catalog, "SELECT n FROM f");
  CHECK(words(calls.functions) == "wipe, public.wipe");
  CHECK(words(calls.opaque) == "function");
  CHECK_FALSE(calls.read_only);
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM loop1")) == "read public.loop1, read public.loop2");
  CHECK(words(with_catalog(*catalog, "SELECT * FROM broken").opaque) == "function");
  CHECK(tables(with_catalog(*catalog, "DROP VIEW v")) == "define v");
}

TEST_CASE("functions are judged by their declared volatility, types by their kind") {
  const auto catalog = Catalog::build(rows());
  CHECK(with_catalog(*catalog, "SELECT steady()").read_only);
  CHECK(with_catalog(*catalog, "SELECT public.steady()").read_only);
  CHECK(words(with_catalog(*catalog, "SELECT steady()").opaque) == "function");
  CHECK_FALSE(with_catalog(*catalog, "SELECT wipe()").read_only);
  CHECK_FALSE(with_catalog(*catalog, "SELECT mixed()").read_only);
  CHECK_FALSE(with_catalog(*catalog, "SELECT steady()", {}).read_only);
  CHECK(words(with_catalog(*catalog, "SELECT 'x'::mood, 'y'::t_dom").types) == "t_dom");
}

TEST_CASE("the catalogue's queries give the rows of a real server") {
  if (!Postgres::is_installed()) {
    WARN("skipped: PostgreSQL 15 absent");
    return;
  }
  Postgres server;
  REQUIRE(server.run("CREATE TABLE t_secret (id int, secret text); CREATE SCHEMA s;"
                     "CREATE VIEW s.v AS SELECT id, upper(secret) AS x FROM t_secret WHERE secret LIKE 's%';"
                     "CREATE TYPE mood AS ENUM ('a'); CREATE FUNCTION f() RETURNS int STABLE LANGUAGE sql AS "
                     "'select 1';") == "");
  const auto query = [&](std::string_view sql) {
    std::vector<std::vector<std::string>> out;
    std::stringstream records(server.run("SET search_path = '';\n" + std::string(sql) + " ORDER BY 1, 2;"));
    for (std::string line; std::getline(records, line);) {
      std::vector<std::string>& fields = out.emplace_back();
      std::stringstream stream(line);
      for (std::string field; std::getline(stream, field, '|');) fields.push_back(field);
    }
    return out;
  };
  bool table = false, function = false, type = false;
  for (const auto& row : query(kCatalogQueries.relations))
    table = table || (row.size() >= 4 && row[0] == "public" && row[1] == "t_secret" && row[2] == "r" &&
                      row[3] == "id");
  for (const auto& row : query(kCatalogQueries.functions))
    function = function || row == std::vector<std::string>{"public", "f", "s"};
  for (const auto& row : query(kCatalogQueries.types))
    type = type || row == std::vector<std::string>{"public", "mood", "e"};
  CHECK(table);
  CHECK(function);
  CHECK(type);

  std::string definition = server.run("SET search_path = ''; SELECT pg_get_viewdef('s.v'::regclass)");
  const auto catalog = Catalog::build({.relations = {{"public", "t_secret", 'r', {"id", "secret"}, ""},
                                                     {"s", "v", 'v', {"id", "x"}, definition}},
                                       .functions = {},
                                       .types = {}});
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM s.v")) == "read s.v, read public.t_secret");
}

}  // namespace signalbox::sql::test
