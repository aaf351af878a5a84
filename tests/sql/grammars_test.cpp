// The grammars of this build: chosen by the server's version, of one opinion on what both know, and each with
// its own news.
#include <catch2/catch.hpp>

#include "sql/analyze.h"
#include "sql/facts_json.h"
#include "sql/grammar.h"
#include "sql/support/brief.h"
#include "sql/support/statements.h"

namespace signalbox::sql::test {
namespace {

bool has_grammar(int major) {
  for (const Grammar* grammar : grammars())
    if (grammar->major == major) return true;
  return false;
}

struct News {
  const char* sql;
  const char* tables;
};

/// Accepted by 18 and not by 15.
constexpr News kSince18[] = {
    {"SELECT * FROM (SELECT * FROM a)", "read a"},
    {"SELECT e IS JSON FROM a", "read a"},
    {"SELECT 0x1F, 1_000 FROM a", "read a"},
    {"MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DELETE RETURNING t.*", "write t, read s, read t"},
    {"MERGE INTO t USING s ON t.i = s.i WHEN NOT MATCHED BY SOURCE THEN DELETE", "write t, read s, read t"},
    {"SELECT * FROM a, JSON_TABLE(a.j, '$[*]' COLUMNS (x int PATH '$.x')) jt", "read a"},
    {"SELECT JSON_ARRAY((SELECT x FROM a), JSON_OBJECT('k': (SELECT y FROM b)))", "read a, read b"},
    {"SELECT JSON_ARRAY(SELECT x FROM a)", "read a"},
    {"DELETE FROM t RETURNING WITH (OLD AS o) o.*, new.a", "write t, read t"},
    {"UPDATE t SET a = 1 RETURNING WITH (OLD AS o, NEW AS n) o.a, n.b, c", "write t, read t"},
    {"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2 RETURNING WITH (NEW AS n) old.b",
     "write t, read t"},
    {"CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL)", "define t"},
    {"CREATE TABLE t (a int, p tsrange, PRIMARY KEY (a, p WITHOUT OVERLAPS))", "define t"},
    {"ALTER TABLE t ADD FOREIGN KEY (a, PERIOD p) REFERENCES u (a, PERIOD p)", "define t, define u"},
    {"ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b + 1)", "define t"},
    {"MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET a = 1 RETURNING merge_action(), old.a, "
     "new.*",
     "write t, read s, read t"},
    {"WITH m AS (MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE RETURNING s.x) SELECT x FROM m",
     "write t, read s, read t"},
    {"SELECT JSON_QUERY(j, '$.a' PASSING (SELECT x FROM b) AS y) FROM a", "read a, read b"},
    {"SELECT * FROM JSON_TABLE((SELECT j FROM a), '$[*]' COLUMNS (n int PATH '$' DEFAULT (SELECT 1 FROM b) "
     "ON EMPTY)) t",
     "read a, read b"},
    {"SELECT JSON_OBJECTAGG(k VALUE (SELECT y FROM b)) FROM a", "read a, read b"},
};

}  // namespace

TEST_CASE("a grammar is chosen by the server's version") {
  REQUIRE_FALSE(grammars().empty());
  CHECK(&grammar_for(0) == grammars().back());
  CHECK(&grammar_for(99) == grammars().back());
  CHECK(&grammar_for(9) == grammars().front());
  for (const Grammar* grammar : grammars()) CHECK(&grammar_for(grammar->major) == grammar);
  if (has_grammar(18)) CHECK(grammar_for(17).major == 18);
}

TEST_CASE("grammars agree on what all of them know") {
  for (const StatementCase& one : kStatements) {
    INFO(one.sql);
    const std::string expected =
        to_json(analyze(one.sql, {.server_version = grammars().front()->major}), one.sql);
    for (const Grammar* grammar : grammars())
      CHECK(to_json(analyze(one.sql, {.server_version = grammar->major}), one.sql) == expected);
  }
}

TEST_CASE("syntax that a server does not have yet is a parse error with its grammar") {
  for (const News& one : kSince18) {
    INFO(one.sql);
    if (has_grammar(15)) CHECK(analyze(one.sql, {.server_version = 15}).parse_error);
    if (!has_grammar(18)) continue;
    const QueryFacts facts = analyze(one.sql, {.server_version = 18});
    REQUIRE_FALSE(facts.parse_error);
    std::string seen;
    for (const TableUse& use : facts.whole.tables) {
      const std::string item = std::string(to_string(use.access)) + " " + use.name;
      if (seen.find(item) == std::string::npos) seen += (seen.empty() ? "" : ", ") + item;
    }
    CHECK(seen == one.tables);
    CHECK(std::string(words(facts.whole.opaque)).find("unknown") == std::string::npos);
  }
}

}  // namespace signalbox::sql::test
