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

constexpr std::uint32_t kInt4 = 23, kText = 25;

CatalogRows rows() {
  return {.relations =
              {{"public", "t", 'r', {{"id", kInt4}, {"a", kInt4}, {"secret", kText}}, ""},
               {"public", "u", 'r', {{"id", kInt4}, {"b", kInt4}}, ""},
               {"evil", "u", 'r', {{"id", kInt4}, {"b", kInt4}}, ""},
               {"public", "v", 'v', {{"id"}, {"x"}}, " SELECT t.id, t.secret AS x FROM public.t;"},
               {"public", "w", 'v', {{"id"}}, " SELECT v.id FROM public.v JOIN public.u ON u.id = v.id;"},
               {"public", "f", 'v', {{"n"}}, " SELECT public.wipe() AS n;"},
               {"public", "loop1", 'v', {{"id"}}, " SELECT loop2.id FROM public.loop2;"},
               {"public", "loop2", 'v', {{"id"}}, " SELECT loop1.id FROM public.loop1;"},
               {"public", "broken", 'v', {{"id"}}, " SELEC 1;"},
               {"public", "root", 'r', {{"id"}}, ""},
               {"public", "leaf", 'r', {{"id"}}, ""},
               {"public", "leafs", 'v', {{"id"}}, " SELECT leaf.id FROM public.leaf;"},
               {"public", "family", 'p', {{"id"}}, ""},
               {"public", "noisy", 'r', {{"id"}}, "", true},
               {"pg_catalog", "pg_class", 'r', {{"oid"}, {"relname"}}, ""}},
          .links = {{"public", "root", "public", "leaf", false},
                    {"public", "family", "public", "t", true},
                    {"public", "leaf", "public", "noisy", true}},
          .functions = {{"public", "wipe", 'v', true, "plpgsql"},
                        {"public", "steady", 's', false, "sql"},
                        {"public", "mixed", 'i', false, "sql"},
                        {"public", "mixed", 'v', false, "sql"},
                        {"public", "upper", 'v', false, "sql"}},
          .types = {{"public", "mood", 'e'}, {"public", "t_dom", 'd'}},
          .paths = {{"alice", "\"$user\", evil"}, {"", "public"}},
          .open_schemas = {"public", "evil"}};
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

TEST_CASE("a schema that not everybody may use may be passed over") {
  CatalogRows some = rows();
  some.open_schemas = {"public"};
  const auto catalog = Catalog::build(std::move(some));
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u", {"evil", "public"})) ==
        "read u, read evil.u, read public.u");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u", {"public", "evil"})) == "read public.u");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM u", {"evil"})) == "read evil.u");
}

TEST_CASE("t.name calls the function of that name, when it is no column") {
  const auto catalog = Catalog::build(rows());
  CHECK(words(with_catalog(*catalog, "SELECT t.steady FROM t").functions) == "steady");
  CHECK(words(with_catalog(*catalog, "SELECT t.id, t.xmin, t.nosuch FROM t").functions) == "");
}

TEST_CASE("x.name and (x).name call what the catalogue has, and are fields otherwise") {
  const auto catalog = Catalog::build(rows());
  const auto purge = with_catalog(*catalog, "SELECT (1).wipe");
  CHECK(words(purge.functions) == "wipe");
  CHECK(words(purge.opaque) == "function");
  CHECK_FALSE(purge.read_only);
  CHECK(words(with_catalog(*catalog, "SELECT v.wipe FROM unnest(ARRAY[1]) v").functions) == "unnest, wipe");
  CHECK(words(with_catalog(*catalog, "SELECT (x).city FROM t x").opaque) == "");
}

TEST_CASE("a name means every table of the name where the search_path is not known") {
  const auto catalog = Catalog::build(rows());
  const auto facts = [&](std::string_view sql) { return analyze(sql, {.catalog = catalog.get()}).whole; };
  CHECK(tables(facts("SELECT * FROM u")) == "read u, read evil.u, read public.u");
  CHECK(tables(facts("SELECT * FROM t")) == "read public.t");
  CHECK(tables(facts("SELECT * FROM v")) == "read public.v, read public.t");
  CHECK(columns(facts("SELECT a FROM t, u")).find("~t.a") !=
        std::string::npos);  // a temporary t may have none
  CHECK(words(facts("SELECT 'x'::mood").types) == "mood");
  CHECK(words(facts("SELECT wipe()").opaque) == "function");
}

