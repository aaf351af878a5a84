// Lists walk the index on ids, which is the order of creation.
#include "actions/store/job_reader.h"

#include <algorithm>

namespace signalbox::actions {

namespace {

constexpr const char* kColumns =
    "SELECT id, state, action, sink, arguments, session, decision, attempt, max_attempts, created, run_at, "
    "coalesce(finished, 0), coalesce(value, ''), errors FROM jobs ";
constexpr std::uint32_t kMaxPage = 1000;

std::string state_text(JobState state, std::int64_t run_at_us, std::int64_t attempt, std::int64_t now_us) {
  if (state != JobState::Pending) return std::string(name(state));
  if (run_at_us <= now_us) return "available";
  return attempt > 0 ? "retryable" : "scheduled";
}

JobRow read_row(const sqlite::Statement& row, std::int64_t now_us) {
  JobRow job;
  job.id = Id::from_bytes(row.text(0)).value_or(Id{});
  job.action = row.text(2);
  job.sink = row.text(3);
  job.arguments = row.text(4);
  job.session = static_cast<std::uint64_t>(row.integer(5));
  job.decision = Id::from_bytes(row.text(6)).value_or(Id{});
  job.attempt = static_cast<std::uint32_t>(row.integer(7));
  job.max_attempts = static_cast<std::uint32_t>(row.integer(8));
  job.created_us = row.integer(9);
  job.run_at_us = row.integer(10);
  job.finished_us = row.integer(11);
  job.value = row.text(12);
  job.errors = row.text(13);
  job.state = state_text(static_cast<JobState>(row.integer(1)), job.run_at_us, row.integer(7), now_us);
  return job;
}

}  // namespace

Result<std::unique_ptr<JobReader>> JobReader::open(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::Mode::ReadOnly);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<JobReader>(new JobReader(std::move(*database)));
}

Result<std::vector<JobRow>> JobReader::list(const JobQuery& query, std::int64_t now_us) {
  std::string sql = std::string(kColumns) + "WHERE id > ?1";
  if (query.state) sql += " AND state = ?2";
  if (!query.action.empty()) sql += " AND action = ?3";
  sql += " ORDER BY id LIMIT ?4";
  auto statement = database_.prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const Id after = query.after.value_or(Id{});
  statement->bind_blob(1, after.as_bytes());
  if (query.state) statement->bind(2, static_cast<std::int64_t>(*query.state));
  if (!query.action.empty()) statement->bind(3, query.action);
  statement->bind(4, std::clamp<std::uint32_t>(query.limit, 1, kMaxPage));
  std::vector<JobRow> jobs;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return jobs;
    jobs.push_back(read_row(*statement, now_us));
  }
}

Result<std::optional<JobRow>> JobReader::find(const Id& id, std::int64_t now_us) {
  auto statement = database_.prepare(std::string(kColumns) + "WHERE id = ?1");
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->bind_blob(1, id.as_bytes()).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<JobRow>();
  return std::optional(read_row(*statement, now_us));
}

}  // namespace signalbox::actions
