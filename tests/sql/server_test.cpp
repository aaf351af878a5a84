// Facts against PostgreSQL itself: command tags from its log, tables and columns of a query from the
// dependencies that it records for a view, tables of a writing statement from its plan.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "sql/analyze.h"
#include "sql/support/brief.h"
#include "sql/support/postgres.h"
#include "sql/support/statements.h"

namespace signalbox::sql::test {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE t (id int PRIMARY KEY, a int, b text, tenant int, secret text);
CREATE TABLE u (id int, t_id int, c int, d text);
CREATE TABLE w (k int, e jsonb, f int[]);
CREATE SCHEMA s;
CREATE TABLE s.t (id int, z int);
CREATE TABLE "Odd Name" ("Col A" int);
CREATE TYPE pair AS (x int, y int);
CREATE TABLE p (id int, v pair);
)";

/// Queries whose tables and columns PostgreSQL records when it makes a view of them. Output columns have
/// distinct names.
constexpr const char* kQueries[] = {
    "SELECT 1 AS one",
    "SELECT * FROM t",
    "SELECT x.id, b FROM t x WHERE tenant = 1",
    "SELECT count(*) AS n FROM t",
    "SELECT t.id FROM t, u WHERE t.id = u.t_id",
    "SELECT a, c FROM t, u",
    "SELECT a FROM t, s.t AS st WHERE z = 1",
    "SELECT st.z, t.a FROM t JOIN s.t st ON st.id = t.id",
    "SELECT \"Col A\" FROM \"Odd Name\"",
    "SELECT id FROM t UNION SELECT c FROM u ORDER BY id",
    "SELECT id FROM t WHERE id IN (SELECT t_id FROM u WHERE c = 1)",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = t.id)",
    "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = tenant)",
    "SELECT (SELECT max(c) FROM u WHERE u.t_id = t.id) AS m FROM t",
    "SELECT (SELECT secret LIMIT 1) AS m FROM t",
    "SELECT q.n FROM (SELECT b AS n FROM t) q",
    "SELECT n FROM (SELECT b AS n FROM t) q, u",
    "SELECT q.* FROM (SELECT a, b FROM t) q",
    "SELECT q.a FROM (SELECT * FROM t) q",
    "SELECT l.c FROM t, LATERAL (SELECT c FROM u WHERE u.t_id = t.id) l",
    "WITH q AS (SELECT a FROM t) SELECT a FROM q",
    "WITH t AS (SELECT c AS a FROM u) SELECT a FROM t",
    "WITH t AS (SELECT a FROM t) SELECT a FROM t",
    "WITH RECURSIVE r(i) AS (SELECT id FROM t UNION ALL SELECT i + 1 FROM r WHERE i < 10) SELECT i FROM r",
    "WITH q AS (SELECT a FROM t), r AS (SELECT a FROM q, w WHERE k = a) SELECT a FROM r",
    "SELECT a AS x FROM t ORDER BY x",
    "SELECT a FROM t GROUP BY a HAVING max(b) > 'x' ORDER BY min(tenant)",
    "SELECT sum(a) OVER (PARTITION BY b ORDER BY tenant) AS r FROM t",
    "SELECT sum(a) OVER win AS r FROM t WINDOW win AS (PARTITION BY b)",
    "SELECT DISTINCT ON (b) a FROM t ORDER BY b, id",
    "SELECT CASE WHEN a > 1 THEN b ELSE secret END AS r FROM t",
    "SELECT COALESCE(b, secret) AS r, NULLIF(a, tenant) AS s FROM t",
    "SELECT ARRAY(SELECT c FROM u) AS r, ARRAY[a, id] AS q FROM t",
    "SELECT e -> 'x' AS r, f[1] AS q FROM w",
    "SELECT f[(SELECT c FROM u LIMIT 1)] AS r FROM w",
    "SELECT (v).x FROM p",
    "SELECT x.v FROM p x WHERE (x.v).y = 1",
    "SELECT g FROM generate_series(1, 3) g, t WHERE t.id = g",
    "SELECT j.value FROM w, jsonb_each(e) j",
    "SELECT r.a FROM (VALUES (1, 2)) r(a, b), t",
    "SELECT y FROM t AS r(x, y)",
    "SELECT r.tenant FROM t AS r(x, y)",
    "SELECT id FROM t JOIN (SELECT t_id AS id FROM u) q USING (id)",
    "SELECT j.a FROM (t JOIN (SELECT c FROM u) q ON true) AS j",
    "SELECT a FROM t LEFT JOIN u ON u.t_id = t.id AND d = 'x'",
    "SELECT t.a FROM t TABLESAMPLE system (10)",
    "SELECT string_agg(b, ',' ORDER BY secret) FILTER (WHERE a > 1) AS r FROM t",
    "SELECT row_to_json(t) AS r FROM t",
    "SELECT t AS r FROM t",
    "SELECT a FROM t WHERE (a, b) = (SELECT c, d FROM u LIMIT 1)",
    "SELECT a FROM t WHERE a = ANY (SELECT c FROM u) OR a > ALL (SELECT k FROM w)",
    "SELECT a FROM t LIMIT (SELECT max(c) FROM u) OFFSET (SELECT min(k) FROM w)",
    "SELECT a FROM t GROUP BY GROUPING SETS ((a), ()) ",
    "SELECT a FROM t INTERSECT (SELECT c FROM u EXCEPT SELECT k FROM w)",
    "SELECT x.a FROM t x JOIN t y ON x.id = y.tenant",
};

