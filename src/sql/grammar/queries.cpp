// Queries: SELECT, INSERT, UPDATE, DELETE, MERGE and WITH. Each makes its scope from FROM and WHERE at once
// and leaves everything inside (sub-selects, expressions) to the walk's stack. Surprise: a WITH name hides a
// table of the same name, but not from the WITH query itself unless it says RECURSIVE.
#include <algorithm>
#include <utility>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

std::string_view strength_word(LockClauseStrength strength) {
  switch (strength) {
    case LCS_FORKEYSHARE: return "for key share";
    case LCS_FORSHARE: return "for share";
    case LCS_FORNOKEYUPDATE: return "for no key update";
    default: return "for update";
  }
}

std::string_view wait_word(LockWaitPolicy policy) {
  switch (policy) {
    case LockWaitSkip: return "skip locked";
    case LockWaitError: return "nowait";
    default: return "block";
  }
}

Place within(Place place, Scope* scope) {
  place.scope = scope;
  place.top = false;
  return place;
}

}  // namespace

Scope* Walker::with(const WithClause* clause, const Place& place) {
  Scope* scope = place.scope;
  if (clause == nullptr) return scope;
  const auto add = [&](const CommonTableExpr* cte) {
    scope = new_scope(scope, 0);
    scope->cte = text_of(cte->ctename);
    if (cte->search_clause == nullptr && cte->cycle_clause == nullptr)  // these add columns
      scope->cte_columns = with_aliases(output_columns(cte->ctequery), cte->aliascolnames, false);
  };
  if (clause->recursive)
    for (const ListCell& cell : Cells(clause->ctes)) add(in<CommonTableExpr>(cell));
  for (const ListCell& cell : Cells(clause->ctes)) {
    const auto* cte = in<CommonTableExpr>(cell);
    const std::string_view kind = kind_of(cte->ctequery);
    out_.kind(kind);
    out_.common_table(text_of(cte->ctename), kind, clause->recursive);
    push(cte->ctequery, within(place, new_scope(scope)));
    push(cte->search_clause, within(place, scope));
    push(cte->cycle_clause, within(place, scope));
    if (!clause->recursive) add(cte);
  }
  return scope;
}

void Walker::select(const SelectStmt* select, const Place& place) {
  if (place.top) {
    if (!limit_seen_) {
      out_.kind(kind_of(as<Node>(select)));
      note_only_call(select);
    }
    limit(select);
  }
  Scope* names = with(select->withClause, place);
  if (select->op != SETOP_NONE) return set_operation(select, names, place);
  Scope* scope = new_scope(names);
  from(select->fromClause, scope, names, place);
  conditions(select->whereClause, scope, 0, scope->size);
  list_tables(scope);
  if (place.top) top_where(select->whereClause, scope);
  into(select->intoClause, place);
  locking(select->lockingClause, scope, place);
  select_clauses(select, within(place, scope));
}

/// Branches see the WITH names; ORDER BY and LIMIT see the output columns only.
void Walker::set_operation(const SelectStmt* select, Scope* names, const Place& place) {
  Place branch = place;
  branch.scope = names;
  push(select->larg, branch);
  push(select->rarg, branch);
  Scope* outputs = new_scope(names);
  outputs->outputs_only = true;
  push(select->sortClause, within(place, outputs));
  push(select->limitOffset, within(place, outputs));
  push(select->limitCount, within(place, outputs));
  locking(select->lockingClause, outputs, place);
}

void Walker::select_clauses(const SelectStmt* select, const Place& place) {
  push(select->distinctClause, place);
  push(select->targetList, place);
  push(select->valuesLists, place);
  push(select->whereClause, place);
  push(select->groupClause, place);
  push(select->havingClause, place);
  push(select->windowClause, place);
  for (const ListCell& cell : Cells(select->sortClause)) {
    // ORDER BY name means an output column of that name when there is one.
    const Node* node = IsA(in(cell), SortBy) ? in<SortBy>(cell)->node : nullptr;
    const List* fields = node != nullptr && IsA(node, ColumnRef) ? as<ColumnRef>(node)->fields : nullptr;
    bool output = false;
    for (const ListCell& target : Cells(size_of(fields) == 1 ? select->targetList : nullptr)) {
      if (!charge(1)) return;
      output = output || text_of(in<ResTarget>(target)->name) == string_in(nth(fields, 0));
    }
    if (!output) push(in(cell), place);
  }
  push(select->limitOffset, place);
  push(select->limitCount, place);
}

