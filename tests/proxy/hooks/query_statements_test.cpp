// A query taken apart: what is decided of it, in which order, and what its names stand for.
#include "proxy/hooks/query_statements.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

using namespace signalbox::proxy;

namespace {

struct FakeNames final : Names {
  std::map<std::string, NamedText, std::less<>> statements;
  std::map<std::string, NamedText, std::less<>> cursors;
  Knowledge otherwise = Knowledge::Never;

  Found find(const auto& names, std::string_view name) const {
    const auto at = names.find(name);
    if (at == names.end()) return {.knowledge = otherwise, .named = {}};
    return {.knowledge = Knowledge::Known, .named = at->second};
  }
  Found prepared(std::string_view name) const override { return find(statements, name); }
  Found cursor(std::string_view name) const override { return find(cursors, name); }
};

/// "explain(delete) delete<explain> ...": kind, kinds inside, and around.
std::string brief(const QueryStatements& statements) {
  std::string out;
  for (const QueryStatement& one : statements.all()) {
    if (!out.empty()) out += ' ';
    for (const std::string_view kind : one.facts->within) out += std::string(kind) + ">";
    out += one.facts->kind;
  }
  return out;
}

struct Fixture {
  FakeNames names;
  Query query;
  Event event;
  QueryStatements of(std::string_view text) {
    query.text = text;
    event.query = &query;
    event.names = &names;
    return QueryStatements(event);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "each statement of a query, and each inside it") {
  CHECK(brief(of("select 1")) == "select");
  CHECK(brief(of("")) == "empty");
  CHECK(brief(of("selec 1")) == "unparsed");
  CHECK(brief(of(";; insert into t values (1); delete from t; select 2")) == "insert delete select");
  CHECK(brief(of("explain analyze delete from t; select 2")) == "explain explain>delete select");
  const QueryStatements statements = of("select 1; select 2 ;");
  CHECK(statements.all()[1].text == "select 2");
  CHECK(statements.all()[1].count == 2);
}

TEST_CASE_METHOD(Fixture, "a name stands for what the session prepared under it") {
  names.statements["p"] = {.text = "prepare p (int) as delete from t where a = $1", .carried = true};
  names.statements["q"] = {.text = "update t set a = $1"};
  names.cursors["c"] = {.text = "declare c cursor for select * from secret", .carried = true};
  const QueryStatements execute = of("execute p(7)");
  CHECK(brief(execute) == "execute execute>delete");
  CHECK(execute.refers());
  CHECK(execute.all()[1].facts->where.front().value == signalbox::sql::Literal::of(std::int64_t{7}));
  CHECK(execute.all()[1].facts->has_where);
  CHECK(execute.all()[0].facts->kinds == std::vector<std::string_view>{"execute", "delete"});
  CHECK(execute.all()[0].facts->opaque.empty());
  CHECK(brief(of("explain execute q(1)")) == "explain explain>execute explain>execute>update");
  CHECK(brief(of("create table n as execute p(1)")) ==
        "create_table_as create_table_as>execute create_table_as>execute>delete");
  CHECK(brief(of("fetch 3 from c")) == "fetch fetch>select");
  CHECK(brief(of("move c")) == "move move>select");
}

TEST_CASE_METHOD(Fixture, "the same query's statements come before the session's") {
  names.statements["p"] = {.text = "prepare p as select 1", .carried = true};
  CHECK(brief(of("prepare p as delete from t; execute p")) ==
        "prepare prepare>delete execute execute>delete");
  CHECK(brief(of("deallocate p; execute p")) == "deallocate execute");
  CHECK(brief(of("discard all; execute p")) == "discard_all execute");
  CHECK(brief(of("declare c cursor for select 1; fetch c")) ==
        "declare_cursor declare_cursor>select fetch fetch>select");
}

TEST_CASE_METHOD(Fixture, "a name that should be known and is not is missing") {
  const QueryStatements never = of("execute p");
  CHECK(brief(never) == "execute");
  CHECK_FALSE(never.missing());
  CHECK(never.all()[0].facts->opaque == std::vector<std::string_view>{"execute"});
  names.otherwise = Names::Knowledge::Earlier;
  CHECK(of("fetch c").missing() == Names::Knowledge::Earlier);
  names.otherwise = Names::Knowledge::TooLong;
  CHECK(of("select 1; execute p").missing() == Names::Knowledge::TooLong);
}

TEST_CASE_METHOD(Fixture, "names that stand for names come to an end") {
  names.statements["p"] = {.text = "execute p"};
  CHECK(of("execute p").missing() == Names::Knowledge::TooLong);
}

TEST_CASE_METHOD(Fixture, "what runs is what was prepared, lexed as it was then") {
  query.prepared = NamedText{.text = {}, .carried = true};
  CHECK(brief(of("prepare p as delete from t")) == "delete");
  CHECK(of("select 1").missing() == Names::Knowledge::Earlier);
  query.prepared = NamedText{.text = {}, .reading = {.standard_strings = false}};
  CHECK(of(R"(select '\', (select 1 from secret), ')").all()[0].facts->tables.size() == 0);
}

TEST_CASE_METHOD(Fixture, "values that follow postpone what a PREPARE holds") {
  query.values_follow = true;
  CHECK(brief(of("prepare p (int) as delete from t where a = $1")) == "prepare");
  CHECK(of("prepare p (int) as delete from t where a = $1").all()[0].facts->tables.empty());
  CHECK(brief(of("prepare p as delete from t")) == "prepare prepare>delete");
}

TEST_CASE_METHOD(Fixture, "what a query does to names") {
  const QueryStatements statements =
      of("select 1; prepare p as select 2; deallocate q; close all; explain select 3");
  REQUIRE(statements.changes().size() == 3);
  CHECK(statements.changes()[0].what == NameChange::What::Prepare);
  CHECK(statements.changes()[0].statement == 1);
  CHECK(statements.changes()[0].name == "p");
  CHECK(statements.changes()[1].what == NameChange::What::Deallocate);
  CHECK(statements.changes()[2].what == NameChange::What::CloseAll);
}
