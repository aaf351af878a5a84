// Shapes: what is replaced, what is left alone; and that facts which no constant decides are those of the
// shape.
#include "sql/shape.h"

#include <catch2/catch.hpp>
#include <random>

#include "sql/analyze.h"
#include "sql/facts_json.h"

using namespace signalbox::sql;

namespace {

/// '#' for the mark; "" when there is no shape.
std::string shape(std::string_view text) {
  std::string out;
  if (!shape_of(text, out)) return "";
  for (char& c : out)
    if (c == kConstantMark) c = '#';
  return out;
}

}  // namespace

TEST_CASE("plain integer constants are replaced, and nothing else") {
  CHECK(shape("select abalance from t where aid = 12345;") == "select abalance from t where aid = #;");
  CHECK(shape("values (1,-2, 003)") == "values (#,-#, #)");
  CHECK(shape("select a1, t2.c3 from x9 where y=4") == "select a1, t2.c3 from x9 where y=#");
  CHECK(shape("select '1', \"2\" , 3") == "select '1', \"2\" , #");
  CHECK(shape("select 'it''s 1', 2") == "select 'it''s 1', #");
  CHECK(shape("select $1, 2") == "select $1, #");
  CHECK(shape("select 1.5, .5, 5., 1e3, 0x1F, 1_000, 7") == "select 1.5, .5, 5., 1e3, 0x1F, 1_000, #");
  CHECK(shape("select 123456789, 1234567890") == "select #, 1234567890");
  CHECK(shape("select x[1:2]") == "select x[#:#]");
  CHECK(shape("select 1and 2") == "select 1and #");
}

TEST_CASE("whatever needs more than a glance has no shape") {
  for (const std::string_view text :
       {"select a", "", "select 1 -- 2", "select /* 1 */ 2", "select $$1$$, 2", "select $a$1$a$, 2",
        "select E'\\'', 1", "select e'a', 1", "select U&'a', 1", "select n'a', 1", "select '1", "select \"1",
        "select '\\', 1", "select 'ä', 1", "select 1::float(3)", "select 1::FLOAT  ( 3)", "select $, 1"}) {
    INFO(text);
    CHECK(shape(text).empty());
  }
  CHECK(shape(std::string("select 1, \x01")).empty());
  CHECK(shape(std::string("select 1, \0", 11)).empty());
  CHECK(shape("select 1 " + std::string(5000, ' ')).empty());
}

/// Statements of one shape: their facts are the same but for where, limit, sets and tables[].where, unless
/// the facts say that constants decide. Expected from the analysis itself: that is the claim.
TEST_CASE("facts that no constant decides are the same for every statement of a shape") {
  constexpr std::string_view kTexts[] = {
      "select a from t where id = #",
      "select a from t where id = # and # = #",
      "select a from t where # = # or b",
      "delete from t where # < #",
      "update t set a = # where b = # limit",
      "update t set a = a + # where b in (#, #)",
      "delete from t where not (# = #)",
      "delete from t where #::bool",
      "select * from t limit # offset #",
      "insert into t values (#, #, 'x') on conflict (a) do update set b = # where t.c > #",
      "with x as (delete from s where id > # returning *) select * from x where # >= #",
      "select lo_export(#, 'f'), set_config('a', 'b', #::bool), pg_sleep(#)",
      "explain (analyze #) delete from t",
      "set work_mem = #",
      "fetch # from c",
      "merge into t using s on t.id = # when matched and # = # then delete",
      "select cast(# as bool), case when # = # then a else b end from t where a between # and # order by # "
      "desc",
      "delete from t where case when # = # then true else a end",
  };
  std::mt19937 random(7);
  const auto filled = [&](std::string_view text) {
    std::string out;
    for (const char c : text) c == '#' ? out += std::to_string(random() % 3) : out += c;
    return out;
  };
  const auto steady = [](QueryFacts facts) {
    facts.whole.offset = facts.whole.length = 0;
    facts.whole.where.clear(), facts.whole.limit = {}, facts.whole.sets.clear(),
                               facts.whole.parameters.clear();
    for (TableUse& table : facts.whole.tables) table.where.clear();
    return to_json(facts, "");
  };
  int compared = 0;
  for (const std::string_view text : kTexts) {
    const QueryFacts first = analyze(filled(text), {});
    if (first.parse_error) continue;
    for (int i = 0; i < 40; ++i) {
      const std::string other = filled(text);
      INFO(other);
      const QueryFacts facts = analyze(other, {});
      CHECK(facts.whole.constants_decide == first.whole.constants_decide);
      if (first.whole.constants_decide) continue;
      CHECK(steady(facts) == steady(first));
      ++compared;
    }
  }
  CHECK(compared > 200);
  CHECK(analyze("delete from t where 1 = 1", {}).whole.constants_decide);
  CHECK(analyze("explain (analyze 0) delete from t", {}).whole.constants_decide);
  CHECK_FALSE(analyze("delete from t where id = 1", {}).whole.constants_decide);
}
