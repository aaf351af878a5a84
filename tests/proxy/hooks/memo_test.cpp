// The memo never changes a decision: one decider that remembers and one that does not, side by side on the
// same random sessions and statements.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "policy/value/json.h"
#include "proxy/hooks/decider.h"

using namespace signalbox;
using namespace signalbox::proxy;

namespace {

std::shared_ptr<const Policies> policies_of(const std::string& rules) {
  policy::Vocabulary vocabulary;
  vocabulary.default_hook = "traffic_from_client";
  auto set = policy::PolicySet::load(
      {{"entry.rego", "package gateway\nactions := {a | some p; some a in data.policies[p].actions}\n"},
       {"p.rego", "package policies.p\n" + rules}},
      vocabulary);
  if (!set) FAIL(to_text(set.error()));
  return std::make_shared<const Policies>(*set, 1);
}

/// One worker's decider, with its session's place in the memo.
struct Side {
  SystemClock clock;
  Metrics metrics;
  Decider decider{clock, metrics.new_shard(), nullptr};
  SessionKey keys[3];

  Side(const std::shared_ptr<const Policies>& policies, std::size_t memo_entries) {
    MemoryLimits limits;
    limits.memo_entries = memo_entries;
    decider.use(DecisionOptions{}, limits);
    decider.use(policies);
  }

  std::string decide(const Event& event, std::size_t session) {
    const Judged judged = decider.decide_query(event, keys[session]);
    std::string out = judged.ruling->ends_transaction ? "ends " : "";
    if (judged.ruling->missing) out += "missing ";
    for (const RulingPtr& one : judged.ruling->each) {
      out += std::to_string(static_cast<int>(one->plan.verdict)) + ":";
      for (const auto& action : one->decision.actions) out += policy::to_json(action.parameters);
      out += ";";
    }
    return out;
  }
};

/// A '#' is a small number, so that constants meet in comparisons.
constexpr std::string_view kTexts[] = {
    "select * from t# where id = #",
    "select * from a where id = # and # = #",
    "delete from a where # = #",
    "delete from a where id = #",
    "update a set b = # where # < # or c",
    "delete from a where #::bool",
    "select * from a limit #",
    "insert into a values (#, '#')",
    "select 1; delete from a where id = #; select #",
    "explain (analyze #) delete from a where id = #",
    "prepare p# as delete from a where id = #",
    "select pg_sleep(#)",
    "select * from a where id = # -- #",
    "set work_mem = #",
    "with x as (delete from a where # >= # returning *) select # from x",
    "select #::float(#)",
    "select \"t#\" from a, b where a.id = #",
    "selec #",
    "commit",
};

constexpr const char* kRules[] = {
    "actions contains {\"action\": \"deny\"} if { input.query.kind == \"delete\"; not input.query.has_where "
    "}\n",
    "actions contains {\"action\": \"deny\", \"kind\": input.query.kind} if input.session.user == \"u1\"\n",
    "actions contains {\"action\": \"deny\", \"n\": input.query.where.id} if input.query.where.id > 1\n",
    "actions contains {\"action\": \"deny\", \"l\": input.query.limit} if input.query.limit\n",
    "actions contains {\"action\": \"deny\", \"t\": t.name} if { some t in input.query.tables; t.access == "
    "\"write\" }\n",
    "actions contains {\"action\": \"deny\", \"t\": t.where} if { some t in input.query.tables; t.name == "
    "\"a\" }\n",
    "actions contains {\"action\": \"deny\", \"x\": input.query.text} if contains(input.query.text, \"2\")\n",
    "actions contains {\"action\": \"deny\", \"e\": input.query.parse_error.message}\n",
    "actions contains {\"action\": \"deny\", \"f\": f} if some f in input.query.functions\n",
    "actions contains {\"action\": \"deny\", \"i\": input.query.index, \"of\": input.query.count} if "
    "input.query.index > 0\n",
    "actions contains {\"action\": \"deny\", \"tx\": input.session.transaction} if input.session.transaction "
    "!= \"idle\"\n",
    "actions contains {\"action\": \"deny\", \"c\": count(input.query.columns)}\n",
};

}  // namespace

TEST_CASE("a decision that was remembered is the one that would be made") {
  const auto seed = GENERATE(range(0u, 40u));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  std::string rules;
  for (const char* rule : kRules)
    if (pick(3) == 0) rules += rule;
  const auto policies =
      policies_of(rules + "actions contains {\"action\": \"deny\"} if input.query.kind == \"drop\"\n");
  Side remembering(policies, 4096), forgetting(policies, 0);
  SessionFacts sessions[3];
  for (int round = 0; round < 400; ++round) {
    const std::size_t which = pick(3);
    SessionFacts& session = sessions[which];
    session.user = "u" + std::to_string(which);
    session.transaction = static_cast<Transaction>(pick(3));
    std::string text;
    for (const char c : kTexts[pick(std::size(kTexts))])
      c == '#' ? text += std::to_string(pick(4)) : text += c;
    Query query;
    query.text = text;
    query.protocol = pick(2) == 0 ? QueryProtocol::Simple : QueryProtocol::Extended;
    Event event;
    event.hook = actions::Hook::TrafficFromClient;
    event.session = &session;
    event.query = &query;
    INFO(rules << text);
    CHECK(remembering.decide(event, which) == forgetting.decide(event, which));
  }
  CHECK(remembering.metrics.total(Counter::DecisionMemoHits) > 0);
  CHECK(forgetting.metrics.total(Counter::DecisionMemoHits) == 0);
}

TEST_CASE("constants that no policy reads do not make a statement new") {
  const auto policies = policies_of(kRules[0]);
  Side side(policies, 4096);
  SessionFacts session;
  for (int id = 0; id < 100; ++id) {
    const std::string text = "delete from accounts where id = " + std::to_string(id);
    Query query;
    query.text = text;
    Event event;
    event.hook = actions::Hook::TrafficFromClient;
    event.session = &session;
    event.query = &query;
    CHECK(side.decide(event, 0).ends_with(":;"));
  }
  CHECK(side.metrics.total(Counter::DecisionMemoHits) == 99);
}