/// The outermost query's own; a branch of a UNION limits only itself.
void Walker::limit(const SelectStmt* select) {
  if (std::exchange(limit_seen_, true) || select->limitCount == nullptr) return;
  const std::optional<Literal> value = literal_of(select->limitCount);
  if (value && value->kind == Literal::Kind::Null) return;  // LIMIT ALL
  out_.facts().has_limit = true;
  out_.facts().limit = value.value_or(Literal::unknown());
}

/// SELECT f(...), which calls it once.
void Walker::note_only_call(const SelectStmt* select) {
  const void* const others[] = {select->distinctClause, select->intoClause,  select->fromClause,
                                select->whereClause,    select->groupClause, select->havingClause,
                                select->windowClause,   select->valuesLists, select->sortClause,
                                select->limitOffset,    select->limitCount,  select->lockingClause,
                                select->withClause,     select->larg};
  if (size_of(select->targetList) != 1 || std::ranges::any_of(others, [](const void* one) { return one; }))
    return;
  const Node* value = nth<ResTarget>(select->targetList, 0)->val;
  if (value != nullptr && IsA(value, FuncCall)) only_call_ = as<FuncCall>(value);
}

void Walker::into(const IntoClause* into, const Place& place) {
  if (into == nullptr) return;
  if (place.executes) out_.changes();
  if (into->rel != nullptr) name_table(into->rel, Access::Define, "create");
}

/// FOR UPDATE and its kin lock rows of the named relations, or of all tables of the FROM.
void Walker::locking(const List* clauses, Scope* scope, const Place& place) {
  for (const ListCell& cell : Cells(clauses)) {
    const auto* clause = in<LockingClause>(cell);
    if (place.executes) out_.changes();
    out_.lock(strength_word(clause->strength), wait_word(clause->waitPolicy));
    for (Relation* relation = scope->first; relation != nullptr; relation = relation->next) {
      bool named = clause->lockedRels == nullptr;
      for (const ListCell& name : Cells(clause->lockedRels)) {
        if (!charge(1)) return;
        named = named || text_of(in<RangeVar>(name)->relname) == relation->alias;
      }
      if (named && relation->is_table()) list_use(*relation, Access::Lock, "lock");
    }
  }
}

void Walker::insert(const InsertStmt* insert, const Place& place) {
  if (place.top) out_.kind("insert");
  if (place.executes) out_.changes();
  Scope* names = with(insert->withClause, place);
  Scope* scope = new_scope(names);
  Relation& target = add_target(insert->relation, scope);
  target.read_verb = "insert";  // of rows that it makes, or is to update
  const Place inside = within(place, scope);
  list_use(target, Access::Write, "insert");
  write_columns(insert->cols, target, inside);
  if (insert->cols == nullptr) out_.column(target.name, "*", Access::Write, true);
  push(insert->selectStmt, within(place, names));
  on_conflict(insert->onConflictClause, target, scope, inside);
  returning(returning_of(insert), target, inside);
}

void Walker::on_conflict(const OnConflictClause* clause, Relation& target, Scope* scope, const Place& place) {
  if (clause == nullptr) return;
  // The row that was to be inserted: reading it needs the right to read the table's columns.
  add_relation(scope, {.alias = "excluded",
                       .schema = target.schema,
                       .name = target.name,
                       .known = target.known,
                       .aliased = true,
                       .target = true,
                       .qualified = true,
                       .read_verb = target.read_verb});
  if (clause->infer != nullptr) {
    for (const ListCell& cell : Cells(clause->infer->indexElems)) {
      const auto* element = in<IndexElem>(cell);
      if (element->name != nullptr) read_column(scope, target, text_of(element->name), true);
      push(element->expr, place);
    }
    push(clause->infer->whereClause, place);
    if (clause->infer->conname != nullptr)
      read_column(scope, target, "*", false);  // the constraint's columns
  }
  if (clause->action != ONCONFLICT_UPDATE) return;
  conditions(clause->whereClause, scope, target.index, target.index + 1);
  list_use(target, Access::Write, "update");
  target.where = nullptr;  // what is inserted is not limited by it
  write_columns(clause->targetList, target, place);
  push(clause->whereClause, place);
}

