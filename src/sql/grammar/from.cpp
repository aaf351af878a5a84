// FROM: tables, CTEs, sub-selects, functions and joins become the relations of a scope.
// Surprise: equalities of a LEFT JOIN's ON hold for the right side only, so each join says for which
// relations its ON speaks.
#include <array>
#include <vector>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kMaxJoinNesting =
    200;  ///< joins within the right side of joins; left-deep chains have no such limit

std::string_view join_word(const JoinExpr* join) {
  switch (join->jointype) {
    case JOIN_LEFT: return "left";
    case JOIN_RIGHT: return "right";
    case JOIN_FULL: return "full";
    default:
      return join->quals == nullptr && join->usingClause == nullptr && !join->isNatural ? "cross" : "inner";
  }
}

std::string_view alias_name(const Alias* alias) {
  return alias == nullptr ? std::string_view{} : text_of(alias->aliasname);
}

}  // namespace

void Walker::from(const List* items, Scope* scope, Scope* names, const Place& place) {
  if (items == nullptr) return;
  const Place inner = inside_from(place, scope);
  bool first = true;
  for (const ListCell& cell : Cells(items)) {
    if (!first) out_.join("comma", false);
    first = false;
    from_item(in(cell), scope, names, inner, 0);
  }
}

/// Which relations of the FROM can be seen from a place in it is not traced: it may be any.
Place Walker::inside_from(const Place& place, Scope* scope) {
  Place inner = place;
  inner.top = false;
  inner.scope = new_scope(scope->parent);
  inner.scope->whole = scope;
  return inner;
}

void Walker::from_item(const Node* item, Scope* scope, Scope* names, const Place& place, int depth) {
  if (depth > kMaxJoinNesting) {
    too_complex_ = true;
    return;
  }
  std::pmr::vector<const JoinExpr*> spine(&pool_);
  const int begin = scope->size;
  for (; IsA(item, JoinExpr); item = as<JoinExpr>(item)->larg) spine.push_back(as<JoinExpr>(item));
  from_leaf(item, scope, names, place, depth);
  while (!spine.empty() && !too_complex_) {
    const JoinExpr* outer = spine.back();
    spine.pop_back();
    const int middle = scope->size;
    from_item(outer->rarg, scope, names, place, depth + 1);
    join(outer, scope, begin, middle, place);
  }
}

void Walker::from_leaf(const Node* item, Scope* scope, Scope* names, const Place& place, int depth) {
  switch (nodeTag(item)) {
    case T_RangeVar: return range_var(as<RangeVar>(item), scope, names);
    case T_RangeSubselect: return range_subselect(as<RangeSubselect>(item), scope, names, place);
    case T_RangeFunction: return range_function(as<RangeFunction>(item), scope, place);
    case T_RangeTableSample: {
      const auto* sample = as<RangeTableSample>(item);
      from_item(sample->relation, scope, names, place, depth + 1);
      const Name method = system_name_in(sample->method);
      out_.function(method.schema, method.name, place.executes);
      push(sample->args, place);
      return push(sample->repeatable, place);
    }
    case T_RangeTableFunc:
      add_relation(scope, {.alias = alias_name(as<RangeTableFunc>(item)->alias)});
      return push_children(item, place);
#if PG_VERSION_NUM >= 170000
    case T_JsonTable:
      add_relation(scope, {.alias = alias_name(as<JsonTable>(item)->alias)});
      return push_children(item, place);
#endif
    default:
      add_relation(scope, {});
      out_.opaque("unknown");
      out_.changes();
      push(item, place);
  }
}

void Walker::join(const JoinExpr* join, Scope* scope, int begin, int middle, const Place& place) {
  const int end = scope->size;
  out_.join(join_word(join), join->quals != nullptr || join->usingClause != nullptr || join->isNatural);
  const bool binds_left = join->jointype == JOIN_INNER || join->jointype == JOIN_RIGHT;
  const bool binds_right = join->jointype == JOIN_INNER || join->jointype == JOIN_LEFT;
  conditions(join->quals, scope, binds_left ? begin : middle, binds_right ? end : middle);
  push(join->quals, place);
  join_columns(join, scope, begin);
  if (join->alias != nullptr) {
    const List* renames = join->alias->colnames;
    add_relation(scope, {.alias = alias_name(join->alias),
                         .renamed = renames == nullptr ? nullptr : with_aliases(nullptr, renames, true),
                         .join_begin = begin,
                         .join_end = end});
    for (Relation* part = scope->first; part != nullptr && charge(1); part = part->next)
      part->hidden = part->hidden || (part->index >= begin && part->index < end);
  }
  if (join->join_using_alias != nullptr)
    add_relation(scope, {.alias = alias_name(join->join_using_alias), .join_begin = begin, .join_end = end});
}

/// USING (a, b) reads a and b of both sides; NATURAL reads columns that only the catalogue knows.
void Walker::join_columns(const JoinExpr* join, Scope* scope, int begin) {
  if (join->usingClause == nullptr && !join->isNatural) return;
  for (Relation* relation = scope->first; relation != nullptr; relation = relation->next) {
    if (!charge(1)) return;
    if (relation->index < begin) continue;
    if (join->isNatural) read_column(scope, *relation, "*", false);
    for (const ListCell& cell : Cells(join->usingClause))
      read_column(scope, *relation, string_in(in(cell)), true);
  }
}

