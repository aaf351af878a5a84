// The REPL's session, line by line: what is asked, what is defined, what goes on over several lines.
#include "app/cli/repl_session.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace signalbox;
using namespace signalbox::app::cli;

namespace {

struct Repl {
  ReplSession session = [] {
    auto opened = ReplSession::open({}, {});
    if (!opened) FAIL(to_text(opened.error()));
    return std::move(*opened);
  }();
  std::string operator()(const std::string& line) { return session.line(line).text; }
};

}  // namespace

TEST_CASE("a REPL evaluates expressions and defines rules") {
  Repl repl;
  CHECK(repl("1 + 2") == "3\n");
  CHECK(repl("x := 7") == "Rule 'x' defined in package repl. Type 'show' to see rules.\n");
  CHECK(repl("x + 1") == "8\n");
  CHECK(repl("x := 8") == "Rule 'x' re-defined in package repl. Type 'show' to see rules.\n");
  CHECK(repl("x") == "8\n");
  CHECK(repl("x == 9") == "false\n");
  CHECK(repl("p contains y if { some y in [1, 2]; y > 1 }").starts_with("Rule 'p' defined"));
  CHECK(repl("p") == "[\n  2\n]\n");
  CHECK(repl("data.repl.p[z]").find("│") != std::string::npos);
  CHECK(repl("show") == "package repl\n\nx := 8\n\np contains y if { some y in [1, 2]; y > 1 }\n\n");
  CHECK(repl("unset p").empty());
  CHECK(repl("data.repl.p") == "undefined\n");
  CHECK(repl("unset p") == "there is no rule p\n");
}

TEST_CASE("a REPL reads on until something is whole, and gives up at an empty line") {
  Repl repl;
  CHECK(repl.session.line("q if {").more);
  CHECK(repl.session.prompt() == "| ");
  CHECK(repl.session.line("  1 < 2").more);
  CHECK(repl("}").starts_with("Rule 'q' defined"));
  CHECK(repl.session.prompt() == "> ");
  CHECK(repl("q") == "true\n");
  CHECK(repl.session.line("r if {").more);
  repl("");
  CHECK(repl.session.prompt() == "> ");
}

TEST_CASE("mistakes in a REPL are told and leave everything as it was") {
  Repl repl;
  repl("x := 1");
  CHECK(repl("y := z").find("rego_unsafe_var_error") != std::string::npos);
  CHECK(repl("1 +").empty());  // goes on
  repl("");
  CHECK(repl("x]").find("rego_parse_error") != std::string::npos);
  CHECK(repl("x") == "1\n");
  CHECK(repl("package no.such-thing").find("error") != std::string::npos);
  CHECK(repl("x") == "1\n");
}

TEST_CASE("input, packages and imports of a REPL") {
  Repl repl;
  CHECK(repl("input := {\"user\": \"ann\"}").empty());
  CHECK(repl("input.user") == "\"ann\"\n");
  CHECK(repl("import input.user as who").empty());
  CHECK(repl("who") == "\"ann\"\n");
  CHECK(repl("unset input").empty());
  CHECK(repl("input.user") == "undefined\n");
  CHECK(repl("package other").empty());
  CHECK(repl("v := 1").find("in package other") != std::string::npos);
  CHECK(repl("data.other.v") == "1\n");
}

TEST_CASE("a REPL traces, and completes names") {
  Repl repl;
  repl("base := 1");
  repl("over if base > 2");
  CHECK(repl("trace") == "trace on\n");
  const std::string told = repl("over");
  CHECK(told.find("data.repl.over = undefined") != std::string::npos);
  CHECK(told.find("comparing 1, 2") != std::string::npos);
  const auto offered = repl.session.completions("json.");
  CHECK(std::ranges::find(offered, "json.marshal") != offered.end());
  CHECK(repl.session.completions("ove") == std::vector<std::string>{"over"});
  CHECK(repl.session.line("exit").leave);
}