void Walker::update(const UpdateStmt* update, const Place& place) {
  if (place.top) out_.kind("update");
  if (place.executes) out_.changes();
  Scope* names = with(update->withClause, place);
  Scope* scope = new_scope(names);
  Relation& target = add_target(update->relation, scope);
  const Place inside = within(place, scope);
  from(update->fromClause, scope, names, place);
  conditions(update->whereClause, scope, 0, scope->size);
  list_use(target, Access::Write, "update");
  list_tables(scope);
  if (place.top) top_where(update->whereClause, scope);
  bounded_write(update->whereClause, target, inside);
  write_columns(update->targetList, target, inside);
  returning(returning_of(update), target, inside);
}

void Walker::remove(const DeleteStmt* remove, const Place& place) {
  if (place.top) out_.kind("delete");
  if (place.executes) out_.changes();
  Scope* names = with(remove->withClause, place);
  Scope* scope = new_scope(names);
  Relation& target = add_target(remove->relation, scope);
  const Place inside = within(place, scope);
  from(remove->usingClause, scope, names, place);
  conditions(remove->whereClause, scope, 0, scope->size);
  list_use(target, Access::Write, "delete");
  list_tables(scope);
  if (place.top) top_where(remove->whereClause, scope);
  bounded_write(remove->whereClause, target, inside);
  returning(returning_of(remove), target, inside);
}

void Walker::merge(const MergeStmt* merge, const Place& place) {
  if (place.top) out_.kind("merge");
  if (place.executes) out_.changes();
  Scope* names = with(merge->withClause, place);
  Scope* scope = new_scope(names);
  Relation& target = add_target(merge->relation, scope);
  const Place inside = within(place, scope);
  from_item(merge->sourceRelation, scope, names, inside_from(place, scope), 0);
  list_use(target, Access::Write, "merge");
  list_tables(scope);
  bounded_write(merge->joinCondition, target, inside);
  beside_source(merge, target);
  for (const ListCell& cell : Cells(merge->mergeWhenClauses)) {
    const auto* when = in<MergeWhenClause>(cell);
    if (when->commandType == CMD_INSERT) list_use(target, Access::Write, "insert");
    if (when->commandType == CMD_UPDATE) list_use(target, Access::Write, "update");
    if (when->commandType == CMD_DELETE) list_use(target, Access::Write, "delete");
    push(when->condition, inside);
    if (when->commandType == CMD_INSERT && when->targetList == nullptr)
      out_.column(target.name, "*", Access::Write, true);
    write_columns(when->targetList, target, inside);
    push(when->values, inside);
  }
  target.read_listed = true;  // its rows are joined, whatever becomes of them
  list_use(target, Access::Read, "select");
  returning(returning_of(merge), target, inside);
}

/// WHEN NOT MATCHED BY SOURCE is about the rows that ON lets out: it is limited by its own condition or by
/// nothing.
void Walker::beside_source(const MergeStmt* merge, const Relation& target) {
#if PG_VERSION_NUM >= 170000
  for (const ListCell& cell : Cells(merge->mergeWhenClauses)) {
    const auto* when = in<MergeWhenClause>(cell);
    const bool writes = when->commandType == CMD_UPDATE || when->commandType == CMD_DELETE;
    if (when->matchKind != MERGE_WHEN_NOT_MATCHED_BY_SOURCE || !writes) continue;
    ++writes_;
    if (!limits_rows(when->condition, &target)) ++unlimited_writes_;
  }
#else
  static_cast<void>(merge), static_cast<void>(target);
#endif
}

void Walker::returning(const Returning& returned, Relation& target, const Place& place) {
  if (returned.targets == nullptr) return;
  for (const std::string_view alias : {returned.before, returned.after})
    add_relation(place.scope, {.alias = alias,
                               .schema = target.schema,
                               .name = target.name,
                               .known = target.known,
                               .aliased = true,
                               .target = true,
                               .qualified = true,
                               .read_listed = true});
  if (!target.read_listed) {
    target.read_listed = true;
    list_use(target, Access::Read, target.read_verb);
  }
  push(returned.targets, place);
}

/// Counts a write by its WHERE. A clause that reads the target's rows is walked, and lists the read.
void Walker::bounded_write(const Node* where, const Relation& target, const Place& place) {
  ++writes_;
  if (!limits_rows(where, &target)) ++unlimited_writes_;
  push(where, place);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
