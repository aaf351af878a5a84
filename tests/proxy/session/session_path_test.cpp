// The search_path that is followed, against what PostgreSQL's GUC stack does (guc.c); with a real server in
// tests/e2e/test_search_path.py.
#include "proxy/session/session_path.h"

#include <catch2/catch.hpp>
#include <string>

#include "sql/analyze.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

struct Spoken {
  SessionPath path;
  Spoken() { path.begin("public", "ann"); }

  void sends(std::string_view text) {
    const sql::QueryFacts facts = sql::analyze(text);
    std::vector<PathChange> changes;
    for (const sql::StatementFacts& one : facts.statements()) append_path_changes(changes, one, false);
    path.passes(changes);
  }
  /// A Query and its answer.
  void says(std::string_view text, Transaction then = Transaction::Idle, bool fails = false) {
    sends(text);
    if (fails) path.failed();
    path.rested(then);
  }
  std::string now() const {
    const auto known = path.path();
    if (!known) return "?";
    std::string out;
    for (const std::string& schema : *known) out += (out.empty() ? "" : ",") + schema;
    return out;
  }
};

constexpr auto kOpen = Transaction::Active;
constexpr auto kFailed = Transaction::Failed;

}  // namespace

TEST_CASE_METHOD(Spoken, "SET, RESET and set_config") {
  CHECK(now() == "public");
  says("set search_path = a, \"B\"");
  CHECK(now() == "a,B");
  says("select set_config('search_path', 'x, \"$user\"', false)");
  CHECK(now() == "x,ann");
  says("reset search_path");
  CHECK(now() == "public");
  says("set schema 'c'");
  CHECK(now() == "c");
  says("reset all");
  CHECK(now() == "public");
  says("set local search_path = d");  // outside a transaction: nothing
  CHECK(now() == "public");
  says("set search_path = e");
  says("set search_path = f", Transaction::Idle, true);
  CHECK(now() == "?");
  says("set search_path = f");
  CHECK(now() == "f");
}

TEST_CASE_METHOD(Spoken, "until everything is answered nobody knows") {
  sends("set search_path = a");
  CHECK(now() == "?");
  sends("select 1");
  path.rested(Transaction::Idle);
  CHECK(now() == "a");
}

TEST_CASE_METHOD(Spoken, "transactions") {
  says("begin", kOpen);
  says("set search_path = a", kOpen);
  CHECK(now() == "a");
  says("set local search_path = b", kOpen);
  CHECK(now() == "b");
  SECTION("commit keeps what is not local") {
    says("commit");
    CHECK(now() == "a");
  }
  SECTION("rollback brings back") {
    says("rollback");
    CHECK(now() == "public");
  }
  SECTION("commit of a failed one is a rollback") {
    says("select 1/0", kFailed, true);
    says("commit");
    CHECK(now() == "public");
  }
  SECTION("SET ends what was local") {
    says("set search_path = c", kOpen);
    says("commit");
    CHECK(now() == "c");
  }
  SECTION("and chain") {
    says("rollback and chain", kOpen);
    CHECK(now() == "public");
    says("set search_path = z", kOpen);
    says("rollback");
    CHECK((now() == "public" || now() == "?"));
  }
  SECTION("an error among others: nobody knows, until it is rolled back") {
    says("set search_path = c; select 1/0", kFailed, true);
    CHECK(now() == "?");
    says("rollback");
    CHECK(now() == "public");
  }
  SECTION("it ends unseen") {
    path.rested(Transaction::Idle);
    CHECK(now() == "?");
  }
}

