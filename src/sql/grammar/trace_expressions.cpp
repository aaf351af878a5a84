// Expressions: a bare column reference is direct, anything else has every column anywhere inside it, those of
// its sub-selects' WHERE included: `exists (select from t where secret like 'a%')` tells of secret.
#include <algorithm>
#include <array>
#include <utility>

#include "sql/catalog.h"
#include "sql/grammar/children.h"
#include "sql/grammar/tracer.h"
#include "sql/known.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr std::uint64_t kMaxSteps = 1'000'000;
constexpr int kMaxDepth = 100;

const Node* last_of(const List* list) {
  return size_of(list) == 0 ? nullptr : nth(list, size_of(list) - 1);
}

/// PostgreSQL's FigureColname, for the nodes whose name is a word of their own.
std::string_view word_of(const Node* node) {
  switch (nodeTag(node)) {
    case T_A_ArrayExpr: return "array";
    case T_RowExpr: return "row";
    case T_CoalesceExpr: return "coalesce";
    case T_GroupingFunc: return "grouping";
    case T_MinMaxExpr: return as<MinMaxExpr>(node)->op == IS_GREATEST ? "greatest" : "least";
    case T_A_Expr: return as<A_Expr>(node)->kind == AEXPR_NULLIF ? "nullif" : "?column?";
    case T_A_Const:
    case T_ParamRef:
    case T_BoolExpr:
    case T_NullTest:
    case T_BooleanTest: return "?column?";
    default: return {};
  }
}

std::string_view sub_link_name(const SubLink* link) {
  switch (link->subLinkType) {
    case EXISTS_SUBLINK: return "exists";
    case ARRAY_SUBLINK: return "array";
    case EXPR_SUBLINK: return {};
    default: return "?column?";
  }
}

}  // namespace

std::string_view column_name(const Node* node) {
  for (int depth = 0; node != nullptr && depth < kMaxDepth; ++depth) {
    switch (nodeTag(node)) {
      case T_ColumnRef: return string_in(last_of(as<ColumnRef>(node)->fields));
      case T_FuncCall: return string_in(last_of(as<FuncCall>(node)->funcname));
      case T_SubLink: return sub_link_name(as<SubLink>(node));
      case T_CollateClause: node = as<CollateClause>(node)->arg; continue;
      case T_TypeCast: {
        const Node* inner = as<TypeCast>(node)->arg;
        const std::string_view name = column_name(inner);
        if (name != "?column?") return name;
        return string_in(last_of(as<TypeCast>(node)->typeName->names));
      }
      case T_A_Indirection: {
        const auto* indirection = as<A_Indirection>(node);
        for (int i = size_of(indirection->indirection) - 1; i >= 0; --i) {
          const std::string_view field = string_in(nth(indirection->indirection, i));
          if (!field.empty()) return field;
        }
        node = indirection->arg;
        continue;
      }
      default: return word_of(node);
    }
  }
  return {};
}

bool Tracer::charge() {
  return ++steps_ <= kMaxSteps;
}

Output Tracer::expression(const Node* node, const Scope& scope) {
  if (node != nullptr && IsA(node, ColumnRef)) return column(as<ColumnRef>(node), scope);
  Output out;
  collect(node, scope, out);
  out.direct = false;
  return out;
}

const Tracer::Relation* Tracer::find(const Scope& scope, const List* fields) {
  const int n = size_of(fields);
  const std::string_view alias = string_in(nth(fields, n - 2));
  const std::string_view schema = n >= 3 ? string_in(nth(fields, n - 3)) : std::string_view{};
  for (const Scope* at = &scope; at != nullptr; at = at->outer) {
    for (const Relation& relation : at->relations) {
      if (relation.alias != alias) continue;
      if (schema.empty() || relation.schema == schema || relation.schema.empty()) return &relation;
    }
  }
  return nullptr;
}

