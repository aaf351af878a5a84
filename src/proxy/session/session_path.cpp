// The surprise: a session that never moves its path pays for a flag. From the first SET on, every BEGIN,
// COMMIT, ROLLBACK and savepoint counts, in the order in which they were sent; and where something has failed
// among several, nobody can say which of them had run, so the path is not known until it is set anew.
#include "proxy/session/session_path.h"

#include <algorithm>
#include <utility>

#include "sql/catalog.h"

namespace signalbox::proxy {
namespace {

using What = PathChange::What;

constexpr std::size_t kMaxSavepoints = 64;
constexpr std::size_t kMaxPending = 1024;

}  // namespace

void SessionPath::begin(std::optional<std::string> path, std::string_view user, bool told_role) {
  user_ = user;
  start_path_ = std::move(path);
  start_role_ = told_role ? std::optional(std::string()) : std::nullopt;
  if (followed_ || lost_) return;
  now_ = {};
  now_.path.session = start_path_;
  now_.role.session = start_role_;
  before_ = now_;
}

void SessionPath::lose() {
  give_up();
  before_ = now_;
  savepoints_.clear();
  pending_.clear();
  lost_ = followed_ = true;
}

void SessionPath::give_up() {
  now_ = {};
}

void SessionPath::Followed::set(const PathChange& change, const std::optional<std::string>& start) {
  const std::optional<std::string>& value = change.reset ? start : change.value;
  if (change.local) {
    is_local = true;
    local = value;
  } else {
    session = value;
    end_local();
  }
}

// ---- what passes

void SessionPath::passes(std::span<const PathChange> changes) {
  if (changes.empty()) return;
  followed_ = followed_ || std::ranges::any_of(changes, moves);
  if (!followed_) {  // a savepoint brings back what has been there from the beginning
    for (const PathChange& change : changes)
      if (change.what == What::Savepoint) apply(change);
    return;
  }
  if (pending_.size() + changes.size() > kMaxPending) return lose();
  const bool differs = now_ != before_ || now_.path.is_local || now_.role.is_local || unsettled_;
  unsettled_ = differs || std::ranges::any_of(changes, moves);
  pending_.insert(pending_.end(), changes.begin(), changes.end());
}

void SessionPath::rested(Transaction now) {
  if (!followed_) {
    in_transaction_ = now != Transaction::Idle;
    transaction_failed_ = now == Transaction::Failed;
    if (!in_transaction_) savepoints_.clear();
    failed_ = false;
    return;
  }
  const std::vector<PathChange> passed = std::exchange(pending_, {});
  if (failed_ && !passed.empty()) {
    untold(passed);
  } else {
    for (const PathChange& change : passed) apply(change);
  }
  if (now == Transaction::Idle) {
    if (in_transaction_ && now_ != before_) give_up();  // it has ended, and nobody has seen how
    now_.path.end_local(), now_.role.end_local();
    before_ = now_;
    savepoints_.clear();
  }
  in_transaction_ = now != Transaction::Idle;
  transaction_failed_ = now == Transaction::Failed;
  failed_ = moved_ = unsettled_ = false;
}

/// Some of it has run, and some has not.
void SessionPath::untold(std::span<const PathChange> passed) {
  const auto any = [&](What what) {
    return std::ranges::any_of(passed, [&](const PathChange& one) { return one.what == what; });
  };
  give_up();
  savepoints_.clear();
  if (!in_transaction_ || any(What::Commit) || any(What::Rollback)) before_ = now_;
  if (any(What::Hidden)) lose();
}

// ---- what has run

void SessionPath::apply(const PathChange& change) {
  switch (change.what) {
    case What::Path: moved_ = true; return now_.path.set(change, start_path_);
    case What::Role: {
      moved_ = true;
      PathChange role = change;
      if (role.value == "none") role.value = "";
      return now_.role.set(role, start_role_);
    }
    case What::Begin: return begin_transaction();
    case What::Commit:
      if (transaction_failed_) return roll_back();
      now_.path.end_local(), now_.role.end_local();
      before_ = now_;
      savepoints_.clear();
      in_transaction_ = moved_ = false;
      return;
    case What::Rollback: return roll_back();
    case What::Savepoint:
      if (savepoints_.size() == kMaxSavepoints) savepoints_.erase(savepoints_.begin());
      savepoints_.push_back({change.savepoint, now_});
      return;
    case What::RollbackTo: return roll_back_to(change.savepoint);
    case What::Release: return release(change.savepoint);
    case What::DiscardAll: return discard_all();
    case What::Hidden: return lose();
  }
}

/// What has been set before it in the same message or pipeline may belong to it.
void SessionPath::begin_transaction() {
  if (in_transaction_) return;
  before_ = moved_ ? Values{} : now_;
  before_.path.end_local(), before_.role.end_local();
  savepoints_.clear();
  in_transaction_ = true;
}

/// Outside a transaction it undoes what the same message has set, or nothing.
void SessionPath::roll_back() {
  if (!in_transaction_ && moved_) {
    give_up();
    before_ = now_;
  } else if (in_transaction_) {
    now_ = before_;
  }
  savepoints_.clear();
  in_transaction_ = moved_ = transaction_failed_ = false;
}

std::vector<SessionPath::Savepoint>::iterator SessionPath::find(std::string_view savepoint) {
  const auto at = std::ranges::find(savepoints_.rbegin(), savepoints_.rend(), savepoint, &Savepoint::name);
  return at == savepoints_.rend() ? savepoints_.end() : std::prev(at.base());
}

void SessionPath::roll_back_to(std::string_view savepoint) {
  const auto at = find(savepoint);
  if (at == savepoints_.end()) return give_up();
  now_ = at->values;
  transaction_failed_ = false;
  savepoints_.erase(std::next(at), savepoints_.end());
}

void SessionPath::release(std::string_view savepoint) {
  savepoints_.erase(find(savepoint), savepoints_.end());
}

void SessionPath::discard_all() {
  lost_ = false;
  now_ = {};
  now_.path.session = start_path_;
  now_.role.session = start_role_;
  before_ = now_;
  savepoints_.clear();
}

// ---- what is known

std::optional<std::vector<std::string>> SessionPath::path() const {
  if (lost_ || unsettled_) return std::nullopt;
  const std::optional<std::string>& path = reported_ ? reported_ : now_.path.value();
  if (!path) return std::nullopt;
  const std::optional<std::string>& role = now_.role.value();
  if (!role && path->find("$user") != std::string::npos) return std::nullopt;
  return sql::split_path(*path, role && !role->empty() ? *role : user_);
}

}  // namespace signalbox::proxy
