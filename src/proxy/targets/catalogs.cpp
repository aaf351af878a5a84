// One thread, a list of databases, the one that is due next. Surprise: after a change a reading waits a
// moment, because the statement that was seen on its way has not run yet; and a reading that finds the same
// rows keeps the number of the one before, so that nothing remembered under it is lost.
#include "proxy/targets/catalogs.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace signalbox::proxy {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kMaxDatabases = 64;
constexpr std::int64_t kAfterChange = 200'000'000;     // ns
constexpr std::int64_t kAfterFailure = 5'000'000'000;  // ns
constexpr std::int64_t kForgottenAfter = 5;            // refresh intervals without a successful reading

std::int64_t steady_ns() {
  return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::shared_ptr<const CatalogReading> DatabaseCatalog::reading() const {
  const std::scoped_lock hold(lock_);
  return reading_;
}

void DatabaseCatalog::change() {
  changes_.fetch_add(1, std::memory_order_acq_rel);
  version_.fetch_add(1, std::memory_order_acq_rel);
}

Catalogs::~Catalogs() {
  {
    const std::scoped_lock hold(lock_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<DatabaseCatalog> Catalogs::of(const TargetOptions& target, std::string_view database) {
  if (target.catalog.user.empty()) return nullptr;
  const std::scoped_lock hold(lock_);
  const std::pair<std::string, std::string> key(target.name, database);
  if (const auto at = all_.find(key); at != all_.end()) return at->second;
  if (all_.size() >= kMaxDatabases || stopping_) return nullptr;
  auto made = std::make_shared<DatabaseCatalog>();
  made->target_ = target;
  made->database_ = database;
  all_.emplace(key, made);
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  woken_ = true;
  wake_.notify_all();
  return made;
}

void Catalogs::wake() {
  {
    const std::scoped_lock hold(lock_);
    woken_ = true;
  }
  wake_.notify_all();
}

void Catalogs::run() {
  std::unique_lock hold(lock_);
  while (!stopping_) {
    std::shared_ptr<DatabaseCatalog> next;
    std::int64_t due = steady_ns() + 3'600'000'000'000;
    for (const auto& [key, one] : all_) {
      const bool changed = one->changes() != one->seen_changes_;
      const std::int64_t its = changed ? std::min(one->due_ns_, steady_ns() + kAfterChange) : one->due_ns_;
      if (changed) one->due_ns_ = its;
      if (its < due) due = its, next = one;
    }
    if (next == nullptr || due > steady_ns()) {
      woken_ = false;
      wake_.wait_for(hold, nanoseconds(std::max<std::int64_t>(due - steady_ns(), 0)),
                     [this] { return stopping_ || woken_; });
      continue;
    }
    hold.unlock();
    read(*next);
    hold.lock();
  }
}

void Catalogs::read(DatabaseCatalog& one) {
  const std::int64_t began = steady_ns();
  const std::uint64_t changes = one.changes();
  const std::int64_t refresh = nanoseconds(one.target_.catalog.refresh).count();
  auto answer = read_catalog(one.target_, one.database_);
  one.seen_changes_ = changes;
  if (!answer) {
    log::warn("the catalogue could not be read",
              {{"target", one.target_.name}, {"database", one.database_}, {"error", answer.error().message}});
    one.due_ns_ = steady_ns() + std::min(refresh, kAfterFailure);
    if (steady_ns() - one.read_ns_ > kForgottenAfter * refresh) {
      const std::scoped_lock hold(one.lock_);
      one.reading_.reset();
    }
    one.version_.fetch_add(1, std::memory_order_acq_rel);
    return;
  }
  one.read_ns_ = began;
  one.due_ns_ = began + refresh;
  const auto before = one.reading();
  const bool same = before != nullptr && one.digest_ == answer->digest;
  auto fresh = std::make_shared<CatalogReading>();
  fresh->catalog = same ? before->catalog : sql::Catalog::build(std::move(answer->rows));
  fresh->number = same ? before->number : (before == nullptr ? 1 : before->number + 1);
  fresh->changes = changes;
  one.digest_ = answer->digest;
  {
    const std::scoped_lock hold(one.lock_);
    one.reading_ = std::move(fresh);
  }
  one.version_.fetch_add(1, std::memory_order_acq_rel);
}

}  // namespace signalbox::proxy