TEST_CASE("the search_path of a session's beginning") {
  const auto catalog = Catalog::build(rows());
  CHECK(words(catalog->path_of("alice").value()) == "$user, evil");
  CHECK(words(catalog->path_of("bob").value()) == "public");
  CHECK_FALSE(Catalog::build({})->path_of("bob"));
  CHECK(words(split_path("a, \"B\"\"c\" ,D", "x").value()) == "a, B\"c, d");
  CHECK(split_path("", "x")->empty());
  for (const char* broken : {"a,", ",a", "\"a", "a b", "a\t, b", "\xc4, b"})
    CHECK_FALSE(split_path(broken, "x"));
  CHECK_FALSE(split_path(std::string(64, 'a'), "x"));
}

TEST_CASE("a table stands for its children, and a write for what it reaches") {
  const auto catalog = Catalog::build(rows());
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM family")) == "read public.family, read public.t");
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM root")) == "read public.root");
  CHECK(verbs(with_catalog(*catalog, "DELETE FROM root")) ==
        "delete public.root, delete public.leaf, delete public.noisy");
  CHECK(words(with_catalog(*catalog, "DELETE FROM root").opaque) == "trigger");
  CHECK(verbs(with_catalog(*catalog, "INSERT INTO root VALUES (1)")) == "insert public.root");
  CHECK(verbs(with_catalog(*catalog, "DELETE FROM leafs")) ==
        "delete public.leafs, delete public.leaf, delete public.noisy");
  CHECK(words(with_catalog(*catalog, "SELECT * FROM noisy").opaque).empty());
  CHECK(words(with_catalog(*catalog, "INSERT INTO noisy VALUES (1)").opaque) == "trigger");
}

TEST_CASE("a bound value has the type of the column that it is compared to") {
  const auto catalog = Catalog::build(rows());
  const std::vector<std::string> path = {"public"};
  const auto bound = [&](std::string_view sql, std::string_view bytes, bool binary) {
    QueryFacts facts = analyze(sql, {.catalog = catalog.get(), .search_path = path});
    const BoundParameter parameter{.binary = binary, .bytes = bytes};
    bind_parameters(facts, {&parameter, 1});
    return where(facts.whole.where) + " " + where(facts.whole.tables.front().where);
  };
  const std::string_view seven("\0\0\0\7", 4);
  CHECK(bound("SELECT * FROM t WHERE id = $1", seven, true) == "id=7 id=7");
  CHECK(bound("SELECT * FROM t WHERE id = $1", "7", false) == "id=7 id=7");
  CHECK(bound("DELETE FROM t WHERE id = $1", seven, true) == "id=7 id=7");
  CHECK(bound("SELECT * FROM t WHERE secret = $1", "7", false) == "secret='7' secret='7'");
  CHECK(bound("SELECT * FROM t WHERE id = $1::int8", seven, true) == "id=unknown id=unknown");
  CHECK(bound("SELECT * FROM t WHERE id = $1 AND a = $1", seven, true) ==
        "id=unknown, a=unknown id=unknown, a=unknown");
  CHECK(bound("SELECT * FROM t, u WHERE t.id = $1", seven, true).ends_with(" id=7"));
  // In two places: those of one type, of tables that are known.
  CHECK(bound("SELECT * FROM t, u WHERE t.id = $1 AND u.id = $1", "7", false).ends_with(" id='7'"));
  CHECK(bound("SELECT * FROM t JOIN u ON u.id = $1 WHERE t.id = $1", "7", false).ends_with(" id='7'"));
  CHECK(bound("SELECT * FROM t, temporary u WHERE t.id = $1 AND u.id = $1", "7", false)
            .ends_with(" id=unknown"));
}

