// JobStore: the jobs that are accepted and not yet done, in SQLite. The state machine:
//
//   pending --claim--> running --complete--> completed (kept for a while, or deleted)
//      ^                  |----retry----> pending, later
//      |                  `----fail-----> dead --requeue--> pending
//      `--- reclaim: lease over, or owner's process gone        `--discard--> deleted
//   pending --cancel--> cancelled
//
// "scheduled" and "retryable" are pending with a time to come. A claim gives a fence, a number that never
// repeats; what comes back with another fence is stale and changes nothing. One connection, one thread (the
// writer's): readers have their own (store/job_reader.h). Mutations happen between begin() and commit().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actions/lanes/job.h"
#include "actions/store/sqlite.h"
#include "base/result.h"

namespace signalbox::actions {

enum class JobState : std::uint8_t { Pending = 0, Running = 1, Completed = 2, Dead = 3, Cancelled = 4 };
std::string_view name(JobState state);

/// A claimed job and where its row is.
struct ClaimedJob {
  std::int64_t row = 0;
  Job job;
};

struct PendingSink {
  std::string sink;
  std::int64_t due_us = 0;
};

/// A job that comes, and whether it is claimed as it does.
struct Arrival {
  const JobView* job = nullptr;
  bool claim = false;
};

/// A job that has run once more, as the writer records it.
struct JobOutcome {
  std::int64_t row = 0;
  std::uint64_t fence = 0;
  std::string_view value = {};  ///< JSON, of a completed job
  std::string_view error = {};  ///< of a failed attempt
};

struct JobStoreOptions {
  std::string path;
  std::uint64_t boot = 0;  ///< this process, never 0: running jobs of any other are reclaimed by open()
  std::int64_t lease_us = 30'000'000;
  bool keep_completed = false;
};

class JobStore {
 public:
  static Result<JobStore> open(const JobStoreOptions& options, std::int64_t now_us);

  Result<void> begin(Durability durability);
  Result<void> commit();
  void rollback();

  /// Accepts a job. False when its id is known already (nothing changes).
  /// With `claim`, it is accepted and claimed in one step and `claimed` is filled in.
  Result<bool> insert(const JobView& job);
  Result<bool> insert_claimed(const JobView& job, std::int64_t now_us, ClaimedJob& claimed);
  /// The same for many. The claimed ones that are new are appended. How many were new.
  Result<std::uint64_t> insert_all(std::span<const Arrival> jobs, std::int64_t now_us,
                                   std::vector<ClaimedJob>& claimed);

  /// The sinks that have pending jobs, with the earliest time of each; the first `limit` in order of their
  /// names after `after`. Costs one index seek a sink.
  Result<std::vector<PendingSink>> pending_sinks(std::string_view after, std::size_t limit);
  /// Claims up to `limit` jobs of a sink whose time has come, the longest due first.
  Result<void> claim(std::string_view sink, std::int64_t now_us, std::uint32_t limit,
                     std::vector<ClaimedJob>& out);

  // Each answers false when the fence is stale.
  Result<bool> complete(const JobOutcome& outcome, std::int64_t now_us);
  /// The same for many, each of another row: whose fence was not stale, in their order.
  Result<std::vector<bool>> complete_all(std::span<const JobOutcome> outcomes, std::int64_t now_us);
  Result<bool> retry(const JobOutcome& outcome, std::int64_t now_us, std::int64_t run_at_us);
  Result<bool> fail(const JobOutcome& outcome, std::int64_t now_us);  ///< dead
  /// Back to pending without having run: the attempt is not counted.
  Result<bool> put_back(const JobOutcome& outcome, std::int64_t run_at_us);
  /// Extends the lease of a claim that is known to be alive.
  Result<bool> renew(const JobOutcome& outcome, std::int64_t now_us);

  /// Takes jobs back whose lease is over; those without attempts left die. How many.
  Result<std::uint64_t> reclaim_expired(std::int64_t now_us);

  Result<std::uint64_t> requeue(const std::vector<Id>& jobs, std::int64_t now_us);
  Result<std::uint64_t> discard(const std::vector<Id>& jobs);
  Result<std::uint64_t> cancel(const std::vector<Id>& jobs, std::int64_t now_us);

  /// Deletes completed, cancelled and dead jobs finished before the given times, and dead ones beyond
  /// `max_dead`.
  Result<void> sweep(std::int64_t completed_before_us, std::int64_t dead_before_us, std::uint64_t max_dead);

  /// Kept up to date without asking the database.
  std::uint64_t count(JobState state) const { return counts_[static_cast<std::size_t>(state)]; }
  /// Bytes that the database file uses (free pages not counted).
  Result<std::uint64_t> stored_bytes();
  /// How many running jobs of dead processes open() took back.
  std::uint64_t reclaimed_at_open() const { return reclaimed_at_open_; }

  /// EXPLAIN QUERY PLAN of the claim and of the lease check: for the test that both use their index.
  Result<std::string> query_plans();

 private:
  struct Statements {
    sqlite::Statement insert, insert_wide, is_there, due, claim, erase, erase_wide, keep, retry, fail,
        put_back, renew, expire, bury_expired, requeue, discard, cancel, next_sink, sweep_completed,
        sweep_dead, sweep_cancelled, trim_dead, pages;
  };
  Result<void> prepare();
  Result<std::uint64_t> reclaim(std::int64_t now_us, std::int64_t lease_before_us, std::uint64_t spare_owner);
  void bind_row(sqlite::Statement& statement, int at, const Arrival& arrival, std::int64_t now_us);
  Result<std::uint64_t> insert_rows(sqlite::Statement& statement, std::span<const Arrival> jobs,
                                    std::int64_t now_us, std::vector<ClaimedJob>& claimed);
  Result<bool> is_there(std::int64_t row);
  Result<bool> move_one(sqlite::Statement& statement, JobState from, JobState to);
  Result<std::uint64_t> move_each(sqlite::Statement& statement, const std::vector<Id>& jobs,
                                  std::int64_t now_us, JobState from, std::optional<JobState> to);
  std::uint64_t& counter(JobState state) { return counts_[static_cast<std::size_t>(state)]; }

  sqlite::Database database_;
  Statements sql_;
  JobStoreOptions options_;
  std::int64_t next_row_ = 1;
  std::uint64_t next_fence_ = 1;
  std::array<std::uint64_t, 5> counts_{};
  std::array<std::uint64_t, 5> counts_at_begin_{};
  std::uint64_t reclaimed_at_open_ = 0;
  Durability synchronous_ = Durability::Process;
};

}  // namespace signalbox::actions
