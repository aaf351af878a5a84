// What is stored is known, so a change is a few rows however long the list is. synchronous = FULL: a block
// that an operator has been told of must not be gone after a power failure, and there are few.
#include "actions/store/block_store.h"

#include <optional>

namespace signalbox::actions {
namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 1048576;
CREATE TABLE IF NOT EXISTS blocks (
  kind TEXT NOT NULL,          -- address, user, fingerprint
  value TEXT NOT NULL,
  until_ns INTEGER NOT NULL,   -- Unix time; 0: for good
  created_ns INTEGER NOT NULL,
  reason TEXT NOT NULL,
  source TEXT NOT NULL,        -- policy/rule, or who did it by hand
  PRIMARY KEY (kind, value)
) WITHOUT ROWID;
)sql";

std::optional<BlockKind> kind_named(std::string_view text) {
  for (const auto kind : {BlockKind::Address, BlockKind::User, BlockKind::Fingerprint}) {
    if (name(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace

Result<BlockStore> BlockStore::open(const std::string& path) {
  BlockStore store;
  auto database = sqlite::Database::open(path, sqlite::Mode::ReadWriteCreate);
  if (!database) return std::unexpected(database.error());
  store.database_ = std::move(*database);
  if (auto made = store.database_.execute(kSchema); !made) return std::unexpected(made.error());
  auto put = store.database_.prepare("INSERT OR REPLACE INTO blocks VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!put) return std::unexpected(put.error());
  store.put_ = std::move(*put);
  auto erase = store.database_.prepare("DELETE FROM blocks WHERE kind = ?1 AND value = ?2");
  if (!erase) return std::unexpected(erase.error());
  store.erase_ = std::move(*erase);
  if (auto done = store.read(); !done) return std::unexpected(done.error());
  return store;
}

Result<void> BlockStore::read() {
  auto rows = database_.prepare("SELECT kind, value, until_ns, created_ns, reason, source FROM blocks");
  if (!rows) return std::unexpected(rows.error());
  for (;;) {
    auto row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    const auto kind = kind_named(rows->text(0));
    if (!kind) return fail(ErrorCode::Corrupt, "the list of blocks has one of an unknown kind");
    Block block{.kind = *kind,
                .value = std::string(rows->text(1)),
                .until_ns = rows->integer(2),
                .created_ns = rows->integer(3),
                .reason = std::string(rows->text(4)),
                .source = std::string(rows->text(5))};
    stored_.emplace(Key(*kind, block.value), std::move(block));
  }
}

std::vector<Block> BlockStore::blocks() const {
  std::vector<Block> all;
  for (const auto& [key, block] : stored_) all.push_back(block);
  return all;
}

Result<void> BlockStore::save(const std::vector<Block>& blocks) {
  Stored wanted;
  for (const Block& block : blocks) wanted.emplace(Key(block.kind, block.value), block);
  if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  Result<void> written = write_changes(wanted);
  if (written) written = database_.execute("COMMIT");
  if (!written) {
    (void)database_.execute("ROLLBACK");
    return written;
  }
  stored_ = std::move(wanted);
  return {};
}

Result<void> BlockStore::write_changes(const Stored& wanted) {
  for (const auto& [key, block] : wanted) {
    const auto known = stored_.find(key);
    if (known != stored_.end() && known->second == block) continue;
    auto put = put_.bind(1, name(block.kind))
                   .bind(2, block.value)
                   .bind(3, block.until_ns)
                   .bind(4, block.created_ns)
                   .bind(5, block.reason)
                   .bind(6, block.source)
                   .run();
    if (!put) return std::unexpected(put.error());
  }
  for (const auto& [key, block] : stored_) {
    if (wanted.contains(key)) continue;
    auto erased = erase_.bind(1, name(key.first)).bind(2, key.second).run();
    if (!erased) return std::unexpected(erased.error());
  }
  return {};
}

}  // namespace signalbox::actions
