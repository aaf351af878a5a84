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
  CHECK(repl("show") == "package repl\n\nx := 8\n\np contains y if {\n\tsome y in [1, 2]\n\ty > 1\n}\n");
  CHECK(repl("unset p").empty());
  CHECK(repl("data.repl.p") == "undefined\n");
  CHECK(repl("unset p") == "warning: no matching rules in current module\n");
}

TEST_CASE("a REPL reads on until an empty line where the first line is not whole") {
  Repl repl;
  CHECK(repl.session.line("q if {").more);
  CHECK(repl.session.prompt() == "| ");
  CHECK(repl.session.line("  1 < 2").more);
  CHECK(repl.session.line("}").more);
  CHECK(repl("").starts_with("Rule 'q' defined"));
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
  CHECK(repl("trace").empty());
  const std::string told = repl("over");
  CHECK(told.find("data.repl.over = undefined") != std::string::npos);
  CHECK(told.find("(1, 2)") != std::string::npos);
  CHECK(repl("trace nonsense").starts_with("invalid explain mode"));
  CHECK(repl("show debug").find("\"explain\": \"full\"") != std::string::npos);
  const auto offered = repl.session.completions("json.");
  CHECK(std::ranges::find(offered, "json.marshal") != offered.end());
  CHECK(repl.session.completions("ove") == std::vector<std::string>{"over"});
  CHECK(repl.session.line("exit").leave);
}

TEST_CASE("an equation defines where there is nothing yet, and asks afterwards") {
  Repl repl;
  CHECK(repl("x = 1").starts_with("Rule 'x' defined"));
  CHECK(repl("x = 1") == "true\n");
  CHECK(repl("x = 2") == "undefined\n");
  CHECK(repl("true = true") == "true\n");
  CHECK(repl("data.foo = 1") == "undefined\n");
  CHECK(repl("f(y) := y + x").starts_with("Rule 'f' defined"));
  CHECK(repl("f(2)") == "3\n");
  CHECK(repl("a.b := 1; a.b > 0").find("rego_") != std::string::npos);
  CHECK(repl("a.b := 1").starts_with("Rule 'a.b' defined"));
  CHECK(repl("a.c := 2").starts_with("Rule 'a.c' defined"));
  CHECK(repl("unset a.b").empty());
  CHECK(repl("a") == "{\n  \"c\": 2\n}\n");
}

TEST_CASE("packages of a REPL keep their rules, and repl.input is the input") {
  Repl repl;
  repl("package repl.input");
  repl("user := \"ann\"");
  repl("package other");
  CHECK(repl("input.user") == "\"ann\"\n");
  repl("v := 1");
  repl("package repl");
  CHECK(repl("data.other.v") == "1\n");
  CHECK(repl("unset-package other").empty());
  CHECK(repl("data.other.v") == "undefined\n");
  CHECK(repl("unset-package other") == "warning: no matching package\n");
  CHECK(repl.session.completions("input.u") == std::vector<std::string>{"input.user"});
}

TEST_CASE("a REPL evaluates partially where something is unknown") {
  Repl repl;
  CHECK(repl("unknown").starts_with("usage: unknown"));
  CHECK(repl("unknown input").empty());
  CHECK(repl("1 == 1; input.x == 2").find("input.x = 2") != std::string::npos);
  CHECK(repl("unknown").empty());
  CHECK(repl("1 == 1") == "true\n");
}

TEST_CASE("a mistake in a REPL's rule is shown where it is") {
  Repl repl;
  CHECK(repl("p if { input.user = }").starts_with("1:21: rego_parse_error"));
  CHECK(repl("f(x) := y if { y := }").find("rego_parse_error") != std::string::npos);
}
