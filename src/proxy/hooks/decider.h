// Decider: from an event to a ruling. One per worker: it holds the present policies, the evaluator with its
// arena, and the memo; nothing of it is shared, nothing of it waits. Ruling = decision + the plan the
// interlock made of it.
//
//   if (decider.wants(hook)) { auto ruling = decider.decide(event, key); ... decider.dispatch(*ruling,
//   event); }
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actions/lanes/async_lane.h"
#include "actions/plan.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "policy/engine.h"
#include "proxy/hooks/decision_source.h"
#include "proxy/hooks/memo.h"
#include "proxy/hooks/policies.h"
#include "proxy/options.h"

namespace signalbox::proxy {

struct Ruling {
  policy::Decision decision;
  actions::Plan plan;
  std::shared_ptr<const Policies> policies;  ///< keeps the decision's revision alive
  std::string_view engine;                   ///< who decided: "embedded", "opa"
  std::int64_t latency_ns = 0;
  std::string passed_over;  ///< why the external engine, asked first, did not decide; "" otherwise
};
using RulingPtr = std::shared_ptr<const Ruling>;

/// A session's place in the memo: the number of its attributes, computed again when they change.
struct SessionKey {
  std::uint64_t policies = ~std::uint64_t{0};
  std::uint32_t generation = 0;
  std::uint32_t epoch = 0;
  std::uint32_t number = 0;
};

class Decider {
 public:
  Decider(const Clock& clock, MetricsShard& metrics, actions::Producer* lane);

  void use(std::shared_ptr<const Policies> policies);
  void use(const DecisionOptions& options, const MemoryLimits& limits);
  /// Null = the embedded engine decides.
  void use(std::shared_ptr<DecisionSource> source);

  bool wants(actions::Hook hook) const {
    return policies_->subscribed(hook) || (source_ && hook == actions::Hook::TrafficFromClient);
  }
  /// Something that bound values can change is read at traffic_from_client.
  bool wants_parameters() const { return policies_->reads(actions::Hook::TrafficFromClient).parameters; }
  /// Grows with every change of policies.
  std::uint64_t policies_number() const { return policies_->number(); }
  const Policies& policies() const { return *policies_; }
  std::int64_t wall_ns() const { return clock_.wall_ns(); }

  /// The embedded engine's ruling. Never fails: an error while deciding is a ruling too (on_error).
  RulingPtr decide(Event& event, SessionKey& key);

  /// Decisions come from an external engine: ask() instead of decide().
  bool asynchronous() const { return source_ != nullptr; }
  /// The event must stay as it is until the answer is there. Never fails: on_error says what no answer means.
  Task<RulingPtr> ask(Event& event);

  /// Queues the plan's async actions and the decision's record. False: a log that must not lose lines is
  /// full, and the message must be refused.
  bool dispatch(const Ruling& ruling, const Event& event);

 private:
  bool remembers(const Event& event, const HookReads& reads) const;
  MemoKey memo_key(const Event& event, const HookReads& reads, SessionKey& key);
  void number(const Event& event, SessionKey& key);
  std::shared_ptr<Ruling> evaluate(const Event& event, const std::shared_ptr<const Policies>& policies);
  std::shared_ptr<Ruling> rule(policy::Decision decision, actions::Hook hook,
                               const actions::InterlockOptions& interlock) const;
  void record(const Ruling& ruling, const Event& event, actions::Id id);

  const Clock& clock_;
  MetricsShard& metrics_;
  actions::Producer* lane_;
  std::shared_ptr<const Policies> policies_;
  DecisionOptions options_;
  policy::Limits limits_;
  policy::Evaluator evaluator_;
  std::shared_ptr<DecisionSource> source_;  ///< a question under way keeps its own
  Memo memo_;
  std::string attributes_;  ///< scratch
  std::string facts_json_;  ///< scratch
  RulingPtr remembered_;    ///< the last ruling that decide() found in the memo
};

}  // namespace signalbox::proxy