TEST_CASE_METHOD(Spoken, "savepoints") {
  says("begin; set search_path = a; savepoint one", kOpen);
  says("set local search_path = b", kOpen);
  says("savepoint two", kOpen);
  says("set search_path = c", kOpen);
  SECTION("back to the inner") {
    says("rollback to two", kOpen);
    CHECK(now() == "b");
    says("commit");
    CHECK(now() == "a");
  }
  SECTION("back to the outer, twice") {
    says("rollback to savepoint one", kOpen);
    CHECK(now() == "a");
    says("set search_path = z", kOpen);
    says("rollback to one", kOpen);
    CHECK(now() == "a");
  }
  SECTION("after an error") {
    says("select 1/0", kFailed, true);
    says("rollback to two", kOpen);
    CHECK(now() == "b");
    says("commit");
    CHECK(now() == "a");
  }
  SECTION("released") {
    says("release one", kOpen);
    CHECK(now() == "c");
    says("rollback");
    CHECK(now() == "public");
  }
  SECTION("one that was never seen") {
    says("rollback to three", kOpen);
    CHECK(now() == "?");
    says("rollback");
    CHECK(now() == "public");
  }
}

TEST_CASE_METHOD(Spoken, "a savepoint from before anything was set") {
  says("begin", kOpen);
  says("savepoint one", kOpen);
  says("set search_path = a", kOpen);
  says("rollback to one", kOpen);
  CHECK(now() == "public");
  says("commit");
  CHECK(now() == "public");
}

TEST_CASE_METHOD(Spoken, "what one message sets before BEGIN belongs to the transaction") {
  says("set search_path = a; begin; set search_path = b", kOpen);
  CHECK(now() == "b");
  says("rollback");
  CHECK(now() == "?");
}

TEST_CASE_METHOD(Spoken, "ROLLBACK without a transaction may undo what stands before it") {
  says("set search_path = a; rollback");
  CHECK(now() == "?");
  says("set search_path = a");
  says("rollback");
  CHECK(now() == "a");
}

TEST_CASE_METHOD(Spoken, "the role that $user stands for") {
  says("set search_path = \"$user\", x");
  CHECK(now() == "ann,x");
  says("set role bob");
  CHECK(now() == "bob,x");
  says("set role none");
  CHECK(now() == "ann,x");
  says("set session authorization carl");
  CHECK(now() == "?");
  says("set search_path = y");
  CHECK(now() == "y");
  says("discard all");
  CHECK(now() == "public");
}

TEST_CASE_METHOD(Spoken, "what may set it or not, and code that nobody has read") {
  for (const char* unsure :
       {"select set_config('search_path', 'a', false) where false", "select set_config(x, 'a', false) from t",
        "explain select set_config('search_path', 'a', false)",
        "prepare p as select set_config('search_path', 'a', false)"}) {
    says(unsure);
    CHECK(now() == "?");
    says("set search_path = a");
    says("set role none");
    CHECK(now() == "a");
  }
  for (const char* hidden : {"select f()", "do 'begin end'", "create temp table n (a int)",
                             "create extension e", "select 1 into temp n", "call p()", "nonsense"}) {
    says("discard all");
    CHECK(now() == "public");
    if (std::string_view(hidden) == "nonsense") {
      const PathChange change{.what = PathChange::What::Hidden};
      path.passes({&change, 1});
      path.rested(Transaction::Idle);
    } else {
      says(hidden);
    }
    CHECK(now() == "?");
    says("set search_path = a");
    CHECK(now() == "?");
  }
  says("discard all");
  for (const char* harmless :
       {"create table n (a int)", "create function f() returns int language sql as 'select 1'",
        "drop table n cascade",
        "create function f() returns int set search_path = x language sql as 'select 1'",
        "alter role r set search_path = x", "alter database d set search_path = x"}) {
    says(harmless);
    CHECK(now() == "public");
  }
}

TEST_CASE("a path that is not known can be set") {
  Spoken spoken;
  spoken.path = SessionPath();
  CHECK(spoken.now() == "?");
  spoken.says("set search_path = a");
  CHECK(spoken.now() == "a");
  spoken.says("reset search_path");
  CHECK(spoken.now() == "?");
}

TEST_CASE_METHOD(Spoken, "a server that reports it is believed") {
  path.report("x");
  CHECK(now() == "x");
  sends("select set_config('search_path', 'y', false) from t");
  CHECK(now() == "?");
  path.report("y");
  path.rested(Transaction::Idle);
  CHECK(now() == "y");
}
