// The walk: takes a node off the stack, gives it to the function that knows it, or pushes its children.
// Surprise: children are pushed in the order of the text and then reversed, so that the stack gives them back
// in that order.
#include "sql/grammar/walker.h"

#include <algorithm>

#include "sql/grammar/children.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

/// Visits and look-ups of one statement; about a tenth of a second.
constexpr std::uint64_t kMaxSteps = 10'000'000;
/// Statements within statements; PostgreSQL itself accepts three or four.
constexpr int kMaxNesting = 16;

/// The statement's kind, as a name that every list of kinds may hold.
std::string_view name_of(const Node* statement) {
  const std::string_view kind = kind_of(statement);
  return kind.empty() ? "unknown" : kind;
}

}  // namespace

Walker::Walker(Collector& out, const AnalyzeOptions& options, std::pmr::memory_resource& pool,
               const RawTree* tree, std::uint64_t spent)
    : out_(out),
      options_(options),
      pool_(pool),
      stack_(&pool),
      inner_(&pool),
      tree_(tree),
      compared_(&pool),
      steps_(spent) {
  stack_.reserve(32);
}

void Walker::statement(const Node* node) {
  const Enclosing* self = make(Enclosing{.kind = name_of(node)});
  walk(node, {.scope = new_scope(nullptr), .top = true, .of = self});
}

void Walker::statement(const Inner& inner) {
  std::vector<std::string_view>& within = out_.facts().within;
  for (const Enclosing* around = inner.place.of; around != nullptr; around = around->outer)
    within.push_back(around->kind);
  std::reverse(within.begin(), within.end());
  const Enclosing* self = make(Enclosing{.kind = name_of(inner.node), .outer = inner.place.of});
  walk(inner.node, {.scope = inner.place.scope,
                    .executes = inner.place.executes,
                    .top = true,
                    .of = self,
                    .variables = inner.place.variables});
}

void Walker::walk(const Node* node, const Place& place) {
  root_ = node;
  out_.facts().kind = name_of(node);
  push(node, place);
  while (!stack_.empty() && !too_complex_) {
    const Item item = stack_.back();
    stack_.pop_back();
    const std::size_t mark = stack_.size();
    variables_ = item.place->variables;
    visit(item.node, *item.place);
    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
    charge(1);
  }
  StatementFacts& facts = out_.facts();
  facts.has_where = writes_ > 0 ? unlimited_writes_ == 0 : top_arms_ > 0 && top_arms_with_where_ == top_arms_;
}

/// Notes a statement inside the one that is walked; returns the place it has, which is inside itself.
Place Walker::enclosed(const Node* statement, const Place& place) {
  if (statement == root_) return place;
  inner_.push_back({statement, place});
  out_.kind(name_of(statement));
  Place own = place;
  own.of = make(Enclosing{.kind = name_of(statement), .outer = place.of, .depth = place.of->depth + 1});
  too_complex_ = too_complex_ || own.of->depth > kMaxNesting;
  return own;
}

/// A query that a statement of another kind holds. A SELECT elsewhere is a sub-select and no statement.
void Walker::carry(const Node* statement, const Place& place) {
  if (statement == nullptr) return;
  push(statement, IsA(statement, SelectStmt) ? enclosed(statement, place) : place);
}

bool Walker::charge(std::uint64_t steps) {
  steps_ += steps;
  too_complex_ = too_complex_ || steps_ > kMaxSteps;
  return !too_complex_;
}

void Walker::push(const void* node, const Place& place) {
  if (node != nullptr) stack_.push_back({as<Node>(node), pooled(place)});
}

const Place* Walker::pooled(const Place& place) {
  if (last_place_ == nullptr || *last_place_ != place) last_place_ = make(place);
  return last_place_;
}

void Walker::visit_cells(const List* list, const Place& place) {
  const Place* shared = pooled(place);
  for (const ListCell& cell : Cells(list))
    if (cell.ptr_value != nullptr) stack_.push_back({in(cell), shared});
}

void Walker::visit(const Node* node, const Place& place) {
  if (visit_expression(node, place) || visit_query(node, place)) return;
  const std::string_view kind = kind_of(node);
  if (!kind.empty()) return utility(node, kind, enclosed(node, place));
  push_children(node, place);
}

