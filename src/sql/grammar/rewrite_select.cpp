// What a query gives: a limit, fewer columns, or nothing at all.
#include <algorithm>
#include <limits>

#include "sql/grammar/children.h"
#include "sql/grammar/make_nodes.h"
#include "sql/grammar/returning.h"
#include "sql/grammar/rewriter.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

/// The query that a statement is, or holds.
Node* query_in(Node* statement) {
  switch (nodeTag(statement)) {
    case T_PrepareStmt: return mutable_as<PrepareStmt>(statement)->query;
    case T_DeclareCursorStmt: return mutable_as<DeclareCursorStmt>(statement)->query;
    case T_CopyStmt: return mutable_as<CopyStmt>(statement)->query;
    case T_ExplainStmt: return mutable_as<ExplainStmt>(statement)->query;
    case T_CreateTableAsStmt: return mutable_as<CreateTableAsStmt>(statement)->query;
    default: return statement;
  }
}

Node* make_bigint(Node* value) {
  TypeName* type = make_node<TypeName>(T_TypeName);
  type->names = lappend(one_of(make_string("pg_catalog")), make_string("int8"));
  type->typemod = -1;
  type->location = -1;
  TypeCast* cast = make_node<TypeCast>(T_TypeCast);
  cast->arg = value;
  cast->typeName = type;
  cast->location = -1;
  return as_node(cast);
}

/// int8smaller(coalesce(value, bound), bound): NULL is no limit. (LEAST would say it better, but libpg_query
/// cannot write that out behind LIMIT.)
Node* make_smaller(Node* value, int bound) {
  CoalesceExpr* own = make_node<CoalesceExpr>(T_CoalesceExpr);
  own->args = lappend(one_of(make_bigint(value)), make_integer(bound));
  own->location = -1;
  FuncCall* call = make_node<FuncCall>(T_FuncCall);
  call->funcname = lappend(one_of(make_string("pg_catalog")), make_string("int8smaller"));
  call->args = lappend(one_of(own), make_integer(bound));
  call->funcformat = COERCE_EXPLICIT_CALL;
  call->location = -1;
  return as_node(call);
}

bool changes_data(const WithClause* clause) {
  return clause != nullptr && std::ranges::any_of(Cells(clause->ctes), [](const ListCell& cell) {
           const Node* query = in<CommonTableExpr>(cell)->ctequery;
           return query == nullptr || !IsA(query, SelectStmt);
         });
}

std::string upper(std::string_view kind) {
  std::string tag;
  for (const char c : kind) tag += c == '_' ? ' ' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return tag;
}

/// What succeeds without doing anything, and whose success is all that its client wants.
bool can_be_feigned(std::string_view kind) {
  constexpr std::string_view kPrefixes[] = {
      "create_",  "alter_", "drop_",  "grant",    "revoke", "comment",
      "truncate", "set",    "reset",  "analyze",  "vacuum", "reindex",
      "lock",     "notify", "listen", "unlisten", "do",     "refresh_materialized_view"};
  if (kind == "create_table_as" || kind == "create_materialized_view") return false;
  return std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
    return prefix.ends_with('_') ? kind.starts_with(prefix)
                                 : kind == prefix || kind.starts_with(std::string(prefix) + "_");
  });
}

