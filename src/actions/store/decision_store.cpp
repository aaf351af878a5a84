// Three indexes: by id (= time), by (user, id), and a side table (action, id). A search takes the most
// selective one it has a value for and filters the rest.
#include "actions/store/decision_store.h"

#include <algorithm>

#include "actions/lanes/frames.h"

namespace signalbox::actions {

namespace {

constexpr const char* kSchema = R"sql(
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA journal_size_limit = 67108864;
PRAGMA cache_size = -8192;
CREATE TABLE IF NOT EXISTS decisions (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  user TEXT NOT NULL,
  verdict TEXT NOT NULL,
  actions TEXT NOT NULL,   -- names separated by blanks
  body TEXT NOT NULL       -- JSON
);
CREATE UNIQUE INDEX IF NOT EXISTS decisions_id ON decisions(id);
CREATE INDEX IF NOT EXISTS decisions_user ON decisions(user, id);
CREATE TABLE IF NOT EXISTS decision_actions (action TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (action, id)) WITHOUT ROWID;
)sql";

constexpr std::uint32_t kMaxPage = 1000;

template <class Visit>
void for_each_word(std::string_view words, Visit visit) {
  while (!words.empty()) {
    const std::size_t end = words.find(' ');
    if (end != 0) visit(words.substr(0, end));
    words.remove_prefix(std::min(end, words.size() - 1) + 1);
  }
}

DecisionRecord read_record(const sqlite::Statement& row) {
  DecisionRecord record;
  record.id = Id::from_bytes(row.text(0)).value_or(Id{});
  record.time_us = record.id.time_ms() * 1000;
  record.user = row.text(1);
  record.verdict = row.text(2);
  for_each_word(row.text(3), [&](std::string_view name) { record.actions.emplace_back(name); });
  record.body = row.text(4);
  return record;
}

}  // namespace

Result<DecisionStore> DecisionStore::open(const std::string& path) {
  DecisionStore store;
  auto database = sqlite::Database::open(path, sqlite::Mode::ReadWriteCreate);
  if (!database) return std::unexpected(database.error());
  store.database_ = std::move(*database);
  if (auto made = store.database_.execute(kSchema); !made) return std::unexpected(made.error());
  const std::pair<sqlite::Statement*, const char*> table[] = {
      {&store.insert_,
       "INSERT OR IGNORE INTO decisions (id, user, verdict, actions, body) VALUES (?1, ?2, ?3, ?4, ?5)"},
      {&store.insert_action_, "INSERT OR IGNORE INTO decision_actions (action, id) VALUES (?1, ?2)"},
      {&store.oldest_, "SELECT id, actions FROM decisions ORDER BY id LIMIT 1"},
      {&store.erase_, "DELETE FROM decisions WHERE id = ?1"},
      {&store.erase_actions_, "DELETE FROM decision_actions WHERE action = ?1 AND id = ?2"},
      {&store.pages_,
       "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), "
       "pragma_freelist_count(), pragma_page_size()"},
  };
  for (const auto& [statement, sql] : table) {
    auto prepared = store.database_.prepare(sql);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return store;
}

Result<void> DecisionStore::begin() {
  return database_.execute("BEGIN IMMEDIATE");
}
Result<void> DecisionStore::commit() {
  return database_.execute("COMMIT");
}
void DecisionStore::rollback() {
  (void)database_.execute("ROLLBACK");
}

Result<void> DecisionStore::insert(const DecisionFrame& decision) {
  auto inserted = insert_.bind_blob(1, decision.id.as_bytes())
                      .bind(2, decision.user)
                      .bind(3, decision.verdict)
                      .bind(4, decision.actions)
                      .bind(5, decision.body)
                      .run();
  if (!inserted) return std::unexpected(inserted.error());
  Result<void> result;
  for_each_word(decision.actions, [&](std::string_view name) {
    auto added = insert_action_.bind(1, name).bind_blob(2, decision.id.as_bytes()).run();
    if (!added) result = std::unexpected(added.error());
  });
  return result;
}

Result<std::uint64_t> DecisionStore::used_bytes() {
  auto row = pages_.step();
  if (!row) return std::unexpected(row.error());
  const auto bytes = static_cast<std::uint64_t>(pages_.integer(0));
  pages_.reset();
  return bytes;
}

Result<std::uint64_t> DecisionStore::trim(std::int64_t before_ms, std::uint64_t max_bytes,
                                          std::uint32_t limit) {
  auto used = used_bytes();
  if (!used) return used;
  const Id bound = Id::floor_of(before_ms);
  std::uint64_t removed = 0;
  for (; removed < limit; ++removed) {
    // Freed pages are counted only once they are whole, so look again now and then.
    if (removed % 64 == 63) {
      used = used_bytes();
      if (!used) return used;
    }
    auto row = oldest_.step();
    if (!row) return std::unexpected(row.error());
    if (!*row) break;
    const std::string id(oldest_.text(0)), names(oldest_.text(1));
    oldest_.reset();
    if (*used <= max_bytes && Id::from_bytes(id).value_or(Id{}) >= bound) break;
    Result<std::int64_t> erased = erase_.bind_blob(1, id).run();
    for_each_word(names, [&](std::string_view name) {
      if (erased) erased = erase_actions_.bind(1, name).bind_blob(2, id).run();
    });
    if (!erased) return std::unexpected(erased.error());
  }
  if (removed > 0) {
    if (auto vacuumed = database_.execute("PRAGMA incremental_vacuum(256)"); !vacuumed)
      return std::unexpected(vacuumed.error());
  }
  return removed;
}

Result<std::unique_ptr<DecisionReader>> DecisionReader::open(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::Mode::ReadOnly);
  if (!database) return std::unexpected(database.error());
  return std::unique_ptr<DecisionReader>(new DecisionReader(std::move(*database)));
}

