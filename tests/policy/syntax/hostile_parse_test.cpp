// Hostile texts: the parser ends in bounded time and memory, with an error.
#include <catch2/catch.hpp>

#include "policy/syntax/parsing.h"

using namespace signalbox;
using namespace signalbox::policy::ast;

TEST_CASE("nesting beyond the bound is an error, not a crash") {
  for (const char* open : {"[", "{", "(", "f(", "{1: ", "not ", "[x | ", "a[", "p if {", "every x in ["}) {
    std::string text = "package p\nimport future.keywords\nq if ";
    for (int i = 0; i < 20'000; ++i) text += open;
    const auto module = parse_module(make_source("deep.rego", text));
    CHECK_FALSE(module);
  }
  std::string chain = "package p\nq := 1";
  for (int i = 0; i < 100'000; ++i) chain += " + 1";
  const auto module = parse_module(make_source("chain.rego", chain));
  REQUIRE_FALSE(module);
  CHECK(module.error().front().message == "max parsing recursion depth exceeded");
}

TEST_CASE("a text of many readings ends in bounded time") {
  std::string text = "package p\nimport future.keywords\nq if ";
  for (int i = 0; i < 150; ++i) text += "{x | ";
  CHECK_FALSE(parse_module(make_source("readings.rego", text)));
}

TEST_CASE("an ordinary chain and nesting are within the bounds") {
  std::string text = "package p\nq := 1";
  for (int i = 0; i < 500; ++i) text += " + 1";
  text += "\nr := ";
  for (int i = 0; i < 150; ++i) text += "[";
  for (int i = 0; i < 150; ++i) text += "]";
  CHECK(parse_module(make_source("fine.rego", text)));
}

TEST_CASE("a rule cannot be named by a call") {
  for (const char* rule : {"f(x).p contains 4 if input.x", "f(x).b(y).c contains 4", "a.b(x).c if input.x",
                           "f(x)[y] contains 1 if y := 1", "f(x).p := 1", "default f(x).p := 1",
                           "f(x).p if true else := 2", "f(x).p = 1 if true"}) {
    INFO(rule);
    const auto module = parse_module(make_source("call.rego", std::string("package p\n") + rule));
    REQUIRE_FALSE(module);
    CHECK(module.error().front().code == "rego_parse_error");
    CHECK(module.error().front().message.find("rule head") != std::string::npos);
    CHECK(module.error().front().at.row == 2);
  }
}
