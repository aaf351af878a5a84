// Jobs that come and go in numbers: what a round accepts and what it has completed. A statement about one row
// spends most of its time on opening the table and its indexes, so there is a wide one for kWide rows; the
// rest of a round goes row by row.
#include <algorithm>

#include "actions/store/job_schema.h"
#include "actions/store/job_store.h"

namespace signalbox::actions {

namespace {

std::int64_t signed_bits(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Job first_attempt(const JobView& view, std::uint64_t fence) {
  Job job;
  job.id = view.id;
  job.action = view.action;
  job.sink = view.sink.empty() ? view.action : view.sink;
  job.arguments = view.arguments;
  job.origin = view.origin;
  job.created_us = view.created_ns / 1000;
  job.timeout_ms = view.timeout_ms;
  job.max_attempts = view.max_attempts;
  job.attempt = 1;
  job.fence = fence;
  job.wants_result = view.wants_result;
  return job;
}

}  // namespace

/// The row and the fence that come next are its.
void JobStore::bind_row(sqlite::Statement& statement, int at, const Arrival& arrival, std::int64_t now_us) {
  const JobView& job = *arrival.job;
  statement.bind(at + 1, next_row_++)
      .bind_blob(at + 2, job.id.as_bytes())
      .bind(at + 3, static_cast<std::int64_t>(arrival.claim ? JobState::Running : JobState::Pending))
      .bind(at + 4, job.action)
      .bind(at + 5, job.sink.empty() ? job.action : job.sink)
      .bind(at + 6, job.arguments)
      .bind(at + 7, (job.created_ns + job.delay_ns) / 1000)
      .bind(at + 8, arrival.claim ? 1 : 0)
      .bind(at + 9, job.max_attempts)
      .bind(at + 10, job.timeout_ms)
      .bind(at + 11, arrival.claim ? signed_bits(next_fence_++) : 0)
      .bind(at + 12, arrival.claim ? signed_bits(options_.boot) : 0)
      .bind(at + 13, arrival.claim ? now_us + options_.lease_us : 0)
      .bind(at + 14, signed_bits(job.origin.session))
      .bind(at + 15, job.origin.generation)
      .bind(at + 16, static_cast<std::int64_t>(job.origin.hook))
      .bind_blob(at + 17, job.origin.decision.as_bytes())
      .bind(at + 18, job.wants_result ? 1 : 0)
      .bind(at + 19, job.created_ns / 1000);
}

/// As many as the statement has rows.
Result<std::uint64_t> JobStore::insert_rows(sqlite::Statement& statement, std::span<const Arrival> jobs,
                                            std::int64_t now_us, std::vector<ClaimedJob>& claimed) {
  std::int64_t row = next_row_;
  std::uint64_t fence = next_fence_;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    bind_row(statement, static_cast<int>(i) * job_sql::kRowParameters, jobs[i], now_us);
  auto changes = statement.run();
  if (!changes) return std::unexpected(changes.error());
  const bool all_new = static_cast<std::size_t>(*changes) == jobs.size();
  for (const Arrival& arrival : jobs) {
    const std::int64_t its_row = row++;
    const std::uint64_t its_fence = arrival.claim ? fence++ : 0;
    const Result<bool> is_new = all_new ? Result<bool>(true) : is_there(its_row);
    if (!is_new) return std::unexpected(is_new.error());
    if (!*is_new) continue;
    ++counter(arrival.claim ? JobState::Running : JobState::Pending);
    if (arrival.claim) claimed.push_back({.row = its_row, .job = first_attempt(*arrival.job, its_fence)});
  }
  return static_cast<std::uint64_t>(*changes);
}

Result<bool> JobStore::is_there(std::int64_t row) {
  auto found = sql_.is_there.bind(1, row).step();
  sql_.is_there.reset();
  return found;
}

Result<std::uint64_t> JobStore::insert_all(std::span<const Arrival> jobs, std::int64_t now_us,
                                           std::vector<ClaimedJob>& claimed) {
  std::uint64_t accepted = 0;
  while (!jobs.empty()) {
    const bool wide = jobs.size() >= job_sql::kWide;
    const std::size_t count = wide ? job_sql::kWide : 1;
    auto inserted = insert_rows(wide ? sql_.insert_wide : sql_.insert, jobs.first(count), now_us, claimed);
    if (!inserted) return inserted;
    accepted += *inserted;
    jobs = jobs.subspan(count);
  }
  return accepted;
}

Result<bool> JobStore::insert(const JobView& job) {
  const Arrival arrival{.job = &job};
  std::vector<ClaimedJob> none;
  auto accepted = insert_all({&arrival, 1}, 0, none);
  if (!accepted) return std::unexpected(accepted.error());
  return *accepted != 0;
}

Result<bool> JobStore::insert_claimed(const JobView& job, std::int64_t now_us, ClaimedJob& claimed) {
  const Arrival arrival{.job = &job, .claim = true};
  std::vector<ClaimedJob> one;
  auto accepted = insert_all({&arrival, 1}, now_us, one);
  if (!accepted) return std::unexpected(accepted.error());
  if (!one.empty()) claimed = std::move(one.front());
  return !one.empty();
}

Result<std::vector<bool>> JobStore::complete_all(std::span<const JobOutcome> outcomes, std::int64_t now_us) {
  std::vector<bool> held(outcomes.size());
  std::size_t at = 0;
  for (; !options_.keep_completed && at + job_sql::kWide <= outcomes.size(); at += job_sql::kWide) {
    const auto rows = outcomes.subspan(at, job_sql::kWide);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      sql_.erase_wide.bind(static_cast<int>(i + 1), rows[i].row)
          .bind(static_cast<int>(i + 1 + job_sql::kWide), signed_bits(rows[i].fence));
    }
    for (;;) {
      auto erased = sql_.erase_wide.step();
      if (!erased) return std::unexpected(erased.error());
      if (!*erased) break;
      const auto whose =
          std::ranges::find(rows, static_cast<std::uint64_t>(sql_.erase_wide.integer(0)), &JobOutcome::fence);
      held[at + static_cast<std::size_t>(whose - rows.begin())] = true;
      --counter(JobState::Running);
    }
  }
  for (; at < outcomes.size(); ++at) {
    auto one = complete(outcomes[at], now_us);
    if (!one) return std::unexpected(one.error());
    held[at] = *one;
  }
  return held;
}

}  // namespace signalbox::actions
