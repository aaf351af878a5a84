// What is prepared, as the server has confirmed it.
#include "proxy/session/statements.h"

#include <catch2/catch.hpp>

using namespace signalbox::proxy;

namespace {

void parse(Statements& statements, std::string name, std::string text) {
  Companion companion;
  companion.statement = std::move(name);
  companion.text = std::move(text);
  statements.confirm(Request::Parse, companion);
}

void bind(Statements& statements, std::string portal, std::string name) {
  Companion companion;
  companion.portal = std::move(portal);
  companion.statement = std::move(name);
  statements.confirm(Request::Bind, companion);
}

void close(Statements& statements, char what, std::string name) {
  Companion companion;
  companion.what = what;
  (what == 'S' ? companion.statement : companion.portal) = std::move(name);
  statements.confirm(Request::Close, companion);
}

}  // namespace

TEST_CASE("a portal keeps the statement it was bound to, also when the name is prepared anew") {
  Statements statements(1 << 20);
  parse(statements, "", "select 1");
  bind(statements, "", "");
  parse(statements, "", "select 2");
  CHECK(statements.of_portal("")->text == "select 1");
  CHECK(statements.of_statement("")->text == "select 2");
  parse(statements, "s", "select 3");
  bind(statements, "p", "s");
  close(statements, 'S', "s");
  CHECK(statements.of_statement("s") == nullptr);
  CHECK(statements.of_portal("p")->text == "select 3");
}

TEST_CASE("portals end with the transaction, statements do not") {
  Statements statements(1 << 20);
  parse(statements, "s", "select 1");
  bind(statements, "p", "s");
  bind(statements, "", "s");
  statements.transaction_ended();
  CHECK(statements.of_portal("p") == nullptr);
  CHECK(statements.of_portal("") == nullptr);
  CHECK(statements.of_statement("s") != nullptr);
  statements.deallocated_all();
  CHECK(statements.empty());
  CHECK(statements.bytes() == 0);
}

TEST_CASE("texts beyond the bound are unknown, and the bound is given back") {
  Statements statements(10'000);
  for (int i = 0; i < 1000; ++i) parse(statements, "s" + std::to_string(i), std::string(500, 'x'));
  CHECK(statements.bytes() <= 10'000);
  CHECK(statements.of_statement("s0")->known);
  CHECK(statements.of_statement("s999") == nullptr);
  for (int i = 0; i < 1000; ++i) close(statements, 'S', "s" + std::to_string(i));
  CHECK(statements.bytes() == 0);
}

TEST_CASE("the unnamed statement reuses its memory when no portal holds it") {
  Statements statements(1 << 20);
  parse(statements, "", "select 1");
  const void* first = statements.of_statement("").get();
  parse(statements, "", "select 2");
  CHECK(statements.of_statement("").get() == first);
}

TEST_CASE("a statement that found no room is told of until all are forgotten") {
  Statements statements(2000);
  for (int i = 0; i < 5; ++i) parse(statements, "s" + std::to_string(i), "select 1");
  CHECK_FALSE(statements.overflowed());
  for (int i = 5; i < 20; ++i) parse(statements, "s" + std::to_string(i), "select 1");
  CHECK(statements.overflowed());
  CHECK(statements.of_statement("s19") == nullptr);
  statements.discarded_all();
  CHECK_FALSE(statements.overflowed());
}

TEST_CASE("types that the server has described are of that text, and take no more than it") {
  Statements statements(1 << 20);
  parse(statements, "s", "select $1");
  parse(statements, "", "select $1");
  statements.described("s", {18});
  statements.described("", std::vector<std::uint32_t>(100, 25));
  statements.described("other", {25});
  CHECK(statements.of_statement("s")->described == std::vector<std::uint32_t>{18});
  CHECK(statements.prepared("s").described == std::vector<std::uint32_t>{18});
  CHECK(statements.of_statement("")->described.empty());
  statements.described("", {25});
  parse(statements, "", "select $1, 2");
  CHECK(statements.of_statement("")->described.empty());
  close(statements, 'S', "s");
  parse(statements, "s", "select $1, 2");
  CHECK(statements.of_statement("s")->described.empty());
}
