// Scopes: which names a place in a query can see. CTE names, and the relations of each FROM, from the inside
// out. All of it is trivially destructible and lives in the walker's pool.
#pragma once

#include <cstdint>
#include <string_view>

#include "sql/catalog.h"
#include "sql/grammar/tree.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// The column names that a derived relation surely has.
struct Columns {
  const std::string_view* names = nullptr;
  int count = 0;

  bool has(std::string_view name) const {
    for (int i = 0; i < count; ++i)
      if (names[i] == name) return true;
    return false;
  }
};

/// `column = value` of a relation, from a WHERE or ON at top level AND.
struct Condition {
  std::string_view column = {};
  const Node* value = nullptr;  ///< null: `boolean` or, with is_null, NULL
  bool boolean = false;
  bool is_null = false;
  const Condition* next = nullptr;
};

struct Relation {
  std::string_view alias = {};  ///< what qualifies its columns
  std::string_view schema = {};
  std::string_view name = {};        ///< of a table; "" for what is derived (sub-select, CTE, function, join)
  const Columns* columns = nullptr;  ///< null: not known
  const Columns* renamed = nullptr;  ///< of a table or join with a column alias list: names of
                                     ///< unknown columns
  const Catalog::Relation* known = nullptr;  ///< what the catalogue says of the table
  const Condition* where = nullptr;
  Relation* next = nullptr;
  int index = 0;       ///< within its scope
  int conditions = 0;  ///< how many in `where`
  int join_begin = 0;  ///< an aliased join stands for the relations [join_begin, join_end)
  int join_end = 0;
  bool aliased = false;    ///< the alias hides schema and name
  bool target = false;     ///< written by the statement: a read is listed when a column is read
  bool qualified = false;  ///< means something in front of a column only: `old`, `new`
  bool hidden = false;     ///< by the alias of the join that it is in: only that join sees it
  bool read_listed = false;
  std::string_view read_verb = "select";  ///< of a target's read

  bool is_table() const { return !name.empty(); }
};

struct Scope {
  Scope* parent = nullptr;
  std::string_view cte;  ///< a scope holds one CTE name or the relations of one FROM
  const Columns* cte_columns = nullptr;
  /// What stands in a FROM (ON, LATERAL, arguments) sees some of its relations: those of this scope.
  const Scope* whole = nullptr;
  Relation* first = nullptr;
  Relation* last = nullptr;
  int size = 0;
  std::uint32_t depth = 0;    ///< of query levels
  bool any = false;           ///< its one relation stands for all (the statement's own WHERE)
  bool outputs_only = false;  ///< ORDER BY of a UNION: a bare name is an output column

  Relation* relations() const { return whole == nullptr ? first : whole->first; }
  bool may_see(const Relation& relation) const { return whole != nullptr || !relation.hidden; }
  /// A name that the relation surely has means that relation's.
  bool settles(const Relation& relation) const { return whole == nullptr && !relation.hidden; }
};

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
