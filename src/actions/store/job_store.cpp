// Every mutation is one prepared statement; the counts per state are kept beside them, so that gauges and the
// writer's "is there anything to claim" never scan the table. A rollback restores the counts of begin().
#include "actions/store/job_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "actions/store/job_schema.h"

namespace signalbox::actions {

namespace {

std::int64_t signed_bits(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// The columns of job_sql::kDue.
ClaimedJob read_due(const sqlite::Statement& row) {
  ClaimedJob claimed;
  claimed.row = row.integer(0);
  Job& job = claimed.job;
  job.id = Id::from_bytes(row.text(1)).value_or(Id{});
  job.action = row.text(2);
  job.sink = row.text(3);
  job.arguments = row.text(4);
  job.attempt = static_cast<std::uint16_t>(row.integer(5) + 1);
  job.max_attempts = static_cast<std::uint16_t>(row.integer(6));
  job.timeout_ms = static_cast<std::uint32_t>(row.integer(7));
  job.origin.session = static_cast<std::uint64_t>(row.integer(8));
  job.origin.generation = static_cast<std::uint32_t>(row.integer(9));
  job.origin.hook = static_cast<Hook>(std::clamp<std::int64_t>(row.integer(10), 0, kHookCount - 1));
  job.origin.decision = Id::from_bytes(row.text(11)).value_or(Id{});
  job.wants_result = row.integer(12) != 0;
  job.created_us = row.integer(13);
  return claimed;
}

/// "text,text,text"
std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all.append(i == 0 ? "" : ",").append(text);
  return all;
}

}  // namespace

std::string_view name(JobState state) {
  constexpr std::string_view kNames[] = {"pending", "running", "completed", "dead", "cancelled"};
  return kNames[static_cast<std::size_t>(state)];
}

Result<JobStore> JobStore::open(const JobStoreOptions& options, std::int64_t now_us) {
  JobStore store;
  store.options_ = options;
  auto database = sqlite::Database::open(options.path, sqlite::Mode::ReadWriteCreate);
  if (!database) return std::unexpected(database.error());
  store.database_ = std::move(*database);
  if (auto made = store.database_.execute(job_sql::kSchema); !made) return std::unexpected(made.error());
  if (auto prepared = store.prepare(); !prepared) return std::unexpected(prepared.error());
  auto last_row = store.database_.integer("SELECT max(seq) FROM jobs");
  auto last_fence = store.database_.integer("SELECT max(fence) FROM jobs");
  if (!last_row) return std::unexpected(last_row.error());
  if (!last_fence) return std::unexpected(last_fence.error());
  store.next_row_ = *last_row + 1;
  store.next_fence_ = static_cast<std::uint64_t>(std::max(*last_fence + 1, now_us));
  for (std::size_t state = 0; state < store.counts_.size(); ++state) {
    auto count = store.database_.integer("SELECT count(*) FROM jobs WHERE state = " + std::to_string(state));
    if (!count) return std::unexpected(count.error());
    store.counts_[state] = static_cast<std::uint64_t>(*count);
  }
  // Running jobs of other processes: those are dead, the directory is locked by this one.
  auto reclaimed = store.reclaim(now_us, std::numeric_limits<std::int64_t>::max(), options.boot);
  if (!reclaimed) return std::unexpected(reclaimed.error());
  store.reclaimed_at_open_ = *reclaimed;
  return store;
}

Result<void> JobStore::prepare() {
  const std::string insert = job_sql::kInsert + repeated(job_sql::kRow, 1);
  const std::string insert_wide = job_sql::kInsert + repeated(job_sql::kRow, job_sql::kWide);
  const std::string places = repeated("?", job_sql::kWide);
  const std::string erase_wide = fmt::format(fmt::runtime(job_sql::kEraseWide), places, places);
  const std::pair<sqlite::Statement*, std::string_view> table[] = {
      {&sql_.insert, insert},
      {&sql_.insert_wide, insert_wide},
      {&sql_.is_there, job_sql::kIsThere},
      {&sql_.erase_wide, erase_wide},
      {&sql_.due, job_sql::kDue},
      {&sql_.claim, job_sql::kClaim},
      {&sql_.erase, job_sql::kErase},
      {&sql_.keep, job_sql::kKeep},
      {&sql_.retry, job_sql::kRetry},
      {&sql_.fail, job_sql::kFail},
      {&sql_.put_back, job_sql::kPutBack},
      {&sql_.renew, job_sql::kRenew},
      {&sql_.expire, job_sql::kExpire},
      {&sql_.bury_expired, job_sql::kBuryExpired},
      {&sql_.requeue, job_sql::kRequeue},
      {&sql_.discard, job_sql::kDiscard},
      {&sql_.cancel, job_sql::kCancel},
      {&sql_.next_sink, job_sql::kNextSink},
      {&sql_.sweep_completed, job_sql::kSweepCompleted},
      {&sql_.sweep_dead, job_sql::kSweepDead},
      {&sql_.sweep_cancelled, job_sql::kSweepCancelled},
      {&sql_.trim_dead, job_sql::kTrimDead},
      {&sql_.pages,
       "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), "
       "pragma_page_size()"},
  };
  for (const auto& [statement, sql] : table) {
    auto prepared = database_.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

Result<void> JobStore::begin(Durability durability) {
  if (durability != synchronous_) {
    // FULL syncs the log at each commit; NORMAL only at checkpoints, which is enough against kill -9.
    auto set = database_.execute(durability == Durability::Power ? "PRAGMA synchronous = FULL"
                                                                 : "PRAGMA synchronous = NORMAL");
    if (!set) return set;
    synchronous_ = durability;
  }
  counts_at_begin_ = counts_;
  return database_.execute("BEGIN IMMEDIATE");
}

Result<void> JobStore::commit() {
  return database_.execute("COMMIT");
}

void JobStore::rollback() {
  (void)database_.execute("ROLLBACK");  // fails only when SQLite has rolled back by itself
  counts_ = counts_at_begin_;
}

Result<std::vector<PendingSink>> JobStore::pending_sinks(std::string_view after, std::size_t limit) {
  std::vector<PendingSink> sinks;
  while (sinks.size() < limit && count(JobState::Pending) > 0) {
    auto row = sql_.next_sink.bind(1, sinks.empty() ? after : std::string_view(sinks.back().sink)).step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    sinks.push_back({std::string(sql_.next_sink.text(0)), sql_.next_sink.integer(1)});
    sql_.next_sink.reset();
  }
  return sinks;
}

Result<void> JobStore::claim(std::string_view sink, std::int64_t now_us, std::uint32_t limit,
                             std::vector<ClaimedJob>& out) {
  const std::size_t first = out.size();
  sql_.due.bind(1, now_us).bind(2, limit).bind(3, sink);
  for (;;) {
    auto row = sql_.due.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    out.push_back(read_due(sql_.due));
  }
  for (std::size_t i = first; i < out.size(); ++i) {
    out[i].job.fence = next_fence_++;
    sql_.claim.bind(1, out[i].row)
        .bind(2, signed_bits(out[i].job.fence))
        .bind(3, signed_bits(options_.boot))
        .bind(4, now_us + options_.lease_us);
    if (auto moved = move_one(sql_.claim, JobState::Pending, JobState::Running); !moved) {
      return std::unexpected(moved.error());
    }
  }
  return {};
}

Result<bool> JobStore::move_one(sqlite::Statement& statement, JobState from, JobState to) {
  auto changes = statement.run();
  if (!changes) return std::unexpected(changes.error());
  if (*changes == 0) return false;
  --counter(from);
  ++counter(to);
  return true;
}

Result<bool> JobStore::complete(const JobOutcome& outcome, std::int64_t now_us) {
  if (options_.keep_completed) {
    sql_.keep.bind(1, outcome.row).bind(2, signed_bits(outcome.fence)).bind(3, outcome.value).bind(4, now_us);
    return move_one(sql_.keep, JobState::Running, JobState::Completed);
  }
  sql_.erase.bind(1, outcome.row).bind(2, signed_bits(outcome.fence));
  auto changes = sql_.erase.run();
  if (!changes) return std::unexpected(changes.error());
  counter(JobState::Running) -= static_cast<std::uint64_t>(*changes);
  return *changes != 0;
}

Result<bool> JobStore::retry(const JobOutcome& outcome, std::int64_t now_us, std::int64_t run_at_us) {
  sql_.retry.bind(1, outcome.row)
      .bind(2, signed_bits(outcome.fence))
      .bind(3, outcome.error)
      .bind(4, now_us)
      .bind(5, run_at_us);
  return move_one(sql_.retry, JobState::Running, JobState::Pending);
}

Result<bool> JobStore::fail(const JobOutcome& outcome, std::int64_t now_us) {
  sql_.fail.bind(1, outcome.row).bind(2, signed_bits(outcome.fence)).bind(3, outcome.error).bind(4, now_us);
  return move_one(sql_.fail, JobState::Running, JobState::Dead);
}

Result<bool> JobStore::put_back(const JobOutcome& outcome, std::int64_t run_at_us) {
  sql_.put_back.bind(1, outcome.row).bind(2, signed_bits(outcome.fence)).bind(3, run_at_us);
  return move_one(sql_.put_back, JobState::Running, JobState::Pending);
}

Result<bool> JobStore::renew(const JobOutcome& outcome, std::int64_t now_us) {
  sql_.renew.bind(1, outcome.row).bind(2, signed_bits(outcome.fence)).bind(3, now_us + options_.lease_us);
  return move_one(sql_.renew, JobState::Running, JobState::Running);
}

Result<std::uint64_t> JobStore::reclaim(std::int64_t now_us, std::int64_t lease_before_us,
                                        std::uint64_t spare_owner) {
  std::uint64_t total = 0;
  for (auto [statement, to] :
       {std::pair(&sql_.bury_expired, JobState::Dead), std::pair(&sql_.expire, JobState::Pending)}) {
    auto changes =
        statement->bind(1, now_us).bind(2, lease_before_us).bind(3, signed_bits(spare_owner)).run();
    if (!changes) return std::unexpected(changes.error());
    const auto moved = static_cast<std::uint64_t>(*changes);
    counter(JobState::Running) -= moved;
    counter(to) += moved;
    total += moved;
  }
  return total;
}

Result<std::uint64_t> JobStore::reclaim_expired(std::int64_t now_us) {
  return reclaim(now_us, now_us, 0);
}

Result<std::uint64_t> JobStore::move_each(sqlite::Statement& statement, const std::vector<Id>& jobs,
                                          std::int64_t now_us, JobState from, std::optional<JobState> to) {
  std::uint64_t total = 0;
  for (const Id& id : jobs) {
    auto changes = statement.bind_blob(1, id.as_bytes()).bind(2, now_us).run();
    if (!changes) return std::unexpected(changes.error());
    total += static_cast<std::uint64_t>(*changes);
  }
  counter(from) -= total;
  if (to) counter(*to) += total;
  return total;
}

Result<std::uint64_t> JobStore::requeue(const std::vector<Id>& jobs, std::int64_t now_us) {
  return move_each(sql_.requeue, jobs, now_us, JobState::Dead, JobState::Pending);
}

Result<std::uint64_t> JobStore::discard(const std::vector<Id>& jobs) {
  return move_each(sql_.discard, jobs, 0, JobState::Dead, std::nullopt);
}

Result<std::uint64_t> JobStore::cancel(const std::vector<Id>& jobs, std::int64_t now_us) {
  return move_each(sql_.cancel, jobs, now_us, JobState::Pending, JobState::Cancelled);
}

Result<void> JobStore::sweep(std::int64_t completed_before_us, std::int64_t dead_before_us,
                             std::uint64_t max_dead) {
  const auto erase = [this](sqlite::Statement& statement, std::int64_t bound,
                            JobState state) -> Result<void> {
    auto changes = statement.bind(1, bound).run();
    if (!changes) return std::unexpected(changes.error());
    counter(state) -= static_cast<std::uint64_t>(*changes);
    return {};
  };
  if (auto r = erase(sql_.sweep_completed, completed_before_us, JobState::Completed); !r) return r;
  if (auto r = erase(sql_.sweep_cancelled, dead_before_us, JobState::Cancelled); !r) return r;
  if (auto r = erase(sql_.sweep_dead, dead_before_us, JobState::Dead); !r) return r;
  const std::uint64_t dead = count(JobState::Dead);
  if (dead <= max_dead) return {};
  return erase(sql_.trim_dead, signed_bits(dead - max_dead), JobState::Dead);
}

Result<std::uint64_t> JobStore::stored_bytes() {
  auto row = sql_.pages.step();
  if (!row) return std::unexpected(row.error());
  const std::int64_t bytes = sql_.pages.integer(0);
  sql_.pages.reset();
  return static_cast<std::uint64_t>(bytes);
}

Result<std::string> JobStore::query_plans() {
  std::string plans;
  for (const char* sql : {job_sql::kDue, job_sql::kNextSink, job_sql::kExpiredProbe, job_sql::kSweepDead}) {
    auto explained = database_.prepare(std::string("EXPLAIN QUERY PLAN ") + sql);
    if (!explained) return std::unexpected(explained.error());
    for (;;) {
      auto row = explained->step();
      if (!row) return std::unexpected(row.error());
      if (!*row) break;
      plans.append(explained->text(3)).append("\n");
    }
  }
  return plans;
}

}  // namespace signalbox::actions
