// Decider: from an event to a ruling. One per worker: it holds the present policies, the evaluator with its
// arena, and the memo; nothing of it is shared. Ruling = decision + the plan the interlock made of it.
//
//   if (decider.wants(hook)) { auto ruling = decider.decide(event); ... decider.dispatch(*ruling, event); }
//
// A query is taken apart and each of its statements decided by itself; any refusal refuses the query.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/lanes/async_lane.h"
#include "actions/plan.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "policy/engine.h"
#include "proxy/gateway_options.h"
#include "proxy/hooks/decision_source.h"
#include "proxy/hooks/memo.h"
#include "proxy/hooks/path_change.h"
#include "proxy/hooks/policies.h"
#include "proxy/hooks/query_statements.h"
#include "proxy/signals/signals.h"

namespace signalbox::proxy {

class Loop;

struct Ruling {
  policy::Decision decision;
  actions::Plan plan;
  std::shared_ptr<const Policies> policies;  ///< keeps the decision's revision alive
  std::string_view engine;                   ///< who decided: "embedded", "opa"
  std::int64_t latency_ns = 0;
  std::string passed_over;  ///< why the external engine, asked first, did not decide; "" otherwise
};
using RulingPtr = std::shared_ptr<const Ruling>;

/// What was ruled on a query.
struct QueryRuling {
  std::vector<RulingPtr> each;  ///< by QueryStatements::all(); a single one holds for every statement
  std::size_t decisive = 0;     ///< which of them has the strictest verdict; the first of equals
  bool quiet = true;            ///< permitted, and nobody asks for anything
  bool lasting = true;          ///< the same text gives the same ruling as long as the session is the same
  bool ends_transaction = false;
  std::optional<Names::Knowledge> missing;  ///< why the query must be refused whatever policies say
  std::vector<PathChange> path;             ///< what becomes of the search_path
  bool defines = false;                     ///< the catalogue is another one afterwards
  bool refers = false;                      ///< it depends on what the session's names stand for
  std::optional<std::string> untold;        ///< QueryStatements::untold()
  bool acts = false;                        ///< some plan has sync actions beside its verdict (proxy/lane)
  bool transmits = false;                   ///< no later hook is asked
  bool leaves_state = true;                 ///< at the server, or nobody has looked (targets/mobility.h)
  bool reads_only = false;                  ///< somebody has looked
  std::vector<NameChange> changes;
  /// For the record of every time it is asked for; null when nobody asks for anything, or it takes too much.
  std::shared_ptr<const QueryStatements> statements;

  const Ruling& of(std::size_t statement) const { return *each[each.size() == 1 ? 0 : statement]; }
};
using QueryRulingPtr = std::shared_ptr<const QueryRuling>;

/// A ruling on a query, with the query taken apart as long as it is at hand.
struct Judged {
  QueryRulingPtr ruling;  ///< null: too many statements to be decided at once, ask()
  std::shared_ptr<const QueryStatements> statements;  ///< null: they were not needed
  bool memoised = false;                              ///< the ruling is one from before
};

/// The event's query taken apart: what was kept of the ruling, where it is the same text.
std::shared_ptr<const QueryStatements> taken_apart(const Judged& judged, const Event& event);

/// A session's place in the memo: the number of its attributes, computed again when they change.
struct SessionKey {
  std::uint64_t policies = ~std::uint64_t{0};
  std::uint32_t generation = 0;
  std::uint32_t epoch = 0;
  std::uint32_t number = 0;

  /// Everything that policies read of the session is as it was.
  bool same_session(const SessionKey& other) const {
    return policies == other.policies && epoch == other.epoch && number == other.number;
  }
};

class Decider {
 public:
  Decider(const Clock& clock, MetricsShard& metrics, actions::Producer* lane);

  void use(std::shared_ptr<const Policies> policies);
  void use(const DecisionOptions& options, const MemoryLimits& limits);
  /// Null = the embedded engine decides.
  void use(std::shared_ptr<DecisionSource> source);