Result<std::vector<DecisionRecord>> DecisionReader::search(const DecisionQuery& query) {
  // d.id is the order; with an action the side table leads, with a user the index on (user, id).
  std::string sql = "SELECT d.id, d.user, d.verdict, d.actions, d.body FROM ";
  sql += query.action.empty()
             ? "decisions d WHERE d.id >= ?1 AND d.id < ?2"
             : "decision_actions a JOIN decisions d ON d.id = a.id WHERE a.action = ?3 AND a.id >= ?1 AND "
               "a.id < ?2";
  if (!query.user.empty()) sql += " AND d.user = ?4";
  if (!query.verdict.empty()) sql += " AND d.verdict = ?5";
  sql += query.action.empty() ? " ORDER BY d.id DESC LIMIT ?6" : " ORDER BY a.id DESC LIMIT ?6";
  auto statement = database_.prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  const Id from = Id::floor_of(query.from_ms.value_or(0));
  Id until = Id::floor_of(query.until_ms.value_or(std::int64_t{1} << 47));
  if (query.before) until = std::min(until, *query.before);
  statement->bind_blob(1, from.as_bytes()).bind_blob(2, until.as_bytes());
  if (!query.action.empty()) statement->bind(3, query.action);
  if (!query.user.empty()) statement->bind(4, query.user);
  if (!query.verdict.empty()) statement->bind(5, query.verdict);
  statement->bind(6, std::clamp<std::uint32_t>(query.limit, 1, kMaxPage));
  std::vector<DecisionRecord> records;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    records.push_back(read_record(*statement));
  }
}

Result<std::optional<DecisionRecord>> DecisionReader::find(const Id& id) {
  auto statement = database_.prepare("SELECT id, user, verdict, actions, body FROM decisions WHERE id = ?1");
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->bind_blob(1, id.as_bytes()).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::optional<DecisionRecord>();
  return std::optional(read_record(*statement));
}

}  // namespace signalbox::actions
