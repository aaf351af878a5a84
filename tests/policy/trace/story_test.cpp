// Stories: which rules fired, with which values, and where the others stopped.
#include "policy/trace/story.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "policy/engine.h"
#include "policy/trace/quotes.h"
#include "policy/value/json.h"
#include "policy/vm/program.h"

using namespace signalbox;
using namespace signalbox::policy;

namespace {

constexpr std::string_view kPolicy = R"(package app

default allow := false

allow if {
	input.user == "ann"
	over(input.n)
}

allow if input.user == "root"

over(n) if n > 3
)";

StoryNode story_of(std::string_view query, std::string_view input, Story::Rules rules,
                   const StoryLimits& limits = {}, bool* truncated = nullptr) {
  const auto set = PolicySet::load({{"app.rego", std::string(kPolicy)}}, {});
  REQUIRE(set);
  const auto prepared = (*set)->prepare(query);
  REQUIRE(prepared);
  Arena arena;
  const auto document = parse_json(arena, input);
  REQUIRE(document);
  Story story((*set)->program(), rules, limits);
  QueryOptions options;
  options.tracer = &story;
  Evaluator evaluator;
  REQUIRE(evaluator.query(**prepared, JsonInput(*document, (*set)->input_paths()), {}, options));
  if (truncated != nullptr) *truncated = story.truncated();
  return story.root();
}

const RuleStep& rule_at(const StoryNode& node, std::uint32_t row) {
  const auto found = std::ranges::find(node.rules, row, [](const RuleStep& rule) { return rule.at.row; });
  REQUIRE(found != node.rules.end());
  return *found;
}

}  // namespace

TEST_CASE("a story is a tree of the rules that were asked, with their values") {
  const StoryNode root = story_of("data.app.allow", R"({"user": "ann", "n": 4})", Story::Rules::Every);
  CHECK(root.name == "query");
  REQUIRE(root.asked.size() == 1);
  const StoryNode& allow = root.asked[0];
  CHECK(allow.name == "data.app.allow");
  CHECK(allow.value == "true");
  CHECK(rule_at(allow, 5).fired);
  REQUIRE(allow.asked.size() == 1);
  CHECK(allow.asked[0].name == "data.app.over");
  CHECK(allow.asked[0].arguments == "4");
  CHECK(allow.asked[0].value == "true");
}

TEST_CASE("a rule that did not fire tells where it stopped, and what it compared") {
  const StoryNode allow =
      story_of("data.app.allow", R"({"user": "eve", "n": 4})", Story::Rules::Every).asked.at(0);
  CHECK(allow.value == "false");
  const RuleStep& first = rule_at(allow, 5);
  CHECK_FALSE(first.fired);
  CHECK(first.failed_at.row == 6);
  CHECK(first.compared == R"("eve", "ann")");
  CHECK(rule_at(allow, 10).compared == R"("eve", "root")");
}

TEST_CASE("a story is bounded, and says that it left something out") {
  bool truncated = false;
  StoryLimits limits;
  limits.nodes = 2;
  const StoryNode root =
      story_of("data.app.allow", R"({"user": "ann", "n": 4})", Story::Rules::Every, limits, &truncated);
  CHECK(truncated);
  CHECK(root.asked.at(0).asked.empty());
}

TEST_CASE("long values are shortened at a character's end") {
  StoryLimits limits;
  limits.value_bytes = 4;
  const StoryNode root = story_of(R"(x := "ééé")", "{}", Story::Rules::Every, limits);
  // The query's answers as Rego, cut where no character is torn.
  CHECK(root.value.size() <= limits.value_bytes + 3);
  CHECK(root.value.ends_with("..."));
}

TEST_CASE("a watched evaluation gives the same answers") {
  const auto set = PolicySet::load({{"app.rego", std::string(kPolicy)}}, {});
  REQUIRE(set);
  const auto prepared = (*set)->prepare("data.app.allow");
  Arena arena;
  Evaluator plain, watched;
  for (const char* input : {R"({"user": "ann", "n": 4})", R"({"user": "eve"})", "{}"}) {
    const JsonInput document(*parse_json(arena, input), (*set)->input_paths());
    Story story((*set)->program(), Story::Rules::Every);
    QueryOptions options;
    options.tracer = &story;
    CHECK(*plain.value(**prepared, document, {}) == *watched.value(**prepared, document, {}, options));
  }
}

TEST_CASE("a condition that failed is quoted as it was written, and nothing beside it") {
  const std::vector<std::pair<std::string_view, std::string_view>> rules = {
      {R"(p contains msg if { input.x > 3; msg := "big" })", "input.x > 3"},
      {R"(p if { not input.x > 1; true })", "not input.x > 1"},
      {R"(p if { input.x == 1 with input as {"x": 2}; true })", R"(input.x == 1 with input as {"x": 2})"},
      {R"(p if { every x in [1, 9] { x < 5; true } })", "x < 5"},
      {R"(p if { input.x != "é"; input.x == 7; true })", "input.x == 7"},
      {"p if { input.x == [1,\n  # a comment\n  2]; true }", "input.x == [1, 2]"},
      {R"(p := 1 if { input.x == 3; true } else := 2 if { input.x == 4; true })", "input.x == 4"},
  };
  for (const auto& [rule, condition] : rules) {
    const auto set = PolicySet::load({{"app.rego", "package app\n\n" + std::string(rule)}}, {});
    REQUIRE(set);
    const auto prepared = (*set)->prepare("data.app.p");
    REQUIRE(prepared);
    Arena arena;
    const auto document = parse_json(arena, R"({"x": 2})");
    Story story((*set)->program(), Story::Rules::Every);
    QueryOptions options;
    options.tracer = &story;
    Evaluator evaluator;
    REQUIRE(evaluator.query(**prepared, JsonInput(*document, (*set)->input_paths()), {}, options));
    StoryNode root = story.root();
    quote(root, (*set)->modules());
    CHECK(root.asked.at(0).rules.at(0).condition == condition);
  }
}
