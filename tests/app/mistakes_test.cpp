// What loading says of policies with several things wrong: all of it, where one does not follow from another.
#include <catch2/catch.hpp>

#include "app/policies/library.h"

using namespace signalbox;
using namespace signalbox::app;

namespace {

constexpr std::string_view kUnknownAction = R"(package policies.a

actions contains {"action": "dany"} if input.query.kind == "drop"
)";
constexpr std::string_view kUnsafe = R"(package policies.b

actions contains {"action": "deny"} if {
	x > 3
	input.query.kind == "drop"
}
)";

std::vector<std::string> places(const Diagnostics& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics)
    out.push_back(d.at.file + ":" + std::to_string(d.at.row) + " " + d.code);
  return out;
}

std::vector<std::string> mistakes(std::vector<policy::SourceFile> files) {
  const auto set = policy::PolicySet::load(std::move(files), host_vocabulary());
  return set ? std::vector<std::string>{} : places(set.error());
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("a wrong action does not hide what the compiler finds, nor data that cannot be read") {
  CHECK(mistakes({{"z/data.json", "{"},
                  {"b.rego", std::string(kUnsafe)},
                  {"a.rego", std::string(kUnknownAction)}}) == Places{"a.rego:3 policy_unknown_action",
                                                                      "b.rego:4 rego_unsafe_var_error",
                                                                      "z/data.json:1 data_error"});
}

TEST_CASE("a YAML policy's mistakes are told with those of its other rules, and of other files") {
  const std::string text = R"(policy: p
rules:
  - name: conditions of a rule with a wrong action
    when: y == 1
    then: [deni]
  - name: actions of a rule with a wrong condition
    match: {query.knd: x}
    then: [deny, allow]
  - name: SQL beside a wrong parameter
    then:
      - deny: {mesage: x}
      - request: {where: {t: "a ="}}
)";
  CHECK(mistakes({{"p.policy.yaml", text}, {"a.rego", std::string(kUnsafe)}}) ==
        Places{"a.rego:4 rego_unsafe_var_error", "p.policy.yaml:4 rego_unsafe_var_error",
               "p.policy.yaml:5 policy_unknown_action", "p.policy.yaml:7 policy_unknown_path",
               "p.policy.yaml:8 policy_contradiction", "p.policy.yaml:11 policy_unknown_parameter",
               "p.policy.yaml:12 policy_bad_sql"});
}

TEST_CASE("no mistake is told that follows from another") {
  // A file that is no Rego has the function that the other calls.
  CHECK(mistakes({{"a.rego", "package lib\n\nf(x) := x +\n"},
                  {"b.rego",
                   "package policies.b\n\nactions contains {\"action\": \"deny\"} if data.lib.f(1)\n"}}) ==
        Places{"a.rego:4 rego_parse_error"});
  // Without its hook the rule would be about statements, where the action means nothing.
  CHECK(mistakes({{"p.policy.yaml", "policy: p\non: [startpu]\nrules:\n  - then: [upgrade]\n"}}) ==
        Places{"p.policy.yaml:2 policy_unknown_hook"});
  CHECK(mistakes({{"p.policy.yaml", "policy: p\nrules:\n  - on: [startpu]\n    then: [deny]\n"}}) ==
        Places{"p.policy.yaml:3 policy_unknown_hook"});
  // The second condition reads what the first binds.
  CHECK(mistakes({{"p.policy.yaml",
                   "policy: p\nrules:\n  - when: [\"x := (1\", \"x > 0\"]\n    then: [deny]\n"}}) ==
        Places{"p.policy.yaml:3 rego_parse_error"});
}