/// An unqualified name is that of every relation in sight that may have such a column.
Output Tracer::column(const ColumnRef* ref, const Scope& scope) {
  Output out;
  out.direct = true;
  bool found = false;
  const Node* last = last_of(ref->fields);
  if (last == nullptr || IsA(last, A_Star)) {
    out.opaque = true;
    return out;
  }
  const std::string_view name = string_in(last);
  if (size_of(ref->fields) > 1) {
    if (const Relation* relation = find(scope, ref->fields)) {
      in_relation(*relation, name, out, found);
      if (reveals_row(name, options_.server_version)) whole_row(*relation, out);
    }
    out.opaque = out.opaque || !found;
    return out;
  }
  for (const Scope* at = &scope; at != nullptr; at = at->outer) {
    for (const Relation& relation : at->relations) {
      if (!charge()) out.opaque = true;
      if (relation.qualified) continue;
      in_relation(relation, name, out, found);
      if (relation.alias == name) whole_row(relation, out), found = true;
    }
  }
  if (!found) out.direct = false;
  return out;
}

void Tracer::in_relation(const Relation& relation, std::string_view name, Output& out, bool& found) {
  if (relation.derived == nullptr) {
    found = true;
    if (relation.renamed || is_function(relation, name)) return whole_row(relation, out);
    Output one{.direct = true};
    one.sources.push_back({std::string(relation.schema), std::string(relation.table), std::string(name)});
    merge(out, one);
    if (relation.written != nullptr)
      for (const Output& value : relation.written->columns)
        if (value.name.empty() || value.name == name) merge(out, value);
    return beneath(relation, out);
  }
  for (const Output& output : relation.derived->columns) {
    if (!output.star && !output.name.empty() && output.name != name) continue;
    found = true;
    if (output.star && output.sources.empty() && !output.opaque) continue;  // a function's rows of nothing
    Output one = output;
    if (output.star && output.direct) one.sources.front().column = name;
    merge(out, one);
  }
}