bool Walker::visit_expression(const Node* node, const Place& place) {
  switch (nodeTag(node)) {
    case T_A_Const:
    case T_Integer:
    case T_Float:
    case T_Boolean:
    case T_String:
    case T_BitString:
    case T_A_Star:
    case T_IntList:
    case T_OidList:
    case T_SQLValueFunction:
    case T_SetToDefault: return true;
    case T_List: visit_cells(as<List>(node), place); return true;
    case T_ColumnRef: column_ref(as<ColumnRef>(node), place); return true;
    case T_FuncCall: function_call(as<FuncCall>(node), place); return true;
    case T_TypeCast: type_cast(as<TypeCast>(node), place); return true;
    case T_TypeName: type_name(as<TypeName>(node)); return true;
    case T_A_Expr: operator_expression(as<A_Expr>(node), place); return true;
    case T_SortBy: sort_by(as<SortBy>(node), place); return true;
    case T_SubLink: sub_link(as<SubLink>(node), place); return true;
    case T_A_Indirection: indirection(as<A_Indirection>(node), place); return true;
    case T_RoleSpec: role(as<RoleSpec>(node)); return true;
    case T_ParamRef: {
      if (place.variables != nullptr) return true;  // of the function, not of the statement
      parameter(as<ParamRef>(node), nullptr);
      return true;
    }
    case T_NullTest: {
      note_compared({kAnyColumn}, as<Node>(as<NullTest>(node)->arg));
      return false;
    }
    case T_PublicationTable: published(as<PublicationTable>(node), place); return true;
    case T_TableLikeClause:
      name_table(as<TableLikeClause>(node)->relation, Access::Read, "like");
      return true;
    case T_RangeVar: name_table(as<RangeVar>(node), place.access, place.verb); return true;
    default: return false;
  }
}

bool Walker::visit_query(const Node* node, const Place& place) {
  switch (nodeTag(node)) {
    case T_SelectStmt: select(as<SelectStmt>(node), place); return true;
    case T_InsertStmt: insert(as<InsertStmt>(node), enclosed(node, place)); return true;
    case T_UpdateStmt: update(as<UpdateStmt>(node), enclosed(node, place)); return true;
    case T_DeleteStmt: remove(as<DeleteStmt>(node), enclosed(node, place)); return true;
    case T_MergeStmt: merge(as<MergeStmt>(node), enclosed(node, place)); return true;
    default: return false;
  }
}

/// Its columns are read where rows are there already, and so are those that it refers to.
void Walker::constraint(const Constraint* constraint, const Place& place) {
  if (constraint->pktable != nullptr)
    for (const ListCell& cell : Cells(constraint->pk_attrs))
      out_.column(text_of(constraint->pktable->relname), string_in(in(cell)), Access::Read, true);
  for (const ListCell& cell : Cells(constraint->exclusions))
    operation(nth<List>(in<List>(cell), 1));  // pairs of an element and an operator's name
  for (const List* columns : {constraint->keys, constraint->fk_attrs})
    for (const ListCell& cell : Cells(columns))
      if (IsA(in(cell), String)) unqualified(string_in(in(cell)), place.scope);
}

/// All columns, or those that are named, go to whoever subscribes.
void Walker::published(const PublicationTable* table, const Place& place) {
  Place inner = place;
  inner.scope = new_scope(place.scope);
  push(table->relation, place);
  const Relation& relation = add_target(table->relation, inner.scope);
  inner.scope->last->read_listed = true;
  for (const ListCell& cell : Cells(table->columns))
    out_.column(relation.name, string_in(in(cell)), Access::Read, true);
  if (table->columns == nullptr) out_.column(relation.name, "*", Access::Read, true);
  push(table->whereClause, inner);
}

void Walker::push_children(const Node* node, const Place& place) {
  if (IsA(node, Constraint)) constraint(as<Constraint>(node), place);
  if (IsA(node, IndexElem) && as<IndexElem>(node)->name != nullptr)
    unqualified(text_of(as<IndexElem>(node)->name), place.scope);
  if (IsA(node, StatsElem) && as<StatsElem>(node)->name != nullptr)
    unqualified(text_of(as<StatsElem>(node)->name), place.scope);
  if (IsA(node, Constraint) && place.verb != "references" && as<Constraint>(node)->pktable != nullptr) {
    Place referenced = place;
    referenced.verb = "references";
    return push_children(node, referenced);
  }
  const Place* shared = pooled(place);
  const bool known = for_children(node, [&](const void* field) {
    if (field != nullptr) stack_.push_back({as<Node>(field), shared});
  });
  if (known) return;
  out_.opaque("unknown");
  out_.changes();
}

Scope* Walker::new_scope(Scope* parent, std::uint32_t deeper) {
  Scope scope;
  scope.parent = parent;
  scope.depth = (parent == nullptr ? 0 : parent->depth) + deeper;
  if (scope.depth > options_.max_query_depth) too_complex_ = true;
  return make(scope);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
