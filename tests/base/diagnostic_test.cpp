#include "base/diagnostic.h"

#include <catch2/catch.hpp>

using namespace signalbox;

TEST_CASE("a diagnostic prints position, code, source line with a caret, and hint") {
  const Diagnostic d{Severity::Error,  "rego_parse_error", "unexpected token",
                     {"p.rego", 3, 5}, "\tx = = 1",        "write =="};
  CHECK(to_text(d) ==
        "p.rego:3:5: rego_parse_error: unexpected token\n"
        "  \tx = = 1\n"
        "  \t   ^\n"
        "  hint: write ==\n");
}

TEST_CASE("the nearest candidate is offered only when it is near") {
  CHECK(nearest("listner", {"listeners", "targets", "listener"}) == "listener");
  CHECK(nearest("zebra", {"listeners", "targets"}).empty());
}

TEST_CASE("line_of finds a line and drops its line end") {
  CHECK(line_of("a\r\nb\nc", 1) == "a");
  CHECK(line_of("a\r\nb\nc", 3) == "c");
  CHECK(line_of("a\nb", 3).empty());
}
