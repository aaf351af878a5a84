// BlockStore: the block list on disk (SQLite, WAL): one row for each block, written when a block comes or
// goes. What save() has answered for survives a crash of the process and of the machine. One thread at a
// time.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "actions/limits/block_list.h"
#include "actions/store/sqlite.h"
#include "base/result.h"

namespace signalbox::actions {

class BlockStore {
 public:
  /// Makes the file when there is none. Corrupt, Io: it cannot be read.
  static Result<BlockStore> open(const std::string& path);

  /// All that is stored.
  std::vector<Block> blocks() const;
  /// Stores exactly these: what has changed since, in one transaction. After an error it is as it was.
  Result<void> save(const std::vector<Block>& blocks);

 private:
  using Key = std::pair<BlockKind, std::string>;
  using Stored = std::map<Key, Block>;
  Result<void> read();
  Result<void> write_changes(const Stored& wanted);

  sqlite::Database database_;
  sqlite::Statement put_, erase_;
  Stored stored_;
};

}  // namespace signalbox::actions
