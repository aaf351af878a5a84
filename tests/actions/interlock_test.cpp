// The truth table of docs/interlock.md, row by row.
#include "actions/interlock.h"

#include <catch2/catch.hpp>

#include "actions/support/decisions.h"
#include "base/allocations.h"

using namespace signalbox;
using namespace signalbox::actions;
using testing::decision_of;

namespace {

Plan plan_of(std::initializer_list<std::string_view> requests, InterlockOptions options = {},
             Hook hook = Hook::TrafficFromClient) {
  return interlock(decision_of(requests), hook, options);
}

constexpr auto kDenyByDefault = InterlockOptions{.default_verdict = Verdict::Deny};

}  // namespace

TEST_CASE("a plan that no interlock has made refuses") {
  const Plan plan;
  CHECK(plan.verdict == Verdict::Deny);
  CHECK(plan.reason == Reason::Undecided);
}

TEST_CASE("nobody asks: the default decides") {
  CHECK(plan_of({}).verdict == Verdict::Allow);
  CHECK(plan_of({}, kDenyByDefault).verdict == Verdict::Deny);
  CHECK(plan_of({}, kDenyByDefault).reason == Reason::Default);
}

TEST_CASE("the strictest verdict wins") {
  const Plan plan =
      plan_of({R"({"action": "allow"})", R"({"action": "deny"})", R"({"action": "terminate"})"});
  CHECK(plan.verdict == Verdict::Terminate);
  CHECK(plan.reason == Reason::Requested);
  CHECK(plan.decided_by == 2);
  REQUIRE(plan.sync.size() == 1);
  CHECK(plan.sync[0].spec->name == "terminate");
  CHECK(plan.set_aside == std::vector<SetAside>{{0, Fate::Outranked, 2}, {1, Fate::Outranked, 2}});
}

TEST_CASE("of equal verdicts, priority and then the policy's name decide") {
  CHECK(plan_of({R"({"action": "deny", "policy": "b", "message": "b"})",
                 R"({"action": "deny", "policy": "a", "message": "a"})"})
            .decided_by == 1);
  CHECK(plan_of({R"({"action": "deny", "policy": "b", "message": "b", "priority": 1})",
                 R"({"action": "deny", "policy": "a", "message": "a"})"})
            .decided_by == 0);
}

TEST_CASE("a final action ends the consideration of lower priorities, and only of those") {
  const auto break_glass = R"({"action": "allow", "final": true, "priority": 10})";
  const Plan permitted = plan_of({break_glass, R"({"action": "deny"})"});
  CHECK(permitted.verdict == Verdict::Allow);
  CHECK(permitted.set_aside == std::vector<SetAside>{{1, Fate::Overridden, 0}});
  CHECK(plan_of({break_glass, R"({"action": "deny", "priority": 10})"}).verdict == Verdict::Deny);
  CHECK(plan_of({break_glass, R"({"action": "deny", "priority": 11})"}).verdict == Verdict::Deny);
}

TEST_CASE("final on an async action takes nothing away") {
  CHECK(plan_of({R"({"action": "log", "final": true, "priority": 10})", R"({"action": "deny"})"}).verdict ==
        Verdict::Deny);
}

TEST_CASE("async actions are queued whatever the verdict and the final action") {
  const Plan plan =
      plan_of({R"({"action": "log", "message": "x"})", R"({"action": "allow", "final": true, "priority": 5})",
               R"({"action": "webhook", "url": "http://h/"})", R"({"action": "disconnect", "priority": 9})"});
  CHECK(plan.verdict == Verdict::Disconnect);
  REQUIRE(plan.async.size() == 2);
  CHECK(plan.async[0].spec->name == "log");
  CHECK(plan.async[1].spec->name == "webhook");
}

TEST_CASE("shadow actions are set aside before anything else") {
  const Plan plan =
      plan_of({R"({"action": "deny", "shadow": true})", R"({"action": "nonsense", "shadow": true})"});
  CHECK(plan.verdict == Verdict::Allow);
  CHECK(plan.set_aside == std::vector<SetAside>{{0, Fate::Shadow}, {1, Fate::Shadow}});
}

TEST_CASE("equal requests of several policies merge") {
  const Plan plan = plan_of({R"({"action": "log", "message": "x", "policy": "b"})",
                             R"({"action": "log", "message": "x", "policy": "a"})",
                             R"({"action": "log", "message": "y", "policy": "a"})"});
  CHECK(plan.async.size() == 2);
  CHECK(plan.set_aside == std::vector<SetAside>{{0, Fate::Duplicate, 1}});
}

TEST_CASE("a sync action that cannot run refuses, an async one is only recorded") {
  for (const char* bad : {R"({"action": "no_such"})", R"({"action": "error"})",
                          R"({"action": "deny", "sqlstate": 1})", R"({"action": "deny", "massage": "x"})"}) {
    INFO(bad);
    const Plan plan = plan_of({bad, R"({"action": "allow"})"});
    CHECK(plan.verdict == Verdict::Deny);
    CHECK(plan.reason == Reason::Invalid);
    CHECK(plan.decided_by == kNoRequest);
    CHECK(plan_of({bad}, {.on_invalid = Fallback::Continue}).verdict == Verdict::Allow);
  }
  const Plan plan = plan_of({R"({"action": "webhook"})"});
  CHECK(plan.verdict == Verdict::Allow);
  CHECK(count(plan, Fate::BadParameter) == 1);
}

TEST_CASE("an action at a hook where it does not exist is refused and recorded") {
  const Plan plan = plan_of({R"({"action": "deny"})"}, {}, Hook::Closed);
  CHECK(plan.set_aside == std::vector<SetAside>{{0, Fate::WrongHook}});
  CHECK(plan.reason == Reason::Invalid);
}

TEST_CASE("a failed evaluation refuses unless told otherwise; a stricter verdict stays") {
  policy::Decision decision;
  decision.error = policy::EvalError{"eval_conflict_error", "two values", {}};
  const Plan refused = interlock(decision, Hook::TrafficFromClient, {});
  CHECK(refused.verdict == Verdict::Deny);
  CHECK(refused.reason == Reason::PolicyError);
  CHECK(interlock(decision, Hook::TrafficFromClient, {.on_error = Fallback::Continue}).verdict ==
        Verdict::Allow);
  testing::add_request(decision, R"({"action": "disconnect"})");
  CHECK(interlock(decision, Hook::TrafficFromClient, {}).verdict == Verdict::Disconnect);
}

TEST_CASE("the common plans allocate nothing once the plan's lists have grown") {
  const auto decision =
      decision_of({R"({"action": "deny", "message": "no"})", R"({"action": "log", "message": "x"})"});
  const policy::Decision nothing;
  Plan plan;
  interlock(decision, Hook::TrafficFromClient, {}, plan);
  const std::uint64_t before = allocations().count;
  interlock(nothing, Hook::TrafficFromClient, {}, plan);
  interlock(decision, Hook::TrafficFromClient, {}, plan);
  CHECK(allocations().count == before);
}
