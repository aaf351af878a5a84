// The SQL of the job table. Each partial index is on one state: SQLite 3.40 does not use `WHERE state IN (0,
// 1)` for `state = 0` (it scans and sorts). tests/actions/job_store_test.cpp asks EXPLAIN QUERY PLAN.
#pragma once

#include <cstddef>

namespace signalbox::actions::job_sql {

inline constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 67108864;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
CREATE TABLE IF NOT EXISTS jobs (
  seq INTEGER PRIMARY KEY,          -- order of acceptance
  id BLOB NOT NULL,
  state INTEGER NOT NULL,           -- JobState
  action TEXT NOT NULL,
  sink TEXT NOT NULL,
  arguments TEXT NOT NULL,          -- JSON object
  run_at INTEGER NOT NULL,          -- microseconds since the epoch
  attempt INTEGER NOT NULL DEFAULT 0,
  max_attempts INTEGER NOT NULL,
  timeout_ms INTEGER NOT NULL,
  fence INTEGER NOT NULL DEFAULT 0,
  lease_owner INTEGER NOT NULL DEFAULT 0,  -- boot id
  lease_until INTEGER NOT NULL DEFAULT 0,
  session INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  hook INTEGER NOT NULL,
  decision BLOB NOT NULL,
  wants_result INTEGER NOT NULL,
  created INTEGER NOT NULL,
  finished INTEGER,
  value TEXT,                       -- JSON
  errors TEXT NOT NULL DEFAULT '[]' -- JSON array of {at, attempt, message}, the last ten
);
CREATE UNIQUE INDEX IF NOT EXISTS jobs_id ON jobs(id);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs(sink, run_at) WHERE state = 0;
CREATE INDEX IF NOT EXISTS jobs_lease ON jobs(lease_until) WHERE state = 1;
CREATE INDEX IF NOT EXISTS jobs_completed ON jobs(finished) WHERE state = 2;
CREATE INDEX IF NOT EXISTS jobs_dead ON jobs(finished) WHERE state = 3;
CREATE INDEX IF NOT EXISTS jobs_cancelled ON jobs(finished) WHERE state = 4;
)sql";

/// Rows that one statement inserts or erases where there are that many: opening the table and its indexes is
/// what a statement about one row costs most.
inline constexpr std::size_t kWide = 32;

/// Followed by as many rows of kRow as are inserted.
inline constexpr const char* kInsert =
    "INSERT OR IGNORE INTO jobs (seq, id, state, action, sink, arguments, run_at, attempt, max_attempts, "
    "timeout_ms, "
    "fence, lease_owner, lease_until, session, generation, hook, decision, wants_result, created) VALUES ";
inline constexpr const char* kRow = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
inline constexpr int kRowParameters = 19;
inline constexpr const char* kIsThere = "SELECT 1 FROM jobs WHERE seq = ?1";

inline constexpr const char* kDue =
    "SELECT seq, id, action, sink, arguments, attempt, max_attempts, timeout_ms, session, generation, hook, "
    "decision, "
    "wants_result, created FROM jobs WHERE state = 0 AND sink = ?3 AND run_at <= ?1 ORDER BY run_at LIMIT ?2";

inline constexpr const char* kClaim =
    "UPDATE jobs SET state = 1, attempt = attempt + 1, fence = ?2, lease_owner = ?3, lease_until = ?4 WHERE "
    "seq = ?1";

// One step of a walk over the sinks that have pending jobs: the next sink and its earliest time, one seek.
inline constexpr const char* kNextSink =
    "SELECT sink, run_at FROM jobs WHERE state = 0 AND sink > ?1 ORDER BY sink, run_at LIMIT 1";

// What a runner brings back: only the holder of the current claim changes the row.
#define SIGNALBOX_HELD " WHERE seq = ?1 AND fence = ?2 AND state = 1"
#define SIGNALBOX_ADD_ERROR                                                                               \
  "errors = json_insert(CASE WHEN json_array_length(errors) >= 10 THEN json_remove(errors, '$[0]') ELSE " \
  "errors END, "                                                                                          \
  "'$[#]', json_object('at_us', ?4, 'attempt', attempt, 'message', ?3))"
inline constexpr const char* kErase = "DELETE FROM jobs" SIGNALBOX_HELD;
/// With kWide rows and as many fences. A fence is one claim's, so it need not stand beside its row. The plus
/// signs keep SQLite from walking all running jobs instead of looking up these.
inline constexpr const char* kEraseWide =
    "DELETE FROM jobs WHERE seq IN ({}) AND +fence IN ({}) AND +state = 1 RETURNING fence";
inline constexpr const char* kKeep = "UPDATE jobs SET state = 2, value = ?3, finished = ?4" SIGNALBOX_HELD;
inline constexpr const char* kRetry =
    "UPDATE jobs SET state = 0, run_at = ?5, " SIGNALBOX_ADD_ERROR SIGNALBOX_HELD;
inline constexpr const char* kFail =
    "UPDATE jobs SET state = 3, finished = ?4, " SIGNALBOX_ADD_ERROR SIGNALBOX_HELD;
inline constexpr const char* kPutBack =
    "UPDATE jobs SET state = 0, run_at = ?3, attempt = attempt - 1" SIGNALBOX_HELD;
inline constexpr const char* kRenew = "UPDATE jobs SET lease_until = ?3" SIGNALBOX_HELD;
#undef SIGNALBOX_HELD

// Leases that are over (?1 = now, ?2 = lease bound; of owners other than ?3). A job without attempts left
// dies: it may be what killed us.
inline constexpr const char* kBuryExpired =
    "UPDATE jobs SET state = 3, finished = ?1, errors = json_insert(errors, '$[#]', "
    "json_object('at_us', ?1, 'attempt', attempt, 'message', 'lease_expired: its runner never came back')) "
    "WHERE state = 1 AND lease_until < ?2 AND lease_owner <> ?3 AND attempt >= max_attempts";
inline constexpr const char* kExpire =
    "UPDATE jobs SET state = 0, run_at = ?1 WHERE state = 1 AND lease_until < ?2 AND lease_owner <> ?3";
inline constexpr const char* kExpiredProbe = "SELECT seq FROM jobs WHERE state = 1 AND lease_until < ?1";

inline constexpr const char* kRequeue =
    "UPDATE jobs SET state = 0, run_at = ?2, attempt = 0, finished = NULL WHERE id = ?1 AND state = 3";
inline constexpr const char* kDiscard = "DELETE FROM jobs WHERE id = ?1 AND state = 3";
inline constexpr const char* kCancel = "UPDATE jobs SET state = 4, finished = ?2 WHERE id = ?1 AND state = 0";

inline constexpr const char* kSweepCompleted = "DELETE FROM jobs WHERE state = 2 AND finished < ?1";
inline constexpr const char* kSweepDead = "DELETE FROM jobs WHERE state = 3 AND finished < ?1";
inline constexpr const char* kSweepCancelled = "DELETE FROM jobs WHERE state = 4 AND finished < ?1";
inline constexpr const char* kTrimDead =
    "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs WHERE state = 3 ORDER BY finished LIMIT ?1)";

}  // namespace signalbox::actions::job_sql
