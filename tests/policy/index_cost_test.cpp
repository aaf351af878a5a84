// The cost of a decision follows the rules that can match, not the rules there are: instructions over lists
// of 10 to 10,000 rules, for every kind of test the index knows.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "policy/engine.h"
#include "policy/support/instructions.h"
#include "policy/value/json.h"

using namespace signalbox;
using namespace signalbox::policy;
using signalbox::policy::test::instructions_of;

namespace {

struct List {
  const char* name;
  /// The test of rule i; {0} = i, {1} = i + 1, {2} and {3} = i in base 256.
  const char* test;
  /// An input that rule 7 alone matches.
  const char* input;
  std::size_t most = 10'000;
};

const List kLists[] = {
    {"equality", R"(input.user == "u{0}")", R"({"user": "u7"})"},
    {"membership", R"(input.user in {{"u{0}", "v{0}"}})", R"({"user": "v7"})"},
    {"element", R"("r{0}" in input.roles)", R"({"roles": ["r7", "other"]})"},
    {"some element", R"(input.roles[_] == "r{0}")", R"({"roles": ["r7", "other"]})"},
    {"two equalities", R"(input.op == "read"; input.user == "u{0}")", R"({"user": "u7", "op": "read"})"},
    {"prefix", R"(startswith(input.path, "/p{0}/"))", R"({"path": "/p7/x"})"},
    {"glob", R"(glob.match("/p{0}/*", ["/"], input.path))", R"({"path": "/p7/x"})"},
    {"network", R"(net.cidr_contains("10.{2}.{3}.0/24", input.ip))", R"({"ip": "10.0.7.9"})"},
    {"range", R"(input.n >= {0}; input.n < {1})", R"({"n": 7})"},
    {"regex", R"(regex.match("^/p{0}/.*$", input.path))", R"({"path": "/p7/x"})"},
    // Very many numbers share their digits: what tells them apart no more is left to an automaton, which
    // takes long to build.
    {"regex's literal", R"(regex.match("(?i)[a-z]+_{0}@corp", input.mail))", R"({"mail": "bob_7@corp"})",
     1'000},
};

std::string module_of(const List& list, std::size_t rules) {
  std::string out = "package acl\n";
  for (std::size_t i = 0; i < rules; ++i) {
    out +=
        fmt::format("allow if {{ {} }}\n", fmt::format(fmt::runtime(list.test), i, i + 1, i / 256, i % 256));
  }
  return out;
}

std::uint64_t cost(const List& list, std::size_t rules) {
  const auto set = PolicySet::load({{"acl.rego", module_of(list, rules)}}, {}, {});
  if (!set) FAIL(to_text(set.error()));
  const auto query = (*set)->prepare("data.acl.allow");
  REQUIRE(query);
  Arena arena;
  const JsonInput input(parse_json(arena, list.input).value(), (*set)->input_paths());
  Evaluator evaluator;
  bool allowed = false;
  const auto ask = [&] {
    const auto value = evaluator.value(**query, input, {});
    allowed = value && value->is_true();
  };
  for (int i = 0; i < 20; ++i) ask();
  REQUIRE(allowed);
  return instructions_of(ask);
}

}  // namespace

TEST_CASE("decisions cost what the rules that can match cost", "[index]") {
  if (instructions_of([] {}) == 0) {
    WARN("skipped: this process may not trace its child");
    return;
  }
  for (const List& list : kLists) {
    const std::uint64_t few = cost(list, 10);
    std::string line = fmt::format("{:>15}: {}", list.name, few);
    for (const std::size_t rules : {100, 1'000, 10'000}) {
      if (rules > list.most) continue;
      const std::uint64_t many = cost(list, rules);
      line += fmt::format(" {}", many);
      INFO(list.name << ", " << rules << " rules");
      CHECK(static_cast<double>(many) <= 1.5 * static_cast<double>(few));
    }
    std::cout << line << " instructions a decision (10 .. 10,000 rules)\n";
  }
}