/// Every column that the expression mentions is one of these.
bool only_columns(const Node* expression, const std::vector<std::string>& columns) {
  std::vector<const Node*> stack = {expression};
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    if (node == nullptr || is_leaf(node)) continue;
    if (IsA(node, SubLink)) return false;
    if (IsA(node, ColumnRef)) {
      const List* fields = as<ColumnRef>(node)->fields;
      if (std::ranges::find(columns, string_in(nth(fields, size_of(fields) - 1))) == columns.end())
        return false;
      continue;
    }
    const auto push = [&](const void* child) { stack.push_back(as<Node>(child)); };
    if (IsA(node, List)) {
      for (const ListCell& cell : Cells(as<List>(node))) push(cell.ptr_value);
    } else if (!for_children(node, push)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool Rewriter::edit_query(Node* statement) {
  Node* query = query_in(statement);
  if (query == nullptr) return true;
  if (!IsA(query, SelectStmt)) {
    const List* shown = IsA(query, InsertStmt)   ? returning_of(as<InsertStmt>(query)).targets
                        : IsA(query, UpdateStmt) ? returning_of(as<UpdateStmt>(query)).targets
                        : IsA(query, DeleteStmt) ? returning_of(as<DeleteStmt>(query)).targets
                        : IsA(query, MergeStmt)  ? returning_of(as<MergeStmt>(query)).targets
                                                 : nullptr;
    return edits_.columns.empty() || shown == nullptr || fail("columns of RETURNING cannot be left out");
  }
  auto* select = mutable_as<SelectStmt>(query);
  if (edits_.limit) limit(select, *edits_.limit);
  return edits_.columns.empty() || keep_columns(select);
}

void Rewriter::limit(SelectStmt* select, std::int64_t most) {
  const int bound = static_cast<int>(std::min<std::int64_t>(most, std::numeric_limits<int>::max()));
  Node* own = select->limitCount;
  select->limitOption = limited();
  const bool constant = own != nullptr && IsA(own, A_Const);
  if (own == nullptr || (constant && as<A_Const>(own)->isnull)) {
    select->limitCount = make_integer(bound);
  } else if (constant && IsA(&as<A_Const>(own)->val.node, Integer)) {
    select->limitCount = make_integer(std::min(as<A_Const>(own)->val.ival.ival, bound));
  } else {
    select->limitCount = make_smaller(own, bound);
  }
}

/// What the parser notes of a plain LIMIT. Asked of the parser, because the server's header and libpg_query
/// number these options differently.
LimitOption Rewriter::limited() const {
  const List* parsed = tree_.parse("SELECT 1 LIMIT 1");
  return size_of(parsed) == 1 ? as<SelectStmt>(nth<RawStmt>(parsed, 0)->stmt)->limitOption
                              : LIMIT_OPTION_COUNT;
}

/// `*` becomes the columns that may be seen; another one goes; an expression over others cannot be.
bool Rewriter::keep_columns(SelectStmt* select) {
  if (select->op != SETOP_NONE || select->valuesLists != nullptr || size_of(select->fromClause) != 1 ||
      !IsA(nth(select->fromClause, 0), RangeVar))
    return fail("columns can be left out of a SELECT from one table only");
  List* kept = nullptr;
  for (const ListCell& cell : Cells(select->targetList)) {
    auto* target = mutable_as<ResTarget>(in(cell));
    if (target->val == nullptr || !IsA(target->val, ColumnRef)) {
      if (!only_columns(target->val, edits_.columns))
        return fail("an expression uses columns that are left out");
      kept = lappend(kept, target);
      continue;
    }
    const List* fields = as<ColumnRef>(target->val)->fields;
    const Node* last = nth(fields, size_of(fields) - 1);
    if (!IsA(last, A_Star)) {
      if (std::ranges::find(edits_.columns, string_in(last)) != edits_.columns.end())
        kept = lappend(kept, target);
      continue;
    }
    for (const std::string& column : edits_.columns) {
      ResTarget* one = make_node<ResTarget>(T_ResTarget);
      one->val = make_column(column);
      one->location = -1;
      kept = lappend(kept, one);
    }
  }
  if (kept == nullptr) return fail("no column is left");
  select->targetList = kept;
  return true;
}

/// The plan is made and not run: LIMIT 0 reads nothing, WHERE false changes nothing.
bool Rewriter::find_nothing(RawStmt* raw) {
  Node* node = raw->stmt;
  const std::string_view kind = kind_of(node);
  switch (nodeTag(node)) {
    case T_SelectStmt: {
      auto* select = mutable_as<SelectStmt>(node);
      if (kind == "select_into" || changes_data(select->withClause)) return fail("it writes");
      select->limitCount = make_integer(0);
      select->limitOffset = nullptr;
      select->limitOption = limited();
      return true;
    }
    case T_UpdateStmt:
      if (changes_data(as<UpdateStmt>(node)->withClause)) return fail("its WITH writes");
      mutable_as<UpdateStmt>(node)->whereClause = make_false();
      return true;
    case T_DeleteStmt:
      if (changes_data(as<DeleteStmt>(node)->withClause)) return fail("its WITH writes");
      mutable_as<DeleteStmt>(node)->whereClause = make_false();
      return true;
    case T_InsertStmt: return insert_nothing(mutable_as<InsertStmt>(node));
    default: break;
  }
  if (!can_be_feigned(kind)) return fail("it can only succeed by what it does");
  tag_ = upper(kind);
  stand_in(raw);
  return true;
}

/// INSERT ... VALUES becomes INSERT ... SELECT with the first row's expressions, which keeps the types of
/// parameters.
bool Rewriter::insert_nothing(InsertStmt* insert) {
  auto* select = insert->selectStmt == nullptr ? nullptr : mutable_as<SelectStmt>(insert->selectStmt);
  if (changes_data(insert->withClause) || (select != nullptr && changes_data(select->withClause)))
    return fail("its WITH writes");
  if (select == nullptr) return fail("it inserts defaults only");
  if (select->valuesLists != nullptr) {
    List* targets = nullptr;
    for (const ListCell& cell : Cells(nth<List>(select->valuesLists, 0))) {
      ResTarget* target = make_node<ResTarget>(T_ResTarget);
      target->val = IsA(in(cell), SetToDefault) ? make_literal(nullptr) : const_cast<Node*>(in(cell));
      target->location = -1;
      targets = lappend(targets, target);
    }
    select->valuesLists = nullptr;
    select->targetList = targets;
  }
  select->limitCount = make_integer(0);
  select->limitOffset = nullptr;
  select->limitOption = limited();
  return true;
}

/// UNLISTEN of a channel that nobody listens on: allowed in every transaction state and on a standby, gives
/// no rows, does nothing.
void Rewriter::stand_in(RawStmt* raw) {
  UnlistenStmt* nothing = make_node<UnlistenStmt>(T_UnlistenStmt);
  nothing->conditionname = make_text("discarded by the gateway");
  raw->stmt = as_node(nothing);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
