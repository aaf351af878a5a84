// RETURNING, which is a list up to PostgreSQL 17 and a node of its own since.
//
// `old` and `new` are the row before and after since 18, unless the statement calls them otherwise. They are
// known whatever the grammar: to an older one `old.a` is a column like any other, and the server may be newer
// than the grammar.
#pragma once

#include <string_view>

#include "sql/grammar/tree.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

struct Returning {
  const List* targets = nullptr;  ///< null: nothing is returned
  std::string_view before = "old";
  std::string_view after = "new";
};

/// Of an INSERT, UPDATE, DELETE or MERGE.
template <class Statement>
Returning returning_of(const Statement* statement) {
  Returning out;
#if PG_VERSION_NUM >= 180000
  const ReturningClause* clause = statement->returningClause;
  if (clause == nullptr) return out;
  out.targets = clause->exprs;
  for (const ListCell& cell : Cells(clause->options)) {
    const auto* option = in<ReturningOption>(cell);
    (option->option == RETURNING_OPTION_OLD ? out.before : out.after) = text_of(option->value);
  }
#else
  out.targets = statement->returningList;
#endif
  return out;
}

#if PG_VERSION_NUM < 170000
inline Returning returning_of(const MergeStmt*) {
  return {};
}
#endif

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
