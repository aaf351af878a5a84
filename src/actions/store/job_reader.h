// JobReader: the jobs as an operator sees them. A read-only connection of its own, so that a long look never
// holds up the writer. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actions/store/job_store.h"
#include "actions/store/sqlite.h"

namespace signalbox::actions {

struct JobRow {
  Id id;
  /// "scheduled", "retryable" and "available" are all pending: not due yet, not due after a failure, due.
  std::string state;
  std::string action;
  std::string sink;
  std::string arguments;  ///< JSON
  std::uint64_t session = 0;
  Id decision;
  std::uint32_t attempt = 0, max_attempts = 0;
  std::int64_t created_us = 0, run_at_us = 0, finished_us = 0;
  std::string value;   ///< JSON; "" when there is none
  std::string errors;  ///< JSON array of {at_us, attempt, message}
};

struct JobQuery {
  std::optional<JobState> state = {};
  std::string action = {};       ///< "" = any
  std::optional<Id> after = {};  ///< page: jobs younger than this one (the last id of the page before)
  std::uint32_t limit = 100;
};

class JobReader {
 public:
  static Result<std::unique_ptr<JobReader>> open(const std::string& path);
  /// Oldest first.
  Result<std::vector<JobRow>> list(const JobQuery& query, std::int64_t now_us);
  Result<std::optional<JobRow>> find(const Id& id, std::int64_t now_us);

 private:
  explicit JobReader(sqlite::Database database) : database_(std::move(database)) {}
  sqlite::Database database_;
};

}  // namespace signalbox::actions
