// What rules cost: a statement seen before, and loading very many. The bounds catch a change of order, not of
// per cent, whatever the build and the machine. The figures are printed.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <string>

#include "app/policies/library.h"
#include "proxy/hooks/decider.h"

using namespace signalbox;

namespace {

/// Of this thread, so that others do not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Rules about tables, kinds, users and WHERE, each of its own values, none of which holds for `select`s of
/// `t`.
std::string many_rules(int count) {
  std::string out = "policy: many\nrules:\n";
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("  - name: rule {}\n", i);
    const std::string then = fmt::format("    then: [{{deny: {{message: 'rule {}'}}}}]\n", i);
    switch (i % 4) {
      case 0: out += name + fmt::format("    match: {{query.tables.name: secret_{}}}\n", i) + then; break;
      case 1:
        out += name + fmt::format("    match: {{query.kind: [delete, update], session.user: user_{}}}\n", i) +
               then;
        break;
      case 2:
        out +=
            name +
            fmt::format("    match: {{query.functions: f_{}, session.database: {{prefix: db_{}}}}}\n", i, i) +
            then;
        break;
      default:
        out +=
            name +
            fmt::format("    match: {{query.kind: select, query.where.tenant_{}: {{exists: true}}}}\n", i) +
            then;
    }
  }
  return out;
}

std::shared_ptr<const policy::PolicySet> loaded(int count) {
  auto set = policy::PolicySet::load({{"many.policy.yaml", many_rules(count), {}}}, app::host_vocabulary());
  if (!set) FAIL(to_text(set.error()));
  return *set;
}

}  // namespace

TEST_CASE("a statement seen before costs little under 100 rules") {
  SystemClock clock;
  Metrics metrics;
  proxy::Decider decider{clock, metrics.new_shard(), nullptr};
  proxy::MemoryLimits limits;
  limits.memo_entries = 1024;
  decider.use(proxy::DecisionOptions{}, limits);
  decider.use(std::make_shared<const proxy::Policies>(loaded(100), 1));
  proxy::SessionFacts session;
  session.user = "ann";
  session.database = "app";
  proxy::SessionKey key;
  const proxy::Query query{
      .text = "select a, b from t join u using (id) where t.tenant = 7 and u.state = 'open' order by a",
      .statement = {}};
  proxy::Event event;
  event.hook = actions::Hook::TrafficFromClient;
  event.session = &session;
  event.query = &query;
  REQUIRE(decider.decide_query(event, key).ruling->quiet);
  constexpr int kTimes = 100'000;
  const std::uint64_t before = metrics.total(Counter::DecisionMemoHits);
  const double began = cpu_seconds();
  for (int i = 0; i < kTimes; ++i) static_cast<void>(decider.decide_query(event, key));
  const double each_us = (cpu_seconds() - began) * 1e6 / kTimes;
  CHECK(metrics.total(Counter::DecisionMemoHits) - before == kTimes);
  WARN(fmt::format("a statement seen before under 100 rules: {:.2f} us (this build)", each_us));
  CHECK(each_us < 10);
}

TEST_CASE("the time to load rules grows as their number does") {
  const auto seconds_for = [](int count) {
    const double began = cpu_seconds();
    CHECK(loaded(count)->rule_reads().size() == static_cast<std::size_t>(count));
    return cpu_seconds() - began;
  };
  static_cast<void>(seconds_for(100));
  const double few = seconds_for(1'000), many = seconds_for(10'000);
  WARN(fmt::format("loading 10,000 YAML rules: {:.2f} s, 1,000: {:.2f} s (this build)", many, few));
  CHECK(many < 25 * few);  // as the square it would be 100
}
