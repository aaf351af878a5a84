// Queries and FROM. Surprise: an output that cannot be placed is not an error but a blur, one "column" that
// stands for any number of columns of any name and has every source; so precision is lost, never a source.
#include "sql/grammar/tracer.h"

#include <algorithm>

#include "sql/grammar/parse.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kMaxDepth = 100;  ///< queries within queries, joins within joins

Outputs blurred() {
  Outputs all;
  all.positional = false;
  all.columns.push_back({.name = {}, .direct = false, .star = true});
  return all;
}

Outputs unknown() {
  Outputs all = blurred();
  all.columns.front().opaque = true;
  return all;
}

Outputs blur(const Outputs& sharp) {
  Outputs all = blurred();
  for (const Output& one : sharp.columns) merge(all.columns.front(), one);
  return all;
}

std::string_view alias_name(const Alias* alias) {
  return alias == nullptr ? std::string_view{} : text_of(alias->aliasname);
}

/// (a, b, ...) behind a name: the first columns are called so.
Outputs renamed(Outputs outputs, const List* names) {
  if (names == nullptr) return outputs;
  if (!outputs.positional || outputs.columns.size() < static_cast<std::size_t>(size_of(names)))
    return blur(outputs);
  for (int i = 0; i < size_of(names); ++i)
    outputs.columns[static_cast<std::size_t>(i)].name = string_in(nth(names, i));
  return outputs;
}

CopyOptions copy_options(const List* options) {
  CopyOptions said;
  for (const ListCell& cell : Cells(options)) {
    const auto* one = in<DefElem>(cell);
    const std::string_view name = text_of(one->defname);
    const std::string value(string_in(one->arg));
    if (name == "format") said.format = value;
    if (name == "delimiter") said.delimiter = value;
    if (name == "null") said.null = value, said.has_null = true;
    if (name == "quote") said.quote = value;
    if (name == "escape") said.escape = value;
    if (name == "encoding") said.encoded = true;
    if (name == "header")
      said.header = one->arg == nullptr || !(IsA(one->arg, Boolean)   ? !as<Boolean>(one->arg)->boolval
                                             : IsA(one->arg, Integer) ? as<Integer>(one->arg)->ival == 0
                                                                      : value == "false" || value == "off");
  }
  return said;
}

}  // namespace

Outputs outputs(std::string_view text, std::uint32_t index, bool carried, const AnalyzeOptions& options) {
  const RawTree tree(text, options);
  if (tree.error() || index >= static_cast<std::uint32_t>(size_of(tree.statements()))) return unknown();
  return Tracer(options).statement(nth<RawStmt>(tree.statements(), static_cast<int>(index))->stmt, carried);
}

Outputs Tracer::statement(const Node* node, bool carried) {
  switch (nodeTag(node)) {
    case T_SelectStmt:
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt: return query(node, nullptr, nullptr, 0);
    case T_PrepareStmt: return carried ? query(as<PrepareStmt>(node)->query, nullptr, nullptr, 0) : Outputs{};
    case T_DeclareCursorStmt:
      return carried ? query(as<DeclareCursorStmt>(node)->query, nullptr, nullptr, 0) : Outputs{};
    case T_CopyStmt: return copy(as<CopyStmt>(node));
    case T_ExplainStmt:
    case T_VariableShowStmt: {
      Outputs all = blurred();  // a plan, a setting: no table's values
      return all;
    }
    case T_CallStmt:
    case T_ExecuteStmt:
    case T_FetchStmt: return unknown();
    default: return kind_of(node).empty() ? unknown() : Outputs{};
  }
}

Outputs Tracer::copy(const CopyStmt* copy) {
  Outputs all;
  if (copy->query != nullptr) {
    all = query(copy->query, nullptr, nullptr, 0);
  } else if (copy->relation != nullptr) {
    Scope scope;
    table(copy->relation, scope);
    for (const ListCell& cell : Cells(copy->attlist)) {
      Output one{.name = std::string(string_in(in(cell))), .direct = true};
      bool found = false;
      in_relation(scope.relations.front(), one.name, one, found);
      all.columns.push_back(std::move(one));
    }
    if (copy->attlist == nullptr) expand(scope.relations.front(), all);
  }
  all.copy = copy_options(copy->options);
  return all;
}

Outputs Tracer::query(const Node* node, const Cte* names, const Scope* outer, int depth) {
  if (node == nullptr || depth > kMaxDepth || !charge()) return unknown();
  switch (nodeTag(node)) {
    case T_SelectStmt: return select(as<SelectStmt>(node), names, outer, depth);
    case T_InsertStmt: return insert(as<InsertStmt>(node), names, outer, depth);
    case T_UpdateStmt: return update(as<UpdateStmt>(node), names, outer, depth);
    case T_DeleteStmt: return remove(as<DeleteStmt>(node), names, outer, depth);
    case T_MergeStmt: return returning_of(as<MergeStmt>(node)).targets == nullptr ? Outputs{} : unknown();
    default: return unknown();
  }
}

