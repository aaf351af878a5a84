// Boolean decisions take nothing from the heap once the evaluator is warm, whatever of the language and of
// the usual built-ins they use. Counted by the binary's own operator new.
#include "base/allocations.h"

#include <catch2/catch.hpp>
#include <string>

#include "policy/engine.h"
#include "policy/value/json.h"

using namespace signalbox::policy;

namespace {

struct Body {
  const char* name;
  const char* rules;  ///< of package t; `allow` is asked for
};

const Body kBodies[] = {
    {"comparison", "allow if input.user == \"alice\""},
    {"default and else",
     "default allow := false\nallow := false if input.n > 100 else := true if input.n == 7"},
    {"membership", "allow if input.user in {\"alice\", \"bob\"}"},
    {"iteration", "allow if { some r in data.roles[input.user]; r == \"admin\" }"},
    {"nested iteration",
     "allow if { some i; data.grants[i].role == data.roles[input.user][_]; data.grants[i].action == "
     "input.action }"},
    {"every", "allow if every r in input.wanted { r in data.roles.alice }"},
    {"negation", "allow if not blocked\nblocked if input.user in data.blocked"},
    {"functions", "allow if is_admin(input.user)\nis_admin(u) if \"admin\" in data.roles[u]"},
    {"comprehension", "allow if count({r | some r in data.roles[input.user]; r != \"reader\"}) > 0"},
    {"object comprehension", "allow if {u: count(rs) | some u, rs in data.roles}[input.user] == 2"},
    {"partial set",
     "allow if admins[input.user]\nadmins contains u if { some u, rs in data.roles; \"admin\" in rs; input.n "
     "> 0 }"},
    {"partial object",
     "allow if levels[input.user] == 2\nlevels[u] := count(rs) if { some u, rs in data.roles; input.n > 0 }"},
    {"with", "allow if checked with input.user as \"alice\"\nchecked if input.user == \"alice\""},
    {"regular expression", "allow if regex.match(\"^al[a-z]+$\", input.user)"},
    {"glob", "allow if glob.match(\"/api/*/read\", [\"/\"], input.path)"},
    {"network", "allow if net.cidr_contains(\"10.0.0.0/8\", input.ip)"},
    {"strings",
     "allow if { startswith(lower(input.path), \"/api\"); endswith(input.path, \"read\"); "
     "contains(input.path, \"/v1/\"); trim_prefix(input.path, \"/\") != \"\" }"},
    {"split", "allow if { parts := split(input.path, \"/\"); parts[1] == \"api\"; count(parts) == 4 }"},
    {"parts of a path", "allow if [_, \"api\", _, \"read\"] = split(trim(input.path, \" \"), \"/\")"},
    {"texts put together",
     "allow if { concat(\"/\", [\"\", \"api\", \"v1\", \"read\"]) == input.path; replace(input.path, \"/\", "
     "\"//\") == \"//api//v1//read\" }"},
    {"parts by a regular expression",
     "allow if { regex.split(\"[/.]\", input.path)[2] == \"v1\"; regex.find_n(\"[a-z0-9]+\", input.path, "
     "-1)[2] "
     "== \"read\"; regex.replace(input.path, \"v[0-9]+\", \"version\") == \"/api/version/read\" }"},
    {"numbers", "allow if { input.n * 3 - 1 == 20; input.n % 2 == 1; abs(input.n) == 7 }"},
    {"objects", "allow if object.get(data.roles, input.user, []) != []"},
    {"unification", "allow if [\"admin\", x] = data.roles.alice"},
    {"sets", "allow if count({\"a\", input.user} & {\"alice\", \"x\"}) == 1"},
    {"sums", "allow if sum([1, 2, input.n]) == 10"},
    {"time", "allow if time.now_ns() > 1000"},
};

std::string rule_list() {
  std::string out;
  for (int i = 0; i < 60; ++i) {
    const std::string n = std::to_string(i);
    out += "allow if { input.user == \"u" + n + "\"; input.n > " + n + " }\n";
    out += "allow if startswith(input.path, \"/p" + n + "/\")\n";
    out += "allow if \"g" + n + "\" in input.wanted\n";
    out += "allow if net.cidr_contains(\"11." + n + ".0.0/16\", input.ip)\n";
  }
  return out + "allow if { input.action == \"write\"; input.user == \"alice\" }\n";
}

/// Sixty rules that test input.path for `pattern`, whose {} is a number, and one that holds.
std::string regex_list(std::string_view pattern, std::string_view holds) {
  std::string out;
  for (int i = 0; i < 60; ++i) {
    std::string numbered(pattern);
    numbered.replace(numbered.find("{}"), 2, std::to_string(100 + i));
    out += "allow if regex.match(`" + numbered + "`, input.path)\n";
  }
  return out + "allow if " + std::string(holds) + "\n";
}

constexpr const char* kData =
    R"({"roles": {"alice": ["admin", "writer"], "bob": ["reader"]}, "blocked": ["mallory"],
  "grants": [{"role": "admin", "action": "write"}, {"role": "reader", "action": "read"}]})";
constexpr const char* kInput =
    R"({"user": "alice", "n": 7, "action": "write", "path": "/api/v1/read", "ip": "10.1.2.3", "wanted": ["admin", "writer"]})";

void allows_without_allocating(const std::string& name, const std::string& rules) {
  INFO(name);
  const auto set = PolicySet::load({{"t.rego", "package t\n" + rules + "\n"}, {"data.json", kData}}, {}, {});
  if (!set) FAIL(to_text(set.error()));
  const auto query = (*set)->prepare("data.t.allow");
  REQUIRE(query);
  Arena arena;
  const JsonInput input(parse_json(arena, kInput).value(), (*set)->input_paths());
  Evaluator evaluator;
  for (int warm = 0; warm < 5; ++warm) {
    const auto value = evaluator.value(**query, input, {});
    REQUIRE(value);
    CHECK(value->is_true());
  }
  const auto before = signalbox::allocations().count;
  for (int i = 0; i < 50; ++i) static_cast<void>(evaluator.value(**query, input, {}));
  CHECK(signalbox::allocations().count == before);
}

}  // namespace

TEST_CASE("warm boolean decisions take nothing from the heap", "[allocations]") {
  for (const Body& body : kBodies) allows_without_allocating(body.name, body.rules);
  allows_without_allocating("a list of rules", rule_list());
  allows_without_allocating("regular expressions with a prefix",
                            regex_list("^/p{}/.*$", "regex.match(`^/api/v[0-9]/.*$`, input.path)"));
  allows_without_allocating(
      "regular expressions with a literal",
      regex_list("(?i)[a-z]+_{}[.]example", "regex.match(`(?i)V[0-9]/READ`, input.path)"));
  allows_without_allocating("regular expressions without literals",
                            regex_list("^[0-9]{{}}$", "input.user == \"alice\""));
}
