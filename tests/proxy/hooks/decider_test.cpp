// The decider: a query is ruled on statement by statement. That the memo never changes a ruling is in
// memo_test.cpp.
#include "proxy/hooks/decider.h"

#include <catch2/catch.hpp>
#include <string>

#include "actions/vocabulary.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

constexpr const char* kGuard = R"(
policy: guard
rules:
  - name: kind
    match: {query.kind: [delete, truncate_table]}
    then: [{deny: {message: kind}}]
  - name: user and table
    match: {session.user: mallory}
    when: some table in input.query.tables; table.name == "secret"
    then: [{disconnect: {message: table}}]
)";

std::shared_ptr<const Policies> policies(std::uint64_t number) {
  auto set =
      policy::PolicySet::load({{"guard.policy.yaml", kGuard},
                               {"gateway.rego",
                                "package gateway\n\nimport rego.v1\n\nactions contains action if {\n\tsome "
                                "name\n\tsome action in data.policies[name].actions\n}\n"}},
                              actions::vocabulary());
  if (!set) FAIL(to_text(set.error()));
  return std::make_shared<const Policies>(*set, number);
}

struct Desk {
  SystemClock clock;
  Metrics metrics;
  Decider decider{clock, metrics.new_shard(), nullptr};
  explicit Desk(std::shared_ptr<const Policies> rules) {
    MemoryLimits limits;
    limits.memo_entries = 64;
    decider.use(DecisionOptions{}, limits);
    decider.use(std::move(rules));
  }
  std::uint64_t hits() const { return metrics.total(Counter::DecisionMemoHits); }
};

QueryRulingPtr rule(Desk& desk, const SessionFacts& session, SessionKey& key, std::string_view text) {
  const Query query{.text = text, .protocol = QueryProtocol::Simple, .statement = {}};
  Event event;
  event.hook = actions::Hook::TrafficFromClient;
  event.session = &session;
  event.query = &query;
  return desk.decider.decide_query(event, key).ruling;
}

}  // namespace

TEST_CASE("the strictest statement decides, the first of equals") {
  Desk desk(policies(1));
  SessionFacts session;
  session.user = "mallory";
  SessionKey key;
  const auto ruling =
      rule(desk, session, key, "select 1; delete from t; select * from secret; delete from u");
  REQUIRE(ruling->each.size() == 4);
  CHECK(ruling->decisive == 2);
  CHECK(ruling->of(0).plan.verdict == actions::Verdict::Allow);
  CHECK(ruling->of(1).plan.verdict == actions::Verdict::Deny);
  CHECK(ruling->of(2).plan.verdict == actions::Verdict::Disconnect);
  CHECK(rule(desk, session, key, "delete from t; delete from u")->decisive == 0);
  CHECK(rule(desk, session, key, "select 1; select 2")->quiet);
}

TEST_CASE("what refers to names is never remembered, what prepares them is with its changes") {
  Desk desk(policies(1));
  const SessionFacts session;
  SessionKey key;
  for (int i = 0; i < 3; ++i) rule(desk, session, key, "execute p");
  CHECK(desk.hits() == 0);
  rule(desk, session, key, "prepare p as select 1");
  const auto again = rule(desk, session, key, "prepare p as select 1");
  CHECK(desk.hits() > 0);
  CHECK(again->changes.size() == 1);
}

TEST_CASE("what is refused again is not taken apart again") {
  Desk desk(policies(1));
  const SessionFacts session;
  SessionKey key;
  const auto refused = [&](std::string_view text) {
    const auto ruling = rule(desk, session, key, text);
    const Query query{.text = text, .protocol = QueryProtocol::Simple, .statement = {}};
    Event event;
    event.session = &session;
    event.query = &query;
    return taken_apart({.ruling = ruling, .statements = nullptr, .memoised = true}, event);
  };
  const auto first = refused(std::string("delete from t where id = 1"));  // the text itself is gone then
  CHECK(refused("delete from t where id = 1") == first);
  CHECK(first->all().front().text == "delete from t where id = 1");
  const auto other = refused("delete from t where id = 2");  // of the same shape, ruled on by the memo
  CHECK(desk.hits() == 2);
  CHECK(other != first);
  CHECK(other->all().front().facts->where.front().value == sql::Literal::of(std::int64_t{2}));
  CHECK(rule(desk, session, key, "select 1")->statements == nullptr);
  std::string wide = "delete from t where a in (0";
  for (int i = 0; i < 4000; ++i) wide += ", c" + std::to_string(i);
  CHECK(rule(desk, session, key, wide + ")")->statements == nullptr);
}

TEST_CASE("queries of very many statements are not decided at once") {
  Desk desk(policies(1));
  const SessionFacts session;
  SessionKey key;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "select 1;";
  CHECK(rule(desk, session, key, text) == nullptr);
}

TEST_CASE("new policies make everything remembered void") {
  Desk desk(policies(1));
  const SessionFacts session;
  SessionKey key;
  rule(desk, session, key, "select 1");
  desk.decider.use(policies(2));
  const std::uint64_t before = desk.hits();
  rule(desk, session, key, "select 1");
  CHECK(desk.hits() == before);
}
