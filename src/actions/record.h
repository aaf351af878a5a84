// DecisionRecord: what was decided on one event, why, and what came of it: what the log stores, the admin API
// finds and the console shows. Holds no bind values, passwords or secrets: `facts` is what the policy read,
// and the event leaves sensitive facts out unless a policy asks for them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actions/hook.h"
#include "actions/id.h"
#include "actions/verdict.h"

namespace signalbox::policy {
struct Decision;
}

namespace signalbox::actions {

struct Plan;

/// A sync action, carried out.
struct SyncStep {
  std::string_view action;  ///< catalogue name
  std::string outcome;      ///< "done", "waited 0.120 s", "refused 53400", "failed: ..."
  std::int64_t at_ns = 0;   ///< wall clock
  std::int64_t took_ns = 0;
};

/// A record as the data path hands it over; the lane copies it. The decision and the plan are read during the
/// push.
struct DecisionRecordView {
  Id id;
  std::int64_t time_ns = 0;  ///< wall clock
  Hook hook = Hook::TrafficFromClient;
  std::uint64_t session = 0;
  std::string_view user;
  std::string_view database;
  std::string_view client;       ///< "address:port"
  std::string_view target;       ///< configured server
  std::string_view revision;     ///< of the policy set
  std::string_view engine;       ///< who decided: "embedded", "opa"
  std::string_view passed_over;  ///< why the external engine, asked first, did not decide; "" otherwise
  std::string_view facts;        ///< JSON object: the input paths that the policies read, with their values
  std::string_view outcome;      ///< what came of it, when known: "refused 42501", ...
  std::span<const SyncStep> steps;  ///< the sync actions that were carried out, in order
  std::string_view traceparent;     ///< that the statement came with, when decisions are traced; "" otherwise
  std::int64_t latency_ns = 0;
  bool memoised = false;
  const policy::Decision* decision = nullptr;
  const Plan* plan = nullptr;
};

/// A record as stored. `body` is the full record as JSON, as the admin API gives it out.
struct DecisionRecord {
  Id id;
  std::int64_t time_us = 0;
  std::string user;
  std::string verdict;
  std::vector<std::string> actions;  ///< every action asked for, without duplicates
  std::string body;
};

/// Appends the JSON form of a record ("id", "time", "hook", "session", "user", ..., "rules", "plan",
/// "conflicts", "set_aside", "facts", "revision", "latency_ns").
void append_json(const DecisionRecordView& record, std::string& out);

}  // namespace signalbox::actions