Outputs Tracer::select(const SelectStmt* select, const Cte* names, const Scope* outer, int depth) {
  names = with(select->withClause, names, outer, depth);
  if (select->op != SETOP_NONE) return set_operation(select, names, outer, depth);
  Scope& scope = scopes_.emplace_back();
  scope.outer = outer, scope.names = names, scope.depth = depth;
  from(select->fromClause, scope);
  if (select->valuesLists != nullptr) return values(select->valuesLists, scope);
  return targets(select->targetList, scope);
}

Outputs Tracer::values(const List* rows, const Scope& scope) {
  Outputs all;
  for (const ListCell& row : Cells(rows)) {
    std::size_t i = 0;
    for (const ListCell& cell : Cells(in<List>(row))) {
      if (i == all.columns.size())
        all.columns.push_back({.name = "column" + std::to_string(i + 1), .direct = false, .combined = true});
      merge(all.columns[i++], expression(in(cell), scope));
    }
  }
  return all;
}

Outputs Tracer::set_operation(const SelectStmt* select, const Cte* names, const Scope* outer, int depth) {
  Outputs left = query(reinterpret_cast<const Node*>(select->larg), names, outer, depth + 1);
  Outputs right = query(reinterpret_cast<const Node*>(select->rarg), names, outer, depth + 1);
  if (!left.positional || !right.positional || left.columns.size() != right.columns.size()) {
    left = blur(left);
    right = blur(right);
  }
  for (std::size_t i = 0; i < left.columns.size(); ++i) {
    merge(left.columns[i], right.columns[i]);
    left.columns[i].combined = true;
  }
  return left;
}

Outputs Tracer::targets(const List* list, const Scope& scope) {
  Outputs all;
  for (const ListCell& cell : Cells(list)) {
    const auto* target = in<ResTarget>(cell);
    const Node* value = target->val;
    const List* fields = value != nullptr && IsA(value, ColumnRef) ? as<ColumnRef>(value)->fields : nullptr;
    if (size_of(fields) > 0 && IsA(nth(fields, size_of(fields) - 1), A_Star)) {
      star(as<ColumnRef>(value), scope, all);
      continue;
    }
    if (value != nullptr && IsA(value, A_Indirection)) {  // (row).*
      const List* parts = as<A_Indirection>(value)->indirection;
      if (size_of(parts) > 0 && IsA(nth(parts, size_of(parts) - 1), A_Star)) {
        Output row = expression(value, scope);
        row.star = true;
        all.columns.push_back(std::move(row));
        all.positional = false;
        continue;
      }
    }
    Output one = expression(value, scope);
    one.name = target->name != nullptr ? text_of(target->name) : column_name(value);
    all.columns.push_back(std::move(one));
  }
  return all;
}

/// Inside a RECURSIVE WITH every name is in sight; what has not been traced yet is opaque.
const Tracer::Cte* Tracer::with(const WithClause* clause, const Cte* names, const Scope* outer, int depth) {
  if (clause == nullptr) return names;
  const auto declare = [&](const CommonTableExpr* cte, const Outputs* traced) {
    names = &ctes_.emplace_back(Cte{.name = text_of(cte->ctename), .outputs = traced, .outer = names});
  };
  if (clause->recursive)
    for (const ListCell& cell : Cells(clause->ctes)) declare(in<CommonTableExpr>(cell), keep(unknown()));
  for (const ListCell& cell : Cells(clause->ctes)) {
    const auto* cte = in<CommonTableExpr>(cell);
    const bool extended = cte->search_clause != nullptr || cte->cycle_clause != nullptr;
    const Outputs* traced =
        clause->recursive ? recursive(cte, names, outer, depth)
                          : keep(renamed(query(cte->ctequery, names, outer, depth + 1), cte->aliascolnames));
    declare(cte, extended ? keep(blur(*traced)) : traced);
  }
  return names;
}

