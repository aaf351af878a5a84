// What may be left at a server. Unknown counts as something.
#include "proxy/targets/mobility.h"

#include <catch2/catch.hpp>

#include "sql/analyze.h"

using namespace signalbox;

namespace {
bool leaves(const char* text) {
  const sql::QueryFacts facts = sql::analyze(text);
  return proxy::leaves_state(facts.whole);
}
}  // namespace

TEST_CASE("statements that leave nothing") {
  for (const char* text : {"select 1",
                           "select count(*), now() from t where lower(a) = 'x'",
                           "insert into t values (1)",
                           "update t set a = 1",
                           "delete from t",
                           "begin",
                           "commit",
                           "rollback",
                           "savepoint a",
                           "show work_mem",
                           "explain analyze select 1",
                           "copy t to stdout",
                           "truncate t",
                           "set local work_mem = '8MB'",
                           "notify n",
                           "deallocate p",
                           "deallocate all",
                           "drop table t",
                           "alter table t add b int",
                           "create index on t (a)",
                           "with a as (select 1) select * from a"}) {
    INFO(text);
    CHECK_FALSE(leaves(text));
  }
}

TEST_CASE("statements that leave something, or may") {
  for (const char* text : {"set work_mem = '8MB'",
                           "reset work_mem",
                           "reset all",
                           "select set_config('a.b', 'c', false)",
                           "set role x",
                           "create temp table t (a int)",
                           "create table t (a int)",
                           "select 1 as a into temp t",
                           "create temp view v as select 1",
                           "insert into pg_temp.t values (1)",
                           "prepare p as select 1",
                           "execute p",
                           "declare c cursor with hold for select 1",
                           "fetch c",
                           "listen n",
                           "unlisten n",
                           "select pg_advisory_lock(1)",
                           "select nextval('s')",
                           "select setval('s', 1)",
                           "select my_function()",
                           "do $$ begin end $$",
                           "load 'x'",
                           "call p()",
                           "discard plans",
                           "select lo_open(1, 2)",
                           "not sql at all",
                           "explain analyze select nextval('s')",
                           "with a as (select nextval('s')) select * from a"}) {
    INFO(text);
    CHECK(leaves(text));
  }
}
