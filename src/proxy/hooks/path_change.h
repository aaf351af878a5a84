// What a statement does to the search_path of its session, and to the role that "$user" in it stands for,
// once it has run. Told from the facts alone; what it comes to is for the session (session/session_path.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sql/facts.h"

namespace signalbox::proxy {

struct PathChange {
  enum class What : std::uint8_t {
    Path,
    Role,
    Begin,
    Commit,
    Rollback,
    Savepoint,
    RollbackTo,
    Release,
    DiscardAll,
    Hidden,  ///< code that nobody has read may have run: it may have set anything and made temporary tables
  };
  What what = What::Hidden;
  bool local = false;                     ///< until the transaction ends
  bool reset = false;                     ///< to what the session began with
  std::optional<std::string> value = {};  ///< Path, Role; nothing when it is not told
  std::string savepoint = {};

  bool operator==(const PathChange&) const = default;
};

/// Of one statement at top level. `followed`: what its name stands for (EXECUTE, FETCH) has been read too.
void append_path_changes(std::vector<PathChange>& changes, const sql::StatementFacts& statement,
                         bool followed);

/// More than a transaction's course.
bool moves(const PathChange& change);

}  // namespace signalbox::proxy
