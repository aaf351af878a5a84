// Carrying out a plan, on a session that only writes down what is done to it.
#include "proxy/lane/lane.h"

#include <catch2/catch.hpp>

#include "actions/interlock.h"
#include "actions/support/decisions.h"
#include "proxy/hooks/policies.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

class FakeHost final : public LaneHost {
 public:
  LaneServices services() override {
    return {.limiter = limiter, .blocks = blocks, .clock = clock, .metrics = metrics.new_shard()};
  }
  Task<> rest(std::chrono::nanoseconds time) override {
    rested += time;
    co_return;
  }
  bool client_is_encrypted() const override { return encrypted; }
  bool server_is_encrypted() const override { return encrypted; }
  void want_client_encrypted(Refusal) override { did += "want_client "; }
  void want_server_encrypted() override { did += "want_server "; }
  void set_at_startup(std::string_view name, std::string_view value) override {
    did.append(name).append("=").append(value).append(" ");
  }
  Task<SetAnswer> set_parameter(std::string name, std::string value, bool local,
                                std::chrono::nanoseconds time) override {
    did += (local ? "local " : "") + name + "=" + value + " ";
    patience = time;
    if (name == "bad") co_return SetAnswer{.refusal = make_refusal("22023", "bad value")};
    co_return SetAnswer{.late = name == "slow"};
  }
  std::optional<Refusal> pin(Pin pin) override {
    did += "pin " + pin.name + " ";
    return std::nullopt;
  }
  bool tag(std::string_view name, std::string_view value) override {
    did.append("tag ").append(name).append("=").append(value).append(" ");
    return name != "one_too_many";
  }
  void end_when_idle(wire::ErrorFields) override { did += "end "; }
  bool holds(std::string_view place) const override { return place == held; }
  void hold(std::string place, actions::Limiter::Ticket ticket, bool) override {
    held = std::move(place);
    tickets.push_back(std::move(ticket));
  }
  Task<> cap_answer(AnswerCap cap) override {
    did += "cap " + std::to_string(cap.rows) + " ";
    co_return;
  }
  void cancel_after(std::chrono::nanoseconds, wire::ErrorFields) override { did += "duration "; }
  bool is_target(const RouteWish& wish) const override { return wish.role == "replica"; }
  void wish(RouteWish, Deadline by) override {
    did += "wish ";
    patience = by.within(std::chrono::hours(1));
  }
  const std::vector<std::string>& forward_networks() const override { return networks; }

  actions::Limiter limiter;
  actions::BlockList blocks;
  ManualClock clock;
  Metrics metrics;
  bool encrypted = false;
  std::string did;
  std::string held;
  std::vector<actions::Limiter::Ticket> tickets;
  std::vector<std::string> networks = {"10.0.0.0/8"};
  std::chrono::nanoseconds rested{0};
  std::chrono::nanoseconds patience{0};  ///< that it was last given
};

internal::Detached start(LaneHost& host, const Ruling& ruling, const Event& event, LaneReport& report) {
  co_await run_lane(host, ruling, event, report);
}

LaneReport run(FakeHost& host, std::vector<const char*> requests,
               actions::Hook hook = actions::Hook::TrafficFromClient) {
  Ruling ruling;
  ruling.policies = std::make_shared<const Policies>(nullptr, 0);
  for (const char* text : requests) {
    actions::testing::add_request(ruling.decision, text);
    ruling.decision.actions.back().policy = "p";
    ruling.decision.actions.back().rule = "r";
  }
  ruling.plan = actions::interlock(ruling.decision, hook, {});
  SessionFacts session;
  session.user = "alice";
  ClientFacts client;
  client.address = "10.1.2.3";
  Event event;
  event.hook = hook;
  event.session = &session;
  event.client = &client;
  LaneReport report;
  start(host, ruling, event, report);
  return report;
}

std::string refused(const LaneReport& report) {
  return report.refusal ? report.refusal->fields.sqlstate : "";
}

}  // namespace

TEST_CASE("actions run in the plan's order, and say what came of them") {
  FakeHost host;
  const auto report = run(host, {R"({"action": "limit", "rows": 5, "duration": "1s"})",
                                 R"({"action": "set", "name": "A", "value": "b"})"});
  CHECK(host.did == "a=b cap 5 duration ");
  CHECK(report.outcome() == "set: done; limit: done");
  CHECK_FALSE(report.refusal);
}

TEST_CASE("the first refusal is the last action") {
  FakeHost host;
  const auto report =
      run(host, {R"({"action": "limit", "rows": 5})", R"({"action": "set", "name": "bad", "value": "b"})"});
  CHECK(host.did == "bad=b ");
  CHECK(refused(report) == "22023");
  CHECK(report.outcome() == "set: refused 22023");
}

TEST_CASE("on_error says what a failure means") {
  FakeHost host;
  const auto strict = run(host, {R"({"action": "route", "role": "none"})"});
  CHECK(refused(strict) == "58000");
  const auto lenient = run(host, {R"({"action": "route", "role": "none", "on_error": "continue"})"});
  CHECK_FALSE(lenient.refusal);
  CHECK(lenient.outcome() == "route: failed: no target has this name, role and tags");
}

TEST_CASE("a tag is noted, also where the message is refused, and has bounds") {
  FakeHost host;
  run(host, {R"({"action": "tag", "name": "seen"})", R"({"action": "tag", "name": "b", "value": "1"})",
             R"({"action": "deny"})"});
  CHECK((host.did == "tag seen=true tag b=1 " || host.did == "tag b=1 tag seen=true "));
  CHECK(refused(run(host, {R"({"action": "tag", "name": "one_too_many"})"})) == "58000");
  const std::string longest = R"({"action": "tag", "name": "a", "on_error": "continue", "value": ")";
  CHECK(run(host, {(longest + std::string(1023, 'x') + "\"}").c_str()}).outcome() == "tag: done");
  CHECK(run(host, {(longest + std::string(1024, 'x') + "\"}").c_str()}).outcome() ==
        "tag: failed: the tag is too long");
}

