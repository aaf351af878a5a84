// The catalogue is complete and consistent, and says precisely what is wrong with a request.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "actions/support/decisions.h"
#include "actions/vocabulary.h"
#include "policy/engine.h"

using namespace signalbox;
using namespace signalbox::actions;

namespace {

std::vector<policy::ActionFault> wrong_with(std::string_view request) {
  const auto decision = testing::decision_of({request});
  policy::WrittenAction written;
  written.action = decision.actions[0].action;
  for (const policy::Pair& entry : decision.actions[0].parameters.as_object())
    written.parameters.push_back({entry.key.as_string(), entry.value});
  return judge({&written, 1}, {});
}

bool fits(std::string_view request) {
  const auto decision = testing::decision_of({request});
  return parameters_fit(*find_action(decision.actions[0].action), decision.actions[0],
                        Hook::TrafficFromClient);
}

}  // namespace

TEST_CASE("every action has what its documentation needs, and a name of its own") {
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, std::string_view>> group_dividers;
  for (const ActionSpec& spec : catalogue()) {
    INFO(spec.name);
    CHECK(names.insert(spec.name).second);
    for (const auto alias : spec.aliases) CHECK(names.insert(alias).second);
    CHECK_FALSE(spec.summary.empty());
    CHECK(spec.summary.ends_with('.'));
    CHECK(spec.example.starts_with("- " + std::string(spec.name)));
    CHECK_FALSE(spec.hooks.empty());
    CHECK((spec.lane == Lane::Async) == (spec.storage != Storage::None));
    if (spec.lane == Lane::Async) CHECK_FALSE(spec.verdict);
    if (!spec.group.by.empty()) CHECK(parameter_named(spec, spec.group.by) != nullptr);
    for (const ActionSpec& other : catalogue()) {
      if (!spec.group.name.empty() && spec.group.name == other.group.name)
        CHECK(spec.group.by == other.group.by);
    }
    std::set<std::string_view> parameters;
    for (const ParameterSpec& p : spec.parameters) {
      INFO(p.name);
      CHECK(parameters.insert(p.name).second);
      CHECK_FALSE(p.summary.empty());
      CHECK((p.type == ParameterType::Name) == !p.choices.empty());
      for (const char* taken : {"action", "priority", "final"}) CHECK(p.name != taken);
    }
  }
}

TEST_CASE("names and aliases are found, others are not") {
  for (const ActionSpec& spec : catalogue()) {
    CHECK(find_action(spec.name) == &spec);
    for (const auto alias : spec.aliases) CHECK(find_action(alias) == &spec);
  }
  CHECK(find_action("") == nullptr);
  CHECK(find_action("Deny") == nullptr);
}

TEST_CASE("a mistake in a request is named with the nearest right word") {
  const auto unknown = wrong_with(R"({"action": "denny"})");
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].code == "policy_unknown_action");
  CHECK(unknown[0].hint == "did you mean deny?");

  const auto parameter = wrong_with(R"({"action": "deny", "mesage": "x"})");
  REQUIRE(parameter.size() == 1);
  CHECK(parameter[0].message == "action deny has no parameter mesage");
  CHECK(parameter[0].hint == "did you mean message?");

  const auto missing = wrong_with(R"({"action": "error", "sqlstate": "42501"})");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].message == "action error needs the parameter message");

  const auto choice = wrong_with(R"({"action": "deny", "transaction": "rollback"})");
  REQUIRE(choice.size() == 1);
  CHECK(choice[0].message == "parameter transaction of action deny must be one of abort, keep");
}

TEST_CASE("values are checked against their type") {
  struct Row {
    const char* request;
    bool good;
  };
  const Row rows[] = {
      {R"({"action": "deny"})", true},
      {R"({"action": "deny", "sqlstate": "0A000"})", true},
      {R"({"action": "deny", "sqlstate": "00000"})", false},  // a success class cannot be an error
      {R"({"action": "deny", "sqlstate": "4250"})", false},
      {R"({"action": "deny", "sqlstate": "4250a"})", false},
      {R"({"action": "deny", "message": 1})", false},
      {R"({"action": "webhook", "url": "http://h"})", true},
      {R"({"action": "webhook", "url": "https://[::1]:8443/x?y"})", true},
      {R"({"action": "webhook", "url": "ftp://h"})", false},
      {R"({"action": "webhook", "url": "http://"})", false},
      {R"({"action": "webhook", "url": "http://user:pw@h/"})", false},
      {R"({"action": "webhook", "url": "http://h/\r\nHost: x"})", false},
      {R"({"action": "webhook", "url": "http://h", "timeout": "2s"})", true},
      {R"({"action": "webhook", "url": "http://h", "timeout": 2})", true},
      {R"({"action": "webhook", "url": "http://h", "timeout": "2 s"})", false},
      {R"({"action": "webhook", "url": "http://h", "timeout": "1h"})", false},  // above the maximum
      {R"({"action": "webhook", "url": "http://h", "attempts": 0})", false},
      {R"({"action": "webhook", "url": "http://h", "attempts": 1.5})", false},
      {R"({"action": "webhook", "url": "http://h", "attempts": 3.0})", true},
      {R"({"action": "webhook", "url": "http://h", "headers": {"X": "y"}})", true},
      {R"({"action": "webhook", "url": "http://h", "headers": {"X": 1}})", false},
      {R"({"action": "log", "fields": ["a", "b"]})", true},
      {R"({"action": "log", "fields": "a"})", false},
      {R"({"action": "log", "fields": ["a", 1]})", false},
      {R"({"action": "allow", "message": "x"})", false},
  };
  for (const auto& row : rows) {
    INFO(row.request);
    CHECK(wrong_with(row.request).empty() == row.good);
    CHECK(fits(row.request) == row.good);
  }
}

TEST_CASE("the engine's vocabulary carries every action with a JSON Schema") {
  const policy::Vocabulary words = vocabulary();
  CHECK(words.hooks.size() == kHookCount);
  CHECK(words.default_hook == "traffic_from_client");
  REQUIRE(words.actions.size() == catalogue().size());
  for (const auto& action : words.actions) {
    const auto schema = nlohmann::json::parse(action.parameter_schema);
    CHECK(schema["additionalProperties"] == false);
    CHECK(schema["properties"].size() == find_action(action.name)->parameters.size());
  }
}

TEST_CASE("the catalogue is listed as text, JSON and Markdown") {
  const auto list = nlohmann::json::parse(actions_json());
  CHECK(list.size() == catalogue().size());
  for (const ActionSpec& spec : catalogue()) {
    CHECK(actions_text().find(spec.name) != std::string::npos);
    CHECK(actions_markdown().find("## " + std::string(spec.name) + "\n") != std::string::npos);
  }
}