  bool wants(actions::Hook hook) const {
    return policies_->subscribed(hook) ||
           ((source_ || denies_by_default()) && hook == actions::Hook::TrafficFromClient);
  }
  /// What nobody permits is refused, also where no policy is about it.
  bool denies_by_default() const { return options_.interlock.default_verdict == actions::Verdict::Deny; }
  bool wants_queries() const {
    return wants(actions::Hook::TrafficFromClient) || wants(actions::Hook::TrafficToServer);
  }
  bool wants_responses() const {
    return wants(actions::Hook::TrafficFromServer) || wants(actions::Hook::TrafficToClient) ||
           signals_.watches(Sight::Answered);
  }
  /// Policies may have a say in an answer before it is over: they are asked when its rows begin.
  bool rules_rows() const {
    const bool wanted = wants(actions::Hook::TrafficFromServer) || wants(actions::Hook::TrafficToClient);
    return wanted && (source_ != nullptr || policies_->answer_needs().rows);
  }
  /// What rows are described as is needed, also where the client does not ask. Detectors do not need it.
  bool wants_columns() const { return rules_rows() || policies_->answer_needs().columns; }
  /// Something that bound values can change is read at traffic_from_client.
  bool wants_parameters() const { return policies_->reads(actions::Hook::TrafficFromClient).parameters; }
  /// Queries are taken apart: what they prepare and declare is seen.
  bool reads_queries() const {
    return source_ != nullptr || policies_->reads(actions::Hook::TrafficFromClient).query ||
           policies_->reads(actions::Hook::TrafficToServer).query;
  }
  bool reads_transaction() const { return policies_->reads(actions::Hook::TrafficFromClient).transaction; }
  /// A ruling may be another the next time, though text and session are the same: time passes, transactions
  /// begin and end, an external engine's policies change.
  bool rulings_pass() const {
    const HookReads& reads = policies_->reads(actions::Hook::TrafficFromClient);
    return reads.transaction || !reads.memo || asynchronous();
  }
  /// Some detector whose signal policies read wants to see this.
  bool watches(Sight sight) const { return signals_.watches(sight); }
  void see(Sight sight, Event event);
  /// Grows with every change of policies.
  std::uint64_t policies_number() const { return policies_->number(); }
  const Policies& policies() const { return *policies_; }
  std::int64_t wall_ns() const { return clock_.wall_ns(); }

  /// The embedded engine's ruling. Never fails: an error while deciding is a ruling too (on_error).
  RulingPtr decide(const Event& event);
  /// The same for an event with a query. Remembers.
  Judged decide_query(Event event, SessionKey& key);
  /// Brings the key up to date: as long as it stays the same, so do the session's facts that policies read.
  void renew(const Event& event, SessionKey& key);

  /// Decisions come from an external engine: ask() instead of decide().
  bool asynchronous() const { return source_ != nullptr; }
  /// The event must stay as it is until the answer is there. Never fails: on_error says what no answer means.
  Task<RulingPtr> ask(Event& event);
  /// Statement by statement. Without an external engine the embedded one decides, a slice at a time.
  Task<QueryRulingPtr> ask_query(Event event, Loop& loop);

  /// Queues the plan's async actions and the decision's record. False: a log that must not lose lines is
  /// full, and the message must be refused.
  /// `outcome`: what came of the sync actions, for the record.
  bool dispatch(const Ruling& ruling, const Event& event, bool memoised = false,
                std::string_view outcome = {});
  /// The same for every statement of a query.
  bool dispatch(const Judged& judged, Event event, std::string_view outcome = {});

 private:
  bool remembers(const Event& event, const HookReads& reads) const;
  MemoKey memo_key(const Event& event, const HookReads& reads, SessionKey& key);
  void count_memo();
  MemoKey with_shape(MemoKey key) const;
  void number(const Event& event, SessionKey& key);
  std::shared_ptr<Ruling> evaluate(const Event& event, const std::shared_ptr<const Policies>& policies,
                                   std::int64_t not_after_ns = 0);
  std::shared_ptr<QueryRuling> join(std::vector<RulingPtr> each, const QueryStatements* statements);
  std::shared_ptr<Ruling> rule(policy::Decision decision, actions::Hook hook,
                               actions::InterlockOptions interlock) const;
  void record(const Ruling& ruling, const Event& event, actions::Id id, bool memoised,
              std::string_view outcome);

  void choose_detectors();

  const Clock& clock_;
  MetricsShard& metrics_;
  actions::Producer* lane_;
  std::shared_ptr<const Policies> policies_;
  DecisionOptions options_;
  policy::Limits limits_;
  policy::Evaluator evaluator_;
  std::shared_ptr<DecisionSource> source_;  ///< a question under way keeps its own
  Memo memo_;
  std::int64_t memo_counted_ = 0;  ///< what the gauge says of it
  Signals signals_;
  std::string attributes_;  ///< scratch
  std::string shape_;       ///< of the query at hand
  std::string facts_json_;  ///< scratch
};

/// By whoever decides: the external engine where there is one, or the embedded.
Task<RulingPtr> ruling_on(Decider& decider, Event& event);

}  // namespace signalbox::proxy