TEST_CASE("an action has its own deadline, or the one of all") {
  using namespace std::chrono_literals;
  FakeHost host;
  run(host, {R"({"action": "set", "name": "a", "value": "b"})"});
  CHECK(host.patience == 30s);
  run(host, {R"({"action": "set", "name": "a", "value": "b", "deadline": "250ms"})"});
  CHECK(host.patience == 250ms);
  run(host, {R"({"action": "route", "role": "replica", "deadline": 2})"});
  CHECK(host.patience == 2s);
}

TEST_CASE("a parameter that is not known to be set ends the session, or is none of its business") {
  FakeHost host;
  const auto strict = run(host, {R"({"action": "set", "name": "slow", "value": "b", "deadline": "250ms"})"});
  REQUIRE(strict.refusal);
  CHECK(strict.refusal->verdict == actions::Verdict::Disconnect);
  CHECK(strict.outcome() == "set: failed: not done within 0.250 s; refused 57014");
  const auto lenient =
      run(host, {R"({"action": "set", "name": "slow", "value": "b", "on_error": "continue"})"});
  CHECK_FALSE(lenient.refusal);
  CHECK(lenient.outcome() == "set: failed: not done within 30.000 s");
}

TEST_CASE("a delay is no lateness, but a deadline of the action's own is kept") {
  const char* first = R"({"action": "police", "rate": 0.1, "per": "1s", "burst": 1, "on_excess": "delay",
                          "max_delay": "60s", "name": "d"})";
  const char* bounded = R"({"action": "police", "rate": 0.1, "per": "1s", "burst": 1, "on_excess": "delay",
                            "max_delay": "60s", "name": "d", "deadline": "5s"})";
  FakeHost host;
  CHECK_FALSE(run(host, {first}).refusal);
  CHECK(refused(run(host, {bounded})) == "53400");
  CHECK(host.rested == std::chrono::seconds(0));
  CHECK(run(host, {first}).outcome() == "police: waited 10.000 s");
}

TEST_CASE("of request, the timeout alone is the lane's") {
  FakeHost host;
  CHECK(run(host, {R"({"action": "request", "limit": 5})"}).outcome().empty());
  CHECK(host.did.empty());
  CHECK(run(host, {R"({"action": "request", "limit": 5, "timeout": "1s"})"}).outcome() == "request: done");
  CHECK(host.did == "duration ");
}

TEST_CASE("what came of a wish stands where it was noted") {
  FakeHost host;
  auto report = run(host, {R"({"action": "route", "role": "replica"})"});
  CHECK(report.outcome() == "route: wished");
  report.settle({.said = "moved: replica1"});
  CHECK(report.outcome() == "route: moved: replica1");
}

TEST_CASE("police refuses, delays and sheds") {
  FakeHost host;
  const char* refuse = R"({"action": "police", "rate": 1, "name": "a"})";
  CHECK_FALSE(run(host, {refuse}).refusal);
  const auto second = run(host, {refuse});
  CHECK(refused(second) == "53400");
  CHECK(second.refusal->fields.hint == "Retry after 1.000 s.");
  host.clock.advance(std::chrono::seconds(2));
  CHECK_FALSE(run(host, {refuse}).refusal);

  const char* delay = R"({"action": "police", "rate": 2, "burst": 1, "on_excess": "delay", "name": "b"})";
  CHECK_FALSE(run(host, {delay}).refusal);
  CHECK(run(host, {delay}).outcome() == "police: waited 0.500 s");
  CHECK(host.rested >= std::chrono::milliseconds(500));

  const char* shed = R"({"action": "police", "rate": 1, "on_excess": "shed", "name": "c"})";
  run(host, {shed});
  CHECK(run(host, {shed}).refusal->verdict == actions::Verdict::Disconnect);
}

TEST_CASE("one session holds one place") {
  FakeHost host, other;
  const char* limit = R"({"action": "limit", "concurrency": 1, "key": "k"})";
  CHECK_FALSE(run(host, {limit}).refusal);
  CHECK_FALSE(run(host, {limit}).refusal);
  CHECK(host.tickets.size() == 1);
}

TEST_CASE("block puts the client on the list") {
  FakeHost host;
  run(host, {R"({"action": "block", "prefix": 16, "for": "1h"})"});
  const auto found = host.blocks.find("10.1.9.9", {}, {}, host.clock.wall_ns());
  REQUIRE(found);
  CHECK(found->value == "10.1.0.0/16");
  CHECK(found->source == "p/r");
  CHECK_FALSE(host.blocks.find("10.1.9.9", {}, {}, host.clock.wall_ns() + 3'600'000'000'001));
}

TEST_CASE("forward goes to allowed networks, and to addresses in digits") {
  const auto outcome = [](const char* address) {
    FakeHost host;
    const std::string request =
        R"({"action": "forward", "tls": "disable", "address": ")" + std::string(address) + "\"}";
    return refused(run(host, {request.c_str()}));
  };
  CHECK(outcome("10.9.8.7:5432").empty());
  for (const char* address : {"192.168.0.1:5432", "localhost:5432", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0",
                              "[::1]:5432", "10.0.0.1:99999", "2130706433:5432"}) {
    INFO(address);
    CHECK(outcome(address) == "58000");
  }
}
