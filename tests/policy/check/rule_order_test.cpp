// In which order the types of rules are found: what OPA 1.20.2 refuses depends on it.
#include <catch2/catch.hpp>

#include "policy/engine.h"

using namespace signalbox;
using namespace signalbox::policy;

TEST_CASE("types are found file by file, by name, whatever order files are given in", "[check]") {
  const std::vector<SourceFile> files = {
      {"one.rego", "package lib.one\np5 := 1.0\n"},
      {"two.rego",
       "package lib.two\nimport data.lib.one as m14\n"
       "p15[\"roles\"][u] := u.k if { some {\"n\": u} in data.users; not \"bob\" in data.grants "
       "with m14.p8 as m14.p13[u] with input as u }\n"
       "p15[0.1][\"a\"] := 10 if { 1 in set() }\n"},
      {"main.rego",
       "package main\nimport data.lib.one as m45\nimport data.lib.two as m46\n"
       "p62[z] := z if { some x, y, z; m46.p15[m45.p5][0] < \"alice\"; walk(x, [z, y]); m46.p27[y]; "
       "x = input.missing.x }\n"},
  };
  const auto set = PolicySet::load(files, {}, {});
  REQUIRE_FALSE(set);
  // opa check one.rego two.rego main.rego
  CHECK(set.error().front().message == "undefined ref: data.lib.two.p15[data.lib.one.p5][0]");
}
