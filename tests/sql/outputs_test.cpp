// Where a result's values come from. One line = one query; each output as name, `!` when it is not the bare
// column, `?` when it may hold more, and its sources. What PostgreSQL really puts into the columns was looked
// up in its documentation of each construct; the end-to-end tests check it on a server.
#include "sql/outputs.h"

#include <catch2/catch.hpp>

using namespace signalbox::sql;

namespace {

std::string text_of(const Output& output) {
  std::string text =
      (output.star ? "*" : output.name) + (output.direct ? "" : "!") + (output.opaque ? "?" : "");
  text += '(';
  for (const OutputSource& source : output.sources)
    text += (text.back() == '(' ? "" : " ") + source.table + "." + source.column;
  return text + ")";
}

std::string text_of(const Outputs& all) {
  std::string text = all.positional ? "" : "~";
  for (const Output& output : all.columns)
    text += (text.empty() || text == "~" ? "" : ", ") + text_of(output);
  return text;
}

struct Case {
  const char* sql;
  const char* outputs;
};

const Case kCases[] = {
    {"select email from c", "email(c.email)"},
    {"select email as id, x.id email from c x", "id(c.email), email(c.id)"},
    {"select c.email, 1, now() from public.c", "email(c.email), ?column?!(), now!()"},
    {"select upper(email) from c", "upper!(c.email)"},
    {"select email::text, email collate \"C\", (email) from c",
     "email!(c.email), email!(c.email), email(c.email)"},
    {"select email || 'x', case when email = 'a' then 1 end k from c", "?column?!(c.email), k!(c.email)"},
    {"select * from c", "~*(c.*)"},
    {"select c.*, 1 as one from c", "~*(c.*), one!()"},
    {"select c from c", "c!(c.c c.*)"},
    {"select row_to_json(x) from c x", "row_to_json!(c.x c.*)"},
    {"select x.row_to_json from c x", "row_to_json!(c.row_to_json c.*)"},
    {"select (x).email from c x", "email!(c.x c.*)"},
    {"select count(*) from c", "count!()"},
    {"select count(email) over (partition by name) from c", "count!(c.name c.email)"},
    // derived tables
    {"select e from (select email as e, id from c) s", "e(c.email)"},
    {"select s.* from (select email as e, id from c) s", "e(c.email), id(c.id)"},
    {"select a from (select email, id from c) s(a, b)", "a(c.email)"},
    {"select s from (select email from c) s", "s!(c.email)"},
    {"select * from (select * from c) s", "~*(c.*)"},
    {"select email from (select * from c) s", "email(c.email)"},
    {"select a from c as x(a, b)", "a!(c.*)"},
    {"select (d.sub).email from (select c as sub from c) d", "email!(c.c c.*)"},
    {"select l.e from o, lateral (select email as e from c where c.id = o.c) l", "e(c.email o.email)"},
    // WITH
    {"with s as (select email as e from c) select e from s", "e(c.email)"},
    {"with s(x) as (select email from c) select x, x || '' y from s", "x(c.email), y!(c.email)"},
    {"with c as (select 1 as email) select email from c", "email!()"},
    {"with d as (delete from c returning email) select * from d", "email(c.email)"},
    {"with recursive r(a, b) as (select email, name from c union all select b, a from r) select a from r",
     "a!(c.email c.name)"},
    // joins
    {"select email from c join o on true", "email(c.email o.email)"},
    {"select o.email from c join o using (id)", "email(o.email)"},
    {"select j.e from (c join (select email as e from d) s on true) as j", "e(c.e d.email)"},
    {"select * from (select email as e, id from c) a join (select 1 as id) b using (id)",
     "~e(c.email), id(c.id), id!()"},
    // set operations
    {"select 1 as a, email from c union select 2, name from d", "a!(), email(c.email d.name)"},
    {"select name from d union all select email from c", "name(d.name c.email)"},
    {"select * from c union select * from d", "~*!(c.* d.*)"},
    {"values (1, (select email from c))", "column1!(), column2!(c.email)"},
    {"select column1 from (values ((select email from c))) v", "column1!(c.email)"},
    // sub-selects in expressions: everything in them counts
    {"select (select email from c limit 1) from o", "!(c.email o.email)"},
    {"select exists (select from c where email like 'a%')", "exists!(c.email)"},
    {"select array(select e from (select email e from c) s)", "array!(c.email)"},
    {"select (with s as (select email e from c) select max(e) from s)", "!(c.email)"},
    {"select 1 in (select 1 from c where email = 'x') as hit", "hit!(c.email)"},
    // functions
    {"select my_function(id) from c", "my_function!?(c.id)"},
    {"select query_to_xml('select 1', true, true, '')", "query_to_xml!?()"},
    {"select * from my_rows() r", "~*!?()"},
    {"select r.a from unnest((select array_agg(email) from c)) r(a)", "a!(c.email)"},
    {"select 1 operator(my.+) 2", "?column?!?()"},
    // writes
    {"insert into c values (1) returning email, id", "email(c.email), id(c.id)"},
    {"insert into c values (1)", ""},
    {"update c set id = 1 from o where true returning c.email, o.x", "email(c.email), x(o.x)"},
    {"delete from c x returning *", "~*(c.*)"},
    // ... and what is written there
    {"update o set note = email from c where c.id = o.id returning note, o.id",
     "note(o.note o.email c.email c.note), id(o.id)"},
    {"update o set note = c.email from c returning o.note, o.id", "note(o.note c.email), id(o.id)"},
    {"update o set note = (select email from c) returning o.note", "note!(o.note c.email o.email)"},
    {"update o set (a, note) = (select 1, c.email from c) returning o.a, o.note, o.b",
     "a!(o.a c.email), note!(o.note c.email), b(o.b)"},
    {"update o set note = upper(c.email) from c returning o.*", "~*(o.*), note!(c.email)"},
    {"update o set note = c.email from c returning o", "o!(o.o o.* c.email c.o)"},
    {"update o set a = a + 1 where b = 2 returning a, b", "a!(o.a), b(o.b)"},
    {"update o set note = my_function() returning o.note, o.id", "note!?(o.note), id(o.id)"},
    {"insert into o (id, note) select c.id, c.email from c returning id, note",
     "id(o.id c.id), note(o.note c.email)"},
    {"insert into o (id, note) values (1, (select c.email from c)) returning id, note",
     "id(o.id), note!(o.note c.email)"},
    {"insert into o (id, note) select * from c returning id", "id(o.id c.*)"},
    {"insert into o select c.id, c.email from c returning id", "id(o.id c.id c.email)"},
    {"insert into o (id) values (1) on conflict (id) do update set note = o.email returning o.note, o.id",
     "note(o.note o.email), id(o.id)"},
    {"insert into o (id, a) select c.id, c.email from c on conflict (id) do update set note = excluded.a "
     "returning o.note",
     "note(o.note o.a c.email)"},
    {"with u as (update o set note = c.email from c returning o.note as n) select n from u",
     "n(o.note c.email)"},
    {"select t.max from t", "max!(t.max t.*)"},
    // others
    {"copy c (email, id) to stdout", "email(c.email), id(c.id)"},
    {"copy (select upper(email) from c) to stdout", "upper!(c.email)"},
    {"copy c to stdout", "~*(c.*)"},
    {"explain select email from c", "~*!()"},
    {"show work_mem", "~*!()"},
    {"execute p", "~*!?()"},
    {"call p()", "~*!?()"},
    {"create table x as select email from c", ""},
    {"not a statement", "~*!?()"},
};

}  // namespace

