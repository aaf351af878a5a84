// JobHandler: what runs the jobs of one action. Called on runner threads, several at a time: it keeps no
// state per job.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "actions/lanes/job.h"

namespace signalbox::actions {

/// How one attempt ended.
struct Attempt {
  enum class Outcome : std::uint8_t {
    Done,
    Retry,  ///< may work later: time-out, connection, 5xx
    Fail,   ///< will never work: dead at once
  };
  Outcome outcome = Outcome::Done;
  std::string value = "null";                                ///< JSON; of Done
  std::string error;                                         ///< of the others; never a secret
  std::optional<std::chrono::milliseconds> not_before = {};  ///< of Retry: the sink said when (Retry-After)
  /// The sink itself is in trouble, as opposed to this job: counts for its circuit breaker.
  bool sink_trouble = false;

  static Attempt done(std::string json = "null") { return {.value = std::move(json), .error = {}}; }
  static Attempt failed(std::string why) { return {.outcome = Outcome::Fail, .error = std::move(why)}; }
  static Attempt again(std::string why) { return {.outcome = Outcome::Retry, .error = std::move(why)}; }
};

class JobHandler {
 public:
  virtual ~JobHandler() = default;
  /// The catalogue name whose jobs it runs.
  virtual std::string_view action() const = 0;
  /// Must return within job.timeout_ms, and soon after `stop` is requested (the outcome is then a Retry).
  virtual Attempt run(const Job& job, const std::stop_token& stop) = 0;
};

}  // namespace signalbox::actions