constexpr const char* kWrites[] = {
    "INSERT INTO t (id) VALUES (1)",
    "INSERT INTO t (id) SELECT c FROM u",
    "INSERT INTO t (id, a) VALUES (1, (SELECT max(c) FROM u)) ON CONFLICT (id) DO UPDATE SET a = excluded.a",
    "UPDATE t SET a = 1 WHERE id = 1",
    "UPDATE t SET a = c FROM u WHERE u.t_id = t.id",
    "UPDATE t SET (a, b) = (SELECT c, d FROM u WHERE u.t_id = t.id)",
    "DELETE FROM t USING u WHERE u.t_id = t.id RETURNING t.*",
    "DELETE FROM s.t WHERE id IN (SELECT id FROM t)",
    "WITH d AS (DELETE FROM u RETURNING t_id) SELECT a FROM t, d WHERE t.id = d.t_id",
    "WITH i AS (INSERT INTO u (c) SELECT k FROM w RETURNING c) UPDATE t SET a = i.c FROM i",
    ("MERGE INTO t USING u ON t.id = u.t_id WHEN MATCHED THEN UPDATE SET a = c "
     "WHEN NOT MATCHED THEN INSERT (id) VALUES (u.t_id)"),
    "SELECT a FROM t FOR UPDATE",
    "WITH t AS (SELECT c FROM u) DELETE FROM w USING t WHERE t.c = w.k",
};

using Pairs = std::set<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// What the script printed after each "case N".
std::map<std::size_t, std::vector<std::string>> by_case(const std::string& output) {
  std::map<std::size_t, std::vector<std::string>> cases;
  std::size_t current = 0;
  for (const std::string& line : lines_of(output)) {
    if (line.starts_with("case "))
      current = std::stoul(line.substr(5)), cases[current];
    else if (!line.empty())
      cases[current].push_back(line);
  }
  return cases;
}

std::string spelled(std::string_view tag) {
  std::string kind(tag);
  for (char& c : kind) c = c == ' ' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return kind;
}

/// Every column that PostgreSQL saw is listed, by name or by *; and a listed one that is certain was seen.
void check_columns(const StatementFacts& facts, const std::vector<std::string>& seen) {
  Pairs of_server;
  for (const std::string& line : seen)
    if (line.starts_with("column ")) of_server.insert(line.substr(7));
  for (const std::string& pair : of_server) {
    const std::string table = pair.substr(0, pair.find('|'));
    const bool listed = std::ranges::any_of(facts.columns, [&](const ColumnUse& use) {
      return use.table == table && (use.name == "*" || table + "|" + use.name == pair);
    });
    INFO("column " << pair << " in " << columns(facts));
    CHECK(listed);
  }
  for (const ColumnUse& use : facts.columns) {
    INFO("certain " << use.table << "." << use.name);
    if (use.certain && use.name != "*") CHECK(of_server.contains(use.table + "|" + use.name));
  }
}