void Walker::range_var(const RangeVar* table, Scope* scope, Scope* names) {
  const std::string_view name = text_of(table->relname);
  const Alias* alias = table->alias;
  Relation relation{.alias = alias == nullptr ? name : alias_name(alias), .aliased = alias != nullptr};
  const List* renames = alias == nullptr ? nullptr : alias->colnames;
  if (table->schemaname == nullptr) {
    for (const Scope* at = names; at != nullptr && charge(1); at = at->parent) {
      if (at->cte != name) continue;
      relation.columns = with_aliases(at->cte_columns, renames, false);
      add_relation(scope, relation);
      return;
    }
  }
  relation.schema = text_of(table->schemaname);
  relation.name = name;
  resolve(relation);
  if (renames != nullptr) {
    relation.renamed = with_aliases(nullptr, renames, true);
    relation.columns = nullptr;  // which of its columns have another name is not traced
  }
  add_relation(scope, relation);
}

void Walker::range_subselect(const RangeSubselect* item, Scope* scope, Scope* names, const Place& place) {
  const List* renames = item->alias == nullptr ? nullptr : item->alias->colnames;
  add_relation(scope, {.alias = alias_name(item->alias),
                       .columns = with_aliases(output_columns(item->subquery), renames, false)});
  Place inner = place;
  inner.scope = item->lateral ? place.scope : names;
  push(item->subquery, inner);
}

void Walker::range_function(const RangeFunction* item, Scope* scope, const Place& place) {
  std::string_view alias = alias_name(item->alias);
  for (const ListCell& cell : Cells(item->functions)) {
    if (!IsA(in(cell), List)) continue;
    const auto* function = in<List>(cell);
    for (const ListCell& part : Cells(function)) push(part.ptr_value, place);
    if (alias.empty() && size_of(function) > 0 && nth(function, 0) != nullptr &&
        IsA(nth(function, 0), FuncCall))
      alias = name_in(nth<FuncCall>(function, 0)->funcname).name;
  }
  push(item->coldeflist, place);
  add_relation(scope, {.alias = alias});
}

Relation& Walker::add_relation(Scope* scope, Relation relation) {
  relation.index = scope->size++;
  Relation* added = make(relation);
  (scope->last == nullptr ? scope->first : scope->last->next) = added;
  scope->last = added;
  return *added;
}

/// What the catalogue knows of a table: its schema when the text does not say, its columns, what is beneath
/// it. Its columns settle nothing where the search_path is not known: a temporary table may be meant.
void Walker::resolve(Relation& relation) {
  if (options_.catalog == nullptr) return;
  relation.known = options_.catalog->relation(relation.schema, relation.name, options_.search_path);
  if (relation.known == nullptr) return;
  const bool meant = !relation.schema.empty() || options_.search_path.has_value();
  relation.schema = relation.known->schema;
  if (!meant) return;
  std::pmr::vector<std::string_view> names({"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"}, &pool_);
  for (const ColumnRow& column : relation.known->columns) names.push_back(column.name);
  if (charge(names.size())) relation.columns = make_columns(names);
}

Relation& Walker::add_target(const RangeVar* table, Scope* scope) {
  const Alias* alias = table->alias;
  Relation relation{.alias = alias == nullptr ? text_of(table->relname) : alias_name(alias),
                    .schema = text_of(table->schemaname),
                    .name = text_of(table->relname),
                    .aliased = alias != nullptr,
                    .target = true};
  resolve(relation);
  return add_relation(scope, relation);
}

/// A table that a statement names outside of FROM.
void Walker::name_table(const RangeVar* table, Access access, std::string_view verb) {
  Relation relation{.schema = text_of(table->schemaname), .name = text_of(table->relname)};
  if (table->relpersistence == 't' && relation.schema.empty()) relation.schema = "pg_temp";
  if (verb != "create") resolve(relation);
  list_use(relation, access, verb);
}

void Walker::list_tables(Scope* scope) {
  for (Relation* relation = scope->first; relation != nullptr; relation = relation->next)
    if (relation->is_table() && !relation->target && charge(1)) list_use(*relation, Access::Read, "select");
}

void Walker::list_use(const Relation& relation, Access access, std::string_view verb) {
  if (relation.where == nullptr) {
    out_.table(relation.schema, relation.name, access, verb);
  } else {
    const std::vector<Equality> where =
        equalities(relation.where, relation.columns == nullptr ? nullptr : relation.known);
    out_.table(relation.schema, relation.name, access, verb, where);
  }
  if (relation.known != nullptr && access != Access::Define) list_beneath(*relation.known, access, verb);
}

/// A view stands for the tables beneath it, a table for its children; which of their columns are meant is not
/// traced, so all are listed. A write goes on through foreign keys, and runs triggers.
void Walker::list_beneath(const Catalog::Relation& above, Access access, std::string_view verb) {
  const auto list = [&](const std::vector<TableUse>& tables) {
    for (const TableUse& use : tables) {
      if (!charge(1)) return;
      out_.table(use.schema, use.name, access, verb);
      out_.column(use.name, "*", access, false);
    }
  };
  list(above.beneath);
  for (const std::string& function : above.functions) out_.function("", function, true);
  if (above.opaque) out_.opaque("function");
  if (access != Access::Write) return;
  if (verb != "insert" && verb != "copy") list(above.cascades);
  if (above.runs_code) out_.opaque("trigger");
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
