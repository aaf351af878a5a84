// Catalogs: what is known of the databases behind the targets, read over a connection of the gateway's own
// and read again from time to time, and soon after a statement that defines something has passed.
//
// One thread reads, one database after the other. A session asks for its database once and then looks whether
// there is something new, which costs one atomic load. Nobody waits for a reading: until the first is done,
// and when none has been possible for long, the catalogue is unknown, and policies decide what that means.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/result.h"
#include "proxy/gateway_options.h"
#include "sql/catalog.h"

namespace signalbox::proxy {

/// One reading. Immutable.
struct CatalogReading {
  std::shared_ptr<const sql::Catalog> catalog;
  std::uint64_t number = 0;   ///< grows when the catalogue has become another one
  std::uint64_t changes = 0;  ///< DatabaseCatalog::changes() when the reading began
};

/// The catalogue of one database. Safe to use from any thread.
class DatabaseCatalog {
 public:
  /// Null: unknown.
  std::shared_ptr<const CatalogReading> reading() const;
  /// Grows with every reading, and with every change() and failure.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  /// A statement that defines something has passed: what was read before is stale.
  void change();
  std::uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  bool is_stale(const CatalogReading& reading) const { return reading.changes != changes(); }

 private:
  friend class Catalogs;
  mutable std::mutex lock_;  // of reading_
  std::shared_ptr<const CatalogReading> reading_;
  std::atomic<std::uint64_t> version_{0};
  std::atomic<std::uint64_t> changes_{0};

  // Of the reading thread alone:
  TargetOptions target_;
  std::string database_;
  std::uint64_t digest_ = 0;        ///< of the rows
  std::uint64_t seen_changes_ = 0;  ///< changes() when it was read last
  std::int64_t due_ns_ = 0;         ///< steady
  std::int64_t read_ns_ = 0;        ///< steady; of the last success, 0 = none
};

/// The rows of one database, by the queries of sql/catalog.h; `digest` is of all of them. Blocks for at most
/// CatalogOptions::timeout for each query. Errors hold no secret.
struct CatalogAnswer {
  sql::CatalogRows rows;
  std::uint64_t digest = 0;
};
Result<CatalogAnswer> read_catalog(const TargetOptions& target, const std::string& database);

class Catalogs {
 public:
  Catalogs() = default;
  ~Catalogs();
  Catalogs(const Catalogs&) = delete;
  Catalogs& operator=(const Catalogs&) = delete;

  /// Null when the target's configuration asks for none, or there are too many databases.
  std::shared_ptr<DatabaseCatalog> of(const TargetOptions& target, std::string_view database);
  /// To be called after DatabaseCatalog::change(): reads soon.
  void wake();

 private:
  void run();
  void read(DatabaseCatalog& one);

  std::mutex lock_;  // of what follows
  std::condition_variable wake_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<DatabaseCatalog>> all_;
  bool stopping_ = false;
  bool woken_ = false;
  std::thread thread_;
};

}  // namespace signalbox::proxy