Pairs names_of(const StatementFacts& facts) {
  Pairs names;
  for (const TableUse& use : facts.tables)
    names.insert((use.schema.empty() ? "public" : use.schema) + "." + use.name);
  return names;
}

}  // namespace

TEST_CASE("facts agree with PostgreSQL") {
  if (!Postgres::is_installed()) {
    WARN("skipped: PostgreSQL 15 absent");
    return;
  }
  Postgres server({"log_min_duration_statement=0", "log_line_prefix='[%i]'"});
  REQUIRE(server.run(kSchema) == "");

  SECTION("kind is the command tag") {
    std::string script;
    for (std::size_t i = 0; i < std::size(kStatements); ++i)
      script += "/*case " + std::to_string(i) + "*/ " + kStatements[i].sql + ";\n\\.\nROLLBACK;\n";
    server.run(script);
    const std::string log = server.log();
    const std::regex entry(
        R"(\[([A-Z ]+)\](?:LOG:  duration: [^\n]*statement: |STATEMENT:  )/\*case (\d+)\*/)");
    std::map<std::size_t, std::string> tags;
    for (std::sregex_iterator at(log.begin(), log.end(), entry); at != std::sregex_iterator(); ++at)
      tags[std::stoul((*at)[2])] = (*at)[1];
    for (std::size_t i = 0; i < std::size(kStatements); ++i) {
      INFO(kStatements[i].sql);
      REQUIRE(tags.contains(i));
      const std::string_view kind = facts_of(kStatements[i].sql).kind;
      CHECK((kind == "select_into" ? "select" : kind) == spelled(tags[i]));  // ours says more than the tag
    }
  }

  SECTION("tables and columns of a query are what a view of it depends on") {
    std::string script = "SET client_min_messages = warning;\n";
    for (std::size_t i = 0; i < std::size(kQueries); ++i)
      script += "\\echo case " + std::to_string(i) + "\nCREATE TEMP VIEW probe_view AS " + kQueries[i] + R"(;
SELECT DISTINCT 'table ' || n.nspname || '.' || c.relname FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
  AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass JOIN pg_class c ON c.oid = d.refobjid
  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.ev_class = 'probe_view'::regclass AND c.relkind <> 'c' AND c.relname <> 'probe_view';
SELECT DISTINCT 'column ' || c.relname || '|' || a.attname FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
  AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass JOIN pg_class c ON c.oid = d.refobjid
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
  WHERE r.ev_class = 'probe_view'::regclass AND c.relkind <> 'c' AND c.relname <> 'probe_view' AND d.refobjsubid > 0;
DROP VIEW probe_view;
)";
    const auto seen = by_case(server.run(script));
    for (std::size_t i = 0; i < std::size(kQueries); ++i) {
      INFO(kQueries[i]);
      const StatementFacts facts = facts_of(kQueries[i]);
      Pairs tables;
      for (const std::string& line : seen.at(i)) {
        INFO(line);
        REQUIRE((line.starts_with("table ") || line.starts_with("column ")));
        if (line.starts_with("table ")) tables.insert(line.substr(6));
      }
      CHECK(names_of(facts) == tables);
      check_columns(facts, seen.at(i));
    }
  }

  SECTION("tables of a writing statement are those of its plan") {
    std::string script;
    for (std::size_t i = 0; i < std::size(kWrites); ++i)
      script += "\\echo case " + std::to_string(i) + "\nEXPLAIN (VERBOSE, FORMAT JSON) " + kWrites[i] + ";\n";
    const auto seen = by_case(server.run(script));
    const std::regex relation(R"re("Relation Name": "([^"]*)")re"), schema(R"re("Schema": "([^"]*)")re");
    for (std::size_t i = 0; i < std::size(kWrites); ++i) {
      INFO(kWrites[i]);
      Pairs tables;
      std::string name;
      for (const std::string& line : seen.at(i)) {
        INFO(line);
        REQUIRE(line.find("ERROR") == std::string::npos);
        std::smatch match;
        if (std::regex_search(line, match, relation)) name = match[1];
        if (std::regex_search(line, match, schema) && !name.empty())
          tables.insert(match[1].str() + "." + std::exchange(name, ""));
      }
      CHECK(names_of(facts_of(kWrites[i])) == tables);
    }
  }
}

}  // namespace signalbox::sql::test
