// Names of output columns: what a derived table or CTE is known to offer, from its text.
#include <algorithm>
#include <memory>
#include <vector>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

/// The column name PostgreSQL gives a target (FigureColname), "" when that takes more than a look.
std::string_view target_name(const ResTarget* target) {
  if (target->name != nullptr) return text_of(target->name);
  const Node* value = target->val;
  if (value == nullptr) return {};
  if (IsA(value, ColumnRef)) {
    const List* fields = as<ColumnRef>(value)->fields;
    return string_in(nth(fields, size_of(fields) - 1));
  }
  if (IsA(value, FuncCall)) return name_in(as<FuncCall>(value)->funcname).name;
  if (IsA(value, A_Const)) return "?column?";
  return {};
}

const List* targets_of(const Node* query) {
  while (query != nullptr && IsA(query, SelectStmt) && as<SelectStmt>(query)->op != SETOP_NONE)
    query = as<Node>(as<SelectStmt>(query)->larg);
  if (query == nullptr) return nullptr;
  switch (nodeTag(query)) {
    case T_SelectStmt: return as<SelectStmt>(query)->targetList;
    case T_InsertStmt: return returning_of(as<InsertStmt>(query)).targets;
    case T_UpdateStmt: return returning_of(as<UpdateStmt>(query)).targets;
    case T_DeleteStmt: return returning_of(as<DeleteStmt>(query)).targets;
    case T_MergeStmt: return returning_of(as<MergeStmt>(query)).targets;
    default: return nullptr;
  }
}

}  // namespace

const Columns* Walker::make_columns(std::span<const std::string_view> names) {
  auto* copy = static_cast<std::string_view*>(pool_.allocate(
      std::max<std::size_t>(names.size(), 1) * sizeof(std::string_view), alignof(std::string_view)));
  std::uninitialized_copy(names.begin(), names.end(), copy);
  return make(Columns{copy, static_cast<int>(names.size())});
}

/// Null when a target's name is not plain (a star, an expression), because then any name might be one of
/// them.
const Columns* Walker::output_columns(const Node* query) {
  const List* targets = targets_of(query);
  if (targets == nullptr || !charge(static_cast<std::uint64_t>(size_of(targets)))) return nullptr;
  std::pmr::vector<std::string_view> names(&pool_);
  for (const ListCell& cell : Cells(targets)) {
    if (!IsA(in(cell), ResTarget)) return nullptr;
    const std::string_view name = target_name(in<ResTarget>(cell));
    if (name.empty()) return nullptr;
    names.push_back(name);
  }
  return make_columns(names);
}

/// `columns` with the first ones renamed by an alias list; with `complete` the list is all there is.
const Columns* Walker::with_aliases(const Columns* columns, const List* aliases, bool complete) {
  if (aliases == nullptr) return columns;
  if (columns == nullptr && !complete) return nullptr;
  std::pmr::vector<std::string_view> names(&pool_);
  if (columns != nullptr) names.assign(columns->names, columns->names + columns->count);
  std::size_t i = 0;
  for (const ListCell& cell : Cells(aliases)) {
    if (i == names.size()) names.emplace_back();
    names[i++] = string_in(in(cell));
  }
  return make_columns(names);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
