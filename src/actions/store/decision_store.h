// DecisionStore: past decisions, to be found by time, user, action and id. SQLite; bounded by age and size.
// An id begins with its time (actions/id.h), so the index on ids is the index on time, and every search walks
// some index in that order. Written by the writer thread, read through a DecisionReader's own connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/record.h"
#include "actions/store/sqlite.h"
#include "base/result.h"

namespace signalbox::actions {

struct DecisionFrame;

class DecisionStore {
 public:
  static Result<DecisionStore> open(const std::string& path);

  Result<void> begin();
  Result<void> commit();
  void rollback();
  Result<void> insert(const DecisionFrame& decision);
  /// Removes what is older than `before_ms`, and the oldest while the store is above `max_bytes`; at most
  /// `limit` rows a call, so that it never takes long. How many.
  Result<std::uint64_t> trim(std::int64_t before_ms, std::uint64_t max_bytes, std::uint32_t limit);

 private:
  Result<std::uint64_t> used_bytes();

  sqlite::Database database_;
  sqlite::Statement insert_, insert_action_, oldest_, erase_, erase_actions_, pages_;
};

struct DecisionQuery {
  std::optional<std::int64_t> from_ms = {};   ///< included
  std::optional<std::int64_t> until_ms = {};  ///< excluded
  std::string user = {};                      ///< "" = any
  std::string action = {};                    ///< asked for by a policy; catalogue name; "" = any
  std::string verdict = {};                   ///< "" = any
  std::optional<Id> before = {};  ///< page: records older than this one (the last id of the page before)
  std::uint32_t limit = 100;      ///< at most 1000
};

/// Searches, newest first. One thread at a time.
class DecisionReader {
 public:
  static Result<std::unique_ptr<DecisionReader>> open(const std::string& path);
  Result<std::vector<DecisionRecord>> search(const DecisionQuery& query);
  /// nullopt: there is none of that id (any more).
  Result<std::optional<DecisionRecord>> find(const Id& id);

 private:
  explicit DecisionReader(sqlite::Database database) : database_(std::move(database)) {}
  sqlite::Database database_;
};

}  // namespace signalbox::actions