TEST_CASE("outputs are traced to their sources") {
  for (const Case& one : kCases) {
    INFO(one.sql);
    CHECK(text_of(outputs(one.sql, 0, false)) == one.outputs);
  }
}

TEST_CASE("of a PREPARE or DECLARE, the query inside it") {
  CHECK(text_of(outputs("prepare p as select email from c", 0, true)) == "email(c.email)");
  CHECK(text_of(outputs("prepare p as select email from c", 0, false)) == "");
  CHECK(text_of(outputs("select 1; declare k cursor for select email from c", 1, true)) == "email(c.email)");
}

TEST_CASE("a column of the result is found by place, or by name behind a star") {
  const Outputs fixed = outputs("select email as id, id as email from c", 0, false);
  CHECK(text_of(fixed.of("id", 0, 2)) == "id(c.email)");
  CHECK(fixed.of("id", 0, 3).opaque);  // not what the text says
  const Outputs star = outputs("select *, upper(email) as name from c", 0, false);
  CHECK(text_of(star.of("email", 1, 4)) == "email(c.email)");
  CHECK(text_of(star.of("name", 3, 4)) == "name!(c.name c.email)");  // one of the two
}

TEST_CASE("deep and long queries end in a bounded time, in the dark rather than in a crash") {
  std::string deep = "select email from c";
  for (int i = 0; i < 500; ++i) deep = "select email from (" + deep + ") s";
  CHECK(outputs(deep, 0, false).columns.front().opaque);
  std::string arms = "select email from c";
  for (int i = 0; i < 500; ++i) arms += " union select email from c";
  CHECK(outputs(arms, 0, false).columns.front().opaque);
  std::string sum = "select email";
  for (int i = 0; i < 20'000; ++i) sum += " || email";
  CHECK(text_of(outputs(sum + " from c", 0, false)) == "?column?!(c.email)");
}