TEST_CASE("columns are settled by the tables that have them") {
  const auto catalog = Catalog::build(rows());
  CHECK(columns(with_catalog(*catalog, "SELECT a, b FROM t, u")) == "t.a, u.b");
  CHECK(columns(with_catalog(*catalog, "SELECT (SELECT secret FROM u LIMIT 1) FROM t")) == "t.secret");
  CHECK(columns(with_catalog(*catalog, "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE b = a)")) ==
        "u.b, t.a");
  CHECK(columns(with_catalog(*catalog, "SELECT ctid FROM t, generate_series(1, 2) g(x)")) == "t.ctid");
  CHECK(columns(with_catalog(*catalog, "SELECT x FROM t AS o(k, x)")) == "~t.*");
  CHECK(columns(with_catalog(*catalog, "SELECT 1 FROM t, LATERAL (SELECT id) l, u")) == "~t.id, ~u.id");
  CHECK(columns(with_catalog(*catalog, "SELECT 1 FROM t JOIN u ON a = b")) == "t.a, u.b");
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
  const StatementFacts wipe = with_catalog(*catalog, "SELECT wipe()");
  REQUIRE(wipe.routines.size() == 1);
  CHECK((wipe.routines[0].schema == "public" && wipe.routines[0].security_definer));
  CHECK((wipe.routines[0].language == "plpgsql" && wipe.routines[0].volatility == 'v'));
  const StatementFacts shadow = with_catalog(*catalog, "SELECT upper('x')");  // public's may fit better
  CHECK(words(shadow.opaque) == "function");
  CHECK_FALSE(shadow.read_only);
  CHECK(words(with_catalog(*catalog, "SELECT pg_catalog.upper('x')").opaque).empty());
  CHECK(words(with_catalog(*catalog, "SELECT upper('x')", {}).opaque).empty());
}

TEST_CASE("the catalogue's queries give the rows of a real server") {
  if (!Postgres::is_installed()) {
    WARN("skipped: PostgreSQL 15 absent");
    return;
  }
  Postgres server;
  REQUIRE(server.run(R"(CREATE DOMAIN d AS int; CREATE TABLE t_secret (id int, secret text, d d);
CREATE SCHEMA s; CREATE VIEW s.v AS SELECT id, upper(secret) AS x FROM t_secret WHERE secret LIKE 's%';
CREATE TYPE mood AS ENUM ('a');
CREATE FUNCTION f() RETURNS int STABLE SECURITY DEFINER LANGUAGE sql AS 'select 1';
CREATE TABLE noisy (id int PRIMARY KEY);
CREATE TRIGGER t BEFORE UPDATE ON noisy FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE TABLE checked (id int CHECK (f() = 1));
CREATE TABLE child (n int REFERENCES noisy ON DELETE CASCADE) INHERITS (t_secret);
CREATE ROLE r; ALTER ROLE r SET search_path = s, public;
CREATE ROLE other; ALTER ROLE other SET role = r;)") == "");
  const auto query = [&](std::string_view sql) {
    std::vector<std::vector<std::string>> out;
    std::stringstream records(server.run("SET search_path = '';\n" + std::string(sql) + ";"));
    for (std::string line; std::getline(records, line);) {
      std::vector<std::string>& fields = out.emplace_back();
      std::stringstream stream(line);
      for (std::string field; std::getline(stream, field, '|');) fields.push_back(field);
    }
    return out;
  };
  using Row = std::vector<std::string>;
  const auto has = [&](std::string_view sql, const Row& row) {
    const auto all = query(sql);
    return std::ranges::find(all, row) != all.end();
  };
  CHECK(has(kCatalogQueries.relations, {"public", "t_secret", "r", "", "f"}));
  CHECK(has(kCatalogQueries.relations, {"public", "noisy", "r", "", "t"}));
  CHECK(has(kCatalogQueries.relations, {"public", "checked", "r", "", "t"}));
  CHECK(has(kCatalogQueries.columns, {"public", "t_secret", "id", "23"}));
  CHECK(has(kCatalogQueries.columns, {"public", "t_secret", "d", "23"}));
  CHECK(has(kCatalogQueries.links, {"public", "t_secret", "public", "child", "t"}));
  CHECK(has(kCatalogQueries.links, {"public", "noisy", "public", "child", "f"}));
  CHECK(has(kCatalogQueries.functions, {"public", "f", "s", "t", "sql"}));
  CHECK(has(kCatalogQueries.types, {"public", "mood", "e"}));
  CHECK(has(kCatalogQueries.paths, {"r", "s, public"}));
  CHECK(has(kCatalogQueries.paths, {"other", "\""}));
  CHECK(has(kCatalogQueries.open_schemas, {"public"}));
  CHECK_FALSE(has(kCatalogQueries.open_schemas, {"s"}));
  CHECK(server.run(std::string(kCatalogQueries.path)) == "\"$user\", public\n");

  const std::string definition = server.run("SET search_path = ''; SELECT pg_get_viewdef('s.v'::regclass)");
  const auto catalog = Catalog::build({.relations = {{"public", "t_secret", 'r', {{"id"}, {"secret"}}, ""},
                                                     {"s", "v", 'v', {{"id"}, {"x"}}, definition}}});
  CHECK(tables(with_catalog(*catalog, "SELECT * FROM s.v")) == "read s.v, read public.t_secret");
}

}  // namespace signalbox::sql::test
