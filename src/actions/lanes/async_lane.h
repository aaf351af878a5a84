// AsyncLane: the lane beside the data path. An event loop pushes into its own bounded ring and goes on; one
// writer thread drains the rings, commits in groups, and hands jobs to runner threads; results come back by
// callback.
//
// Threads: `open`, `producer`, `stop` from the owner's thread; a Producer belongs to one thread for its whole
// life; everything else from any thread. Promise: what push() took (Taken) and the writer has committed is
// run or visibly dead, also after kill -9; what was dropped is counted and leaves a gap marker in the stream.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actions/id.h"
#include "actions/lanes/job.h"
#include "actions/lanes/job_handler.h"
#include "actions/lanes/stream_sink.h"
#include "actions/record.h"
#include "base/clock.h"
#include "base/result.h"

namespace signalbox::actions {

class JobReader;
class DecisionReader;

struct RetryOptions {
  std::chrono::milliseconds base{1000};
  std::chrono::milliseconds cap{300'000};
};

struct BreakerOptions {
  int failures = 5;  ///< consecutive failures that open the breaker of a sink
  std::chrono::milliseconds open_for{10'000};
};

struct DeadLetterOptions {
  std::chrono::seconds age{7 * 86'400};
  std::uint64_t rows = 10'000;
};

struct DecisionStoreOptions {
  bool enabled = true;
  std::chrono::seconds age{7 * 86'400};
  std::uint64_t bytes = 256ull << 20;
};

struct AsyncLaneOptions {
  std::string directory;                ///< created when absent; one gateway at a time (locked)
  std::uint32_t ring_bytes = 4u << 20;  ///< per producer; rounded up to a power of two
  std::uint32_t batch_records = 1024;   ///< at most this many a commit
  std::uint32_t runners = 8;            ///< threads
  std::uint32_t sink_concurrency = 4;   ///< jobs in flight to one sink
  std::chrono::milliseconds lease{30'000};
  RetryOptions retry;
  BreakerOptions breaker;
  DeadLetterOptions dead_letters;
  DecisionStoreOptions decisions;
  std::chrono::seconds completed_for{0};      ///< how long done jobs stay listed; 0 = they vanish
  std::uint64_t backlog_bytes = 1ull << 30;   ///< jobs stored; beyond it new ones are dropped and counted
  std::uint64_t segment_bytes = 64ull << 20;  ///< stream class
  std::uint64_t stream_bytes = 1ull << 30;    ///< stream class, all segments
};

enum class Push : std::uint8_t {
  Taken,
  Dropped,  ///< ring full or record too big: counted, go on
  Refuse,   ///< Overflow::FailClosed and no room: the caller must refuse the message
};

/// The data path's end of the lane. Never blocks, never allocates in the steady state, never calls the
/// system.
class Producer {
 public:
  virtual ~Producer() = default;
  virtual Push push(const JobView& job) = 0;
  virtual Push push(const DecisionRecordView& record) = 0;
  /// How full this thread's ring is, 0..1: `async.pressure` of the input document.
  virtual double pressure() const = 0;
  /// A new id, strictly above the ones before.
  virtual Id next_id() = 0;
};

struct LaneCounters {
  std::uint64_t accepted = 0;  ///< jobs and stream records committed
  std::uint64_t completed = 0;
  std::uint64_t attempts = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead = 0;
  std::uint64_t dropped_ring = 0;     ///< ring full
  std::uint64_t dropped_size = 0;     ///< larger than a quarter of the ring
  std::uint64_t dropped_backlog = 0;  ///< store full
  std::uint64_t dropped_store = 0;    ///< the store refused (disk full, I/O error)
  std::uint64_t refused = 0;          ///< FailClosed without room
  std::uint64_t lease_expired = 0;
  std::uint64_t stale_acks = 0;
  std::uint64_t commits = 0;
  std::uint64_t decisions = 0;     ///< decision records stored
  std::uint64_t streamed = 0;      ///< stream records delivered to their sink
  std::uint64_t pending = 0;       ///< gauge: jobs waiting, retries included
  std::uint64_t running = 0;       ///< gauge
  std::uint64_t store_errors = 0;  ///< commits that failed and were tried again
  std::uint64_t dead_letters = 0;  ///< gauge
};

/// What the lane needs from its owner.
struct LaneParts {
  /// One per job-class action (lanes/webhook.h, ...). A job without a handler is dead at once.
  std::vector<std::unique_ptr<JobHandler>> handlers;
  /// Where `log` lines go (lanes/log_sink.h); null = they stay in the segment log only.
  std::unique_ptr<StreamSink> log;
  /// Called on the writer thread after the commit, for jobs that want their result; must not block. May be
  /// empty.
  std::function<void(JobResult)> on_result;
  /// Called on the writer thread with each decision record, stored or not; must not block. May be empty.
  std::function<void(std::int64_t time_ns, std::string_view body)> on_decision;
};

class AsyncLane {
 public:
  virtual ~AsyncLane() = default;

  /// Opens the stores (reclaiming what a dead process left), then starts writer and runners.
  static Result<std::unique_ptr<AsyncLane>> open(AsyncLaneOptions options, LaneParts parts,
                                                 const Clock& clock);

  /// A ring for one event loop. Valid until stop().
  virtual Producer& producer() = 0;

  /// Drains the rings, commits, lets runners finish until `deadline`, then stops. Jobs not run stay stored.
  virtual void stop(std::chrono::milliseconds deadline) = 0;

  virtual LaneCounters counters() const = 0;

  /// Operator's commands, run by the writer; each waits for its commit.
  virtual Result<std::uint64_t> requeue_dead(
      const std::vector<Id>& jobs) = 0;  ///< how many were dead and now wait
  virtual Result<std::uint64_t> discard_dead(const std::vector<Id>& jobs) = 0;
  virtual Result<std::uint64_t> cancel(const std::vector<Id>& jobs) = 0;  ///< waiting jobs only

  /// Read-only views with connections of their own; one per reading thread.
  virtual Result<std::unique_ptr<JobReader>> job_reader() const = 0;
  virtual Result<std::unique_ptr<DecisionReader>> decision_reader() const = 0;
};

}  // namespace signalbox::actions
