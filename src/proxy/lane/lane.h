// The sync lane: what a plan asks for beside its verdict is carried out, in the plan's order, before the
// message passes. One executor an action, one file a family; executors.cpp is the list.
//
// A new sync action is its catalogue file, its executor here, and a line in each list.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/facts.h"
#include "actions/parameters.h"
#include "actions/record.h"
#include "actions/spec.h"
#include "base/deadline.h"
#include "policy/decision.h"
#include "proxy/hooks/decider.h"
#include "proxy/lane/host.h"

namespace signalbox::proxy {

/// One action, about to be carried out. Borrowed for the time of the call.
struct LaneCall {
  LaneHost& host;
  const Event& event;
  const actions::ActionSpec& spec;
  const policy::ActionRequest& request;
  const actions::Parameters& with;
  std::chrono::nanoseconds time;  ///< that the action may take
  Deadline deadline;              ///< the end of it: whatever it waits for is waited for no longer
};

/// What came of it.
struct LaneOutcome {
  std::optional<Refusal> refusal = std::nullopt;  ///< the message may not pass
  std::string said = {};                          ///< for the record: "waited 0.120 s"; "" = done
  std::string failed = {};  ///< why it could not be carried out: `on_error` says what that means
  bool late = false;        ///< it was not done by its deadline; that is a failure too
};

using Executor = Task<LaneOutcome> (*)(LaneCall call);

/// Null: there is nothing to carry out (verdicts, rewriting, async actions).
Executor executor_of(const actions::PlannedAction& planned, const policy::Decision& decision);
/// Some action of the plan has an executor.
bool has_lane_work(const actions::Plan& plan, const policy::Decision& decision);

/// What an executor says that has only noted where the message is to go.
inline constexpr std::string_view kWished = "wished";

/// What came of all actions about one message.
struct LaneReport {
  std::optional<Refusal> refusal;  ///< the strictest
  struct Done {
    const policy::ActionRequest* request;
    std::uint32_t statement;
  };
  std::vector<actions::SyncStep> steps;  ///< what came of each, with its time
  std::vector<Done> done;                ///< what counts once for one statement, however that is wrapped

  /// "police: refused 53400; set: done"
  std::string outcome() const;
  /// What came of the wishes that were noted on the way.
  void settle(const LaneOutcome& routing);
};

/// Carries out a ruling's sync actions; ends with the first that refuses.
Task<> run_lane(LaneHost& host, const Ruling& ruling, const Event& event, LaneReport& report);

// The families.
Task<LaneOutcome> run_block(LaneCall call);
Task<LaneOutcome> run_create(LaneCall call);
Task<LaneOutcome> run_forward(LaneCall call);
Task<LaneOutcome> run_limit(LaneCall call);
Task<LaneOutcome> run_noset(LaneCall call);
Task<LaneOutcome> run_police(LaneCall call);
Task<LaneOutcome> run_reauth(LaneCall call);
Task<LaneOutcome> run_request(LaneCall call);
Task<LaneOutcome> run_route(LaneCall call);
Task<LaneOutcome> run_set(LaneCall call);
Task<LaneOutcome> run_tag(LaneCall call);
Task<LaneOutcome> run_upgrade(LaneCall call);

/// The parameter, rendered, or the default that the specification documents.
std::string text_of(const LaneCall& call, std::string_view parameter);
/// A refusal with the call's sqlstate, message and hint. `message`: when the policy gives none.
Refusal refusal_for(const LaneCall& call, std::string_view message = {});
/// It was not done in time.
LaneOutcome overdue(const LaneCall& call);
/// Who shares a bucket or a place: the rule (or its given name) and the value of its key.
std::string shared_key(const LaneCall& call);
/// The session is being opened: no statement is at hand.
bool is_opening(const Event& event);

}  // namespace signalbox::proxy
