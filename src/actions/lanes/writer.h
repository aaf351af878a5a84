// Writer: the one thread that owns the stores. Each round it takes what the rings and the runners have,
// commits it in one transaction, and only then releases the rings, hands claimed jobs to the runners and
// delivers results: what is in memory is always behind what is on disk.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

#include "actions/lanes/async_lane.h"
#include "actions/lanes/breaker.h"
#include "actions/lanes/doorbell.h"
#include "actions/lanes/producer.h"
#include "actions/lanes/runners.h"
#include "actions/store/decision_store.h"
#include "actions/store/job_store.h"
#include "actions/store/segment_log.h"

namespace signalbox::actions {

/// Written by the writer thread, read by any.
struct WriterCounters {
  std::atomic<std::uint64_t> accepted{0}, completed{0}, attempts{0}, retried{0}, dead{0}, dropped_backlog{0},
      dropped_store{0}, lease_expired{0}, stale_acks{0}, commits{0}, decisions{0}, pending{0}, running{0},
      dead_letters{0}, store_errors{0};
};

/// Called on the writer's thread, after the commit; they must not block.
struct WriterCallbacks {
  std::function<void(JobResult)> on_result;                                 ///< may be empty
  std::function<void()> on_stream;                                          ///< lines have been stored
  std::function<void(std::int64_t time_ns, std::string_view)> on_decision;  ///< its record; may be empty
};

struct WriterStores {
  JobStore jobs;
  SegmentLog stream;
  std::optional<DecisionStore> decisions;
};

class Writer {
 public:
  Writer(const AsyncLaneOptions& options, std::uint64_t boot, WriterStores stores,
         std::vector<std::unique_ptr<JobHandler>> handlers, WriterCallbacks callbacks, const Clock& clock);
  ~Writer();

  RingProducer& add_producer();
  std::vector<const RingProducer*> producers() const;

  using Command = std::function<Result<std::uint64_t>(JobStore&, std::int64_t now_us)>;
  /// Runs in the writer's next transaction; waits for its commit.
  Result<std::uint64_t> command(Command command);
  void wake() { bell_.wake(); }
  void stop(std::chrono::milliseconds deadline);
  const WriterCounters& counters() const { return counters_; }

 private:
  struct Round;
  struct Waiting {
    Command command;
    std::promise<Result<std::uint64_t>> answer;
  };

  void run(const std::stop_token& stop);
  /// One pass: take, commit, conclude. How many records, results and commands it handled.
  std::size_t round(bool stopping);
  void gather(Round& round);
  /// Commits until it succeeds; false when it had to be given up because the lane is stopping.
  bool commit(Round& round, bool stopping);
  Result<void> transact(Round& round, bool stopping);
  void commit_stream(Round& round, bool stopping);
  void store_decisions(Round& round);
  void tell_decisions(const Round& round);
  /// Somebody wants their records.
  bool takes_decisions() const { return stores_.decisions.has_value() || callbacks_.on_decision; }
  void conclude(Round& round);
  void wind_down();
  bool is_late();
  bool pause_after_error(bool stopping);
  void store_failed(std::string_view store, const Error& error);
  void store_works(std::string_view store);

  // writer_rest.cpp
  void rest(std::size_t handled);
  bool has_work();
  std::optional<std::chrono::microseconds> until_due();

  // writer_jobs.cpp: the parts of a transaction.
  Result<void> settle_finished(Round& round);
  Result<bool> settle(Round& round, const FinishedJob& finished, const JobOutcome& outcome);
  void note(Round& round, const FinishedJob& finished, bool held);
  Result<void> run_commands(Round& round);
  Result<void> claim_due(Round& round);
  Result<void> claim_from(Round& round, const PendingSink& sink);
  Result<void> accept(Round& round);
  bool claims_at_once(Round& round, const JobView& job);
  Result<void> put_back(Round& round);
  Result<void> housekeeping(Round& round);
  Result<void> renew_leases(std::int64_t now_us);
  std::uint32_t slots(const Round& round, std::string_view sink) const;

  const AsyncLaneOptions options_;
  const std::uint64_t boot_;
  WriterStores stores_;
  Breakers breakers_;
  const WriterCallbacks callbacks_;
  const Clock& clock_;
  WriterCounters counters_;
  std::mt19937_64 random_;

  mutable std::mutex producers_mutex_;
  std::vector<std::unique_ptr<RingProducer>> producers_;  ///< grows only

  Doorbell bell_;
  std::mutex commands_mutex_;
  std::vector<Waiting> commands_;                   ///< guarded by commands_mutex_
  bool closed_ = false;                             ///< guarded by commands_mutex_
  std::chrono::steady_clock::time_point deadline_;  ///< guarded by commands_mutex_

  // The writer thread's own.
  struct Claim {
    std::int64_t row = 0;
    std::int64_t lease_until_us = 0;
    std::int64_t give_up_us = 0;  ///< the lease is not renewed beyond this: its runner is lost
  };
  std::vector<FinishedJob> finished_;                ///< collected, not yet committed
  std::vector<ClaimedJob> withdrawn_;                ///< claimed, never started, to be put back
  std::unordered_map<std::uint64_t, Claim> claims_;  ///< by fence: what this process runs
  std::string last_sink_;                            ///< where the last walk over the sinks ran out of room
  IdSource ids_;
  std::int64_t next_housekeeping_us_ = 0;
  bool backlog_full_ = false;
  struct Trouble {
    bool told = false;  ///< the log says that the store cannot be written
    std::int64_t quiet_until_us = 0;
  };
  std::map<std::string_view, Trouble> troubles_;  ///< by store
  std::chrono::microseconds nap_{0};              ///< the last one
  std::chrono::microseconds idle_{0};             ///< napped since there was something to do

  Runners runners_;
  std::jthread thread_;  ///< last: stops first
};

}  // namespace signalbox::actions