/// The table has no such column: t.f is f(t).
bool Tracer::is_function(const Relation& relation, std::string_view name) const {
  static constexpr auto kOfSystem =
      std::to_array<std::string_view>({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"});
  if (options_.catalog == nullptr || std::ranges::binary_search(kOfSystem, name)) return false;
  const Catalog::Relation* known =
      options_.catalog->relation(relation.schema, relation.table, options_.search_path);
  return known != nullptr && !known->columns.empty() && known->type_of(name) == 0;
}

/// The row as a value, or its columns under names that are not known.
void Tracer::whole_row(const Relation& relation, Output& out) {
  if (relation.derived != nullptr) {
    for (const Output& output : relation.derived->columns) merge(out, output);
  } else {
    Output one;
    one.sources.push_back({std::string(relation.schema), std::string(relation.table), "*"});
    merge(out, one);
    if (relation.written != nullptr)
      for (const Output& value : relation.written->columns) merge(out, value);
    beneath(relation, out);
  }
  out.direct = false;
}

/// What a view shows of the tables beneath it is not traced: it may be any of their columns.
void Tracer::beneath(const Relation& relation, Output& out) {
  if (options_.catalog == nullptr) return;
  const Catalog::Relation* known =
      options_.catalog->relation(relation.schema, relation.table, options_.search_path);
  if (known == nullptr) return;
  for (const TableUse& use : known->beneath) {
    Output one;
    one.sources.push_back({use.schema, use.name, "*"});
    merge(out, one);
  }
  out.opaque = out.opaque || known->opaque;
}

void Tracer::expand(const Relation& relation, Outputs& out) {
  if (relation.derived != nullptr) {
    out.columns.insert(out.columns.end(), relation.derived->columns.begin(), relation.derived->columns.end());
    out.positional = out.positional && relation.derived->positional;
    return;
  }
  Output all{.direct = !relation.renamed, .star = true};
  all.sources.push_back({std::string(relation.schema), std::string(relation.table), "*"});
  beneath(relation, all);
  out.columns.push_back(std::move(all));
  out.positional = false;
  if (relation.written == nullptr) return;
  for (Output value : relation.written->columns) {
    if (value.name.empty()) value.star = true, value.direct = false;
    out.columns.push_back(std::move(value));
  }
}

void Tracer::star(const ColumnRef* ref, const Scope& scope, Outputs& out) {
  if (size_of(ref->fields) > 1) {
    if (const Relation* relation = find(scope, ref->fields)) return expand(*relation, out);
    out.positional = false;
    out.columns.push_back({.opaque = true, .star = true});
    return;
  }
  for (const Relation& relation : scope.relations)
    if (!relation.qualified) expand(relation, out);
  if (scope.merges) out.positional = false;
}

void Tracer::collect(const Node* node, const Scope& scope, Output& out) {
  std::vector<Item> stack;
  if (node != nullptr) stack.push_back({node, &scope});
  while (!stack.empty()) {
    const Item item = stack.back();
    stack.pop_back();
    if (!charge()) {
      out.opaque = true;
      return;
    }
    visit(item, stack, out);
  }
}

void Tracer::visit(const Item& item, std::vector<Item>& stack, Output& out) {
  const Node* node = item.node;
  const auto push = [&](const void* child) {
    if (child != nullptr) stack.push_back({as<Node>(child), item.scope});
  };
  if (is_leaf(node)) return;
  switch (nodeTag(node)) {
    case T_List:
      for (const ListCell& cell : Cells(as<List>(node))) push(cell.ptr_value);
      return;
    case T_ColumnRef: {
      const List* fields = as<ColumnRef>(node)->fields;
      if (last_of(fields) == nullptr || !IsA(last_of(fields), A_Star))
        return merge(out, column(as<ColumnRef>(node), *item.scope));
      Outputs rows;
      star(as<ColumnRef>(node), *item.scope, rows);
      for (const Output& one : rows.columns) merge(out, one);
      return;
    }
    case T_FuncCall: {
      const auto* call = as<FuncCall>(node);
      const Name name = system_name_in(call->funcname);
      const KnownFunction known = known_function(name.name);
      if (!name.schema.empty() || !known.known || known.runs_sql) out.opaque = true;
      push(call->args), push(call->agg_order), push(call->agg_filter), push(call->over);
      return;
    }
    case T_A_Expr: {
      const Name name = system_name_in(as<A_Expr>(node)->name);
      const bool between =
          as<A_Expr>(node)->kind >= AEXPR_BETWEEN && as<A_Expr>(node)->kind <= AEXPR_NOT_BETWEEN_SYM;
      if (!between && (!name.schema.empty() || !is_known_operator(name.name))) out.opaque = true;
      push(as<A_Expr>(node)->lexpr), push(as<A_Expr>(node)->rexpr);
      return;
    }
    case T_SelectStmt: return visit_query(as<SelectStmt>(node), item.scope, stack, out);
    case T_RangeVar: {
      Scope one{.outer = nullptr, .names = item.scope->names, .depth = 0, .relations = {}};
      table(as<RangeVar>(node), one);
      if (one.relations.front().derived != nullptr) whole_row(one.relations.front(), out);
      return;
    }
    default:
      if (!for_children(node, push)) out.opaque = true;
  }
}

/// A sub-select inside an expression: everything in it counts.
void Tracer::visit_query(const SelectStmt* select, const Scope* scope, std::vector<Item>& stack,
                         Output& out) {
  if (scope->depth > kMaxDepth) {
    out.opaque = true;
    return;
  }
  Scope& inner = scopes_.emplace_back();
  inner.outer = scope, inner.depth = scope->depth + 1;
  inner.names = with(select->withClause, scope->names, scope, inner.depth);
  from(select->fromClause, inner);
  const auto push = [&](const void* child) {
    if (child != nullptr) stack.push_back({as<Node>(child), &inner});
  };
  push(select->larg), push(select->rarg);
  push(select->distinctClause), push(select->targetList), push(select->valuesLists);
  push(select->fromClause), push(select->whereClause), push(select->groupClause);
  push(select->havingClause), push(select->windowClause), push(select->sortClause);
  push(select->limitOffset), push(select->limitCount);
  if (select->withClause != nullptr) push(select->withClause->ctes);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
