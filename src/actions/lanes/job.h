// Job: one queued async action, from the moment the data path lets go of it until it is done or dead.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "actions/hook.h"
#include "actions/id.h"

namespace signalbox::actions {

/// Where a job comes from, and where its result goes.
struct Origin {
  std::uint64_t session = 0;     ///< the session's id; 0 = none (lifecycle hooks)
  std::uint32_t generation = 0;  ///< tells a session from a later one that got its place
  Hook hook = Hook::TrafficFromClient;
  Id decision;
};

/// When a job counts as accepted.
enum class Durability : std::uint8_t {
  Process,  ///< in the operating system's hands: survives kill -9
  Power,    ///< on the disk: survives power loss
};

/// What happens to a record that finds its ring full. Traffic never waits.
enum class Overflow : std::uint8_t {
  DropNewest,  ///< this record is dropped
  Sample,      ///< from three quarters full on, only one in sixteen is taken
  FailClosed,  ///< may use the reserve that others may not; when that is full too, the caller must refuse the
               ///< message
};

/// A job as the data path hands it over: borrowed bytes, copied by the push.
struct JobView {
  Id id;
  std::string_view action;  ///< catalogue name
  std::string_view sink;    ///< breaker and concurrency key, e.g. "https://host:443"; "" = the action's name
  std::string_view arguments;  ///< JSON object: the action's parameters, templates rendered
  Origin origin;
  std::int64_t created_ns = 0;  ///< wall clock
  std::int64_t delay_ns = 0;    ///< not to be run before created + delay
  std::uint32_t timeout_ms = 10'000;
  std::uint16_t max_attempts = 10;
  Durability durability = Durability::Process;
  Overflow overflow = Overflow::DropNewest;
  bool wants_result = false;  ///< deliver the result to the session's hook action_result
};

/// A job in the hands of a runner: owns its bytes.
struct Job {
  Id id;
  std::string action;
  std::string sink;
  std::string arguments;
  Origin origin;
  std::int64_t created_us = 0;
  std::uint32_t timeout_ms = 0;
  std::uint16_t max_attempts = 0;
  std::uint16_t attempt = 0;  ///< from 1
  std::uint64_t fence = 0;    ///< this claim's token; an acknowledgement with an older one is ignored
  bool wants_result = false;
};

/// What a job came to. Delivered at least once per job; the same (job, fence) twice is the same result.
struct JobResult {
  Id job;
  std::string action;
  Origin origin;
  bool ok = false;
  std::string value;  ///< JSON; "null" when there is none
  std::string error;  ///< "" when ok
  std::uint16_t attempts = 0;
  std::uint64_t fence = 0;
};

}  // namespace signalbox::actions