/// The query sees itself as the blur of its first arm: columns may change places from round to round.
const Outputs* Tracer::recursive(const CommonTableExpr* cte, const Cte* names, const Scope* outer,
                                 int depth) {
  const auto* both =
      cte->ctequery != nullptr && IsA(cte->ctequery, SelectStmt) ? as<SelectStmt>(cte->ctequery) : nullptr;
  Outputs first;
  if (both != nullptr && both->op != SETOP_NONE && both->withClause == nullptr) {
    first = blur(query(reinterpret_cast<const Node*>(both->larg), names, outer, depth + 1));
    names = &ctes_.emplace_back(Cte{.name = text_of(cte->ctename), .outputs = keep(first), .outer = names});
  }
  Outputs all = query(cte->ctequery, names, outer, depth + 1);
  if (both != nullptr && both->op != SETOP_NONE) {
    // A second look with what the first found: sources that only the recursive arm brings in.
    names =
        &ctes_.emplace_back(Cte{.name = text_of(cte->ctename), .outputs = keep(blur(all)), .outer = names});
    if (both->withClause == nullptr) all = query(cte->ctequery, names, outer, depth + 1);
  }
  return keep(renamed(std::move(all), cte->aliascolnames));
}

void Tracer::from(const List* items, Scope& scope) {
  for (const ListCell& cell : Cells(items)) from_item(in(cell), scope, scope.depth);
}

void Tracer::from_item(const Node* item, Scope& scope, int depth) {
  if (item == nullptr || depth > kMaxDepth || !charge()) {
    scope.relations.push_back({.alias = {}, .derived = keep(unknown())});
    return;
  }
  switch (nodeTag(item)) {
    case T_RangeVar: return table(as<RangeVar>(item), scope);
    case T_RangeTableSample: return from_item(as<RangeTableSample>(item)->relation, scope, depth + 1);
    case T_JoinExpr: return join(as<JoinExpr>(item), scope, depth);
    case T_RangeSubselect: {
      const auto* inner = as<RangeSubselect>(item);
      Outputs traced = query(inner->subquery, scope.names, inner->lateral ? &scope : scope.outer, depth + 1);
      const List* names = inner->alias == nullptr ? nullptr : inner->alias->colnames;
      scope.relations.push_back(
          {.alias = alias_name(inner->alias), .derived = keep(renamed(std::move(traced), names))});
      return;
    }
    case T_RangeFunction: return function(item, as<RangeFunction>(item)->alias, scope);
    case T_RangeTableFunc: return function(item, as<RangeTableFunc>(item)->alias, scope);
#if PG_VERSION_NUM >= 170000
    case T_JsonTable: return function(item, as<JsonTable>(item)->alias, scope);
#endif
    default: scope.relations.push_back({.alias = {}, .derived = keep(unknown())});
  }
}

void Tracer::join(const JoinExpr* join, Scope& scope, int depth) {
  const std::size_t begin = scope.relations.size();
  from_item(join->larg, scope, depth + 1);
  from_item(join->rarg, scope, depth + 1);
  scope.merges = scope.merges || join->isNatural || join->usingClause != nullptr;
  Outputs all;
  for (std::size_t i = begin; i < scope.relations.size(); ++i) expand(scope.relations[i], all);
  if (join->alias != nullptr) {
    // Its name hides those inside it.
    scope.relations.resize(begin);
    if (join->isNatural || join->usingClause != nullptr) all.positional = false;
    scope.relations.push_back(
        {.alias = alias_name(join->alias), .derived = keep(renamed(std::move(all), join->alias->colnames))});
  } else if (join->join_using_alias != nullptr) {
    scope.relations.push_back({.alias = alias_name(join->join_using_alias), .derived = keep(blur(all))});
  }
}

void Tracer::table(const RangeVar* table, Scope& scope) {
  const Alias* alias = table->alias;
  const std::string_view name = text_of(table->relname);
  const List* renames = alias == nullptr ? nullptr : alias->colnames;
  if (table->schemaname == nullptr) {
    for (const Cte* cte = scope.names; cte != nullptr; cte = cte->outer) {
      if (cte->name != name) continue;
      scope.relations.push_back({.alias = alias == nullptr ? name : alias_name(alias),
                                 .derived = keep(renamed(*cte->outputs, renames))});
      return;
    }
  }
  scope.relations.push_back({.alias = alias == nullptr ? name : alias_name(alias),
                             .schema = text_of(table->schemaname),
                             .table = name,
                             .renamed = renames != nullptr});
}

/// A function's rows may hold anything of its arguments, under any name.
void Tracer::function(const Node* item, const Alias* alias, Scope& scope) {
  Outputs rows = blurred();
  rows.columns.front().combined = true;
  collect(item, scope, rows.columns.front());
  std::string_view name = alias_name(alias);
  if (name.empty() && IsA(item, RangeFunction)) {
    const List* functions = as<RangeFunction>(item)->functions;
    const auto* first = size_of(functions) > 0 ? nth<List>(functions, 0) : nullptr;
    if (size_of(first) > 0 && nth(first, 0) != nullptr) name = column_name(nth(first, 0));
  }
  scope.relations.push_back({.alias = name, .derived = keep(std::move(rows))});
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
