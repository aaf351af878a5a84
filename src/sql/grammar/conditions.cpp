// Conditions: the equalities at the top level of AND in WHERE and ON, and whether a WHERE limits anything at
// all (truth.cpp). Surprise: a clause that names no column of the rows it is about is the same for all of
// them.
#include <algorithm>
#include <vector>

#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kMaxConditions = 256;  ///< equalities kept for one relation; fewer are as true

bool is_equals(const List* name) {
  const Name op = system_name_in(name);
  return op.schema.empty() && op.name == "=";
}

/// A star is as many elements as it has columns: what is behind it is compared with something else.
bool has_star(const List* elements) {
  return std::ranges::any_of(Cells(elements), [](const ListCell& cell) {
    const Node* node = in(cell);
    const List* parts = IsA(node, ColumnRef)       ? as<ColumnRef>(node)->fields
                        : IsA(node, A_Indirection) ? as<A_Indirection>(node)->indirection
                                                   : nullptr;
    return size_of(parts) > 0 && IsA(nth(parts, size_of(parts) - 1), A_Star);
  });
}

bool is_column(const Node* node) {
  if (node == nullptr || !IsA(node, ColumnRef)) return false;
  const List* fields = as<ColumnRef>(node)->fields;
  return !IsA(nth(fields, size_of(fields) - 1), A_Star);
}

/// The type of the column that a bare name must mean, when a catalogue tells of all that it could.
std::uint32_t column_type(const Scope* scope, std::string_view column) {
  std::uint32_t type = 0;
  for (const Relation* one = scope->first; one != nullptr; one = one->next) {
    if (one->known == nullptr || one->columns == nullptr) return 0;
    const std::uint32_t its = one->known->type_of(column);
    if (its != 0 && type != 0) return 0;
    type = type == 0 ? its : type;
  }
  return type;
}

}  // namespace

bool Walker::limits_rows(const Node* clause, const Relation* target) {
  if (clause == nullptr) return false;
  return !always_true(clause, target, &out_.facts().constants_decide) && mentions_rows(clause, target);
}

namespace {

using Nodes = std::pmr::vector<const Node*>;

/// SELECT without FROM: of its clauses only values can come.
bool is_plain(const SelectStmt* select) {
  return IsA(select, SelectStmt) && select->op == SETOP_NONE && select->withClause == nullptr &&
         select->fromClause == nullptr && select->valuesLists == nullptr;
}

/// What an expression is made of goes to `todo`. False: nobody knows what it is made of, or of rows.
bool take_apart(const Node* node, Nodes& todo) {
  switch (nodeTag(node)) {
    case T_A_Const:
    case T_ParamRef:
    case T_SQLValueFunction: return true;
    case T_SubLink: {
      const auto* select = as<SelectStmt>(as<SubLink>(node)->subselect);
      if (!is_plain(select)) return false;
      todo.insert(todo.end(),
                  {as<SubLink>(node)->testexpr, as<Node>(select->targetList), select->whereClause});
      return true;
    }
    case T_ResTarget: todo.push_back(as<ResTarget>(node)->val); return true;
    case T_CoalesceExpr: todo.push_back(as<Node>(as<CoalesceExpr>(node)->args)); return true;
    case T_MinMaxExpr: todo.push_back(as<Node>(as<MinMaxExpr>(node)->args)); return true;
    case T_RowExpr: todo.push_back(as<Node>(as<RowExpr>(node)->args)); return true;
    case T_A_ArrayExpr: todo.push_back(as<Node>(as<A_ArrayExpr>(node)->elements)); return true;
    case T_CaseExpr:
      todo.insert(todo.end(), {as<Node>(as<CaseExpr>(node)->arg), as<Node>(as<CaseExpr>(node)->args),
                               as<Node>(as<CaseExpr>(node)->defresult)});
      return true;
    case T_CaseWhen:
      todo.insert(todo.end(), {as<Node>(as<CaseWhen>(node)->expr), as<Node>(as<CaseWhen>(node)->result)});
      return true;
    case T_List:
      for (const ListCell& cell : Cells(as<List>(node))) todo.push_back(in(cell));
      return true;
    case T_BoolExpr: todo.push_back(as<Node>(as<BoolExpr>(node)->args)); return true;
    case T_FuncCall: todo.push_back(as<Node>(as<FuncCall>(node)->args)); return true;
    case T_TypeCast: todo.push_back(as<TypeCast>(node)->arg); return true;
    case T_A_Expr: todo.insert(todo.end(), {as<A_Expr>(node)->lexpr, as<A_Expr>(node)->rexpr}); return true;
    case T_NullTest: todo.push_back(as<Node>(as<NullTest>(node)->arg)); return true;
    case T_BooleanTest: todo.push_back(as<Node>(as<BooleanTest>(node)->arg)); return true;
    default: return false;
  }
}

}  // namespace

/// A column, sub-select or cursor occurs in it; a clause without one is the same for every row. Of a write
/// the column must be one of the target, or may be. A long clause is believed.
bool Walker::mentions_rows(const Node* clause, const Relation* target) {
  const auto of_another = [&](const Node* column) {
    const List* fields = as<ColumnRef>(column)->fields;
    return target != nullptr && size_of(fields) > 1 &&
           string_in(nth(fields, size_of(fields) - 2)) != target->alias;
  };
  Nodes todo(&pool_);
  todo.push_back(clause);
  for (int visited = 0; !todo.empty(); ++visited) {
    const Node* node = todo.back();
    todo.pop_back();
    if (node == nullptr) continue;
    if (visited > 1000 || !charge(1)) return true;
    if (IsA(node, ColumnRef)) {
      if (!is_variable(node) && !of_another(node)) return true;
    } else if (!take_apart(node, todo)) {
      return true;
    }
  }
  return false;
}

void Walker::conditions(const Node* clause, Scope* scope, int begin, int end) {
  std::pmr::vector<const Node*> todo(&pool_);
  if (clause != nullptr) todo.push_back(clause);
  while (!todo.empty() && charge(1)) {
    const Node* node = todo.back();
    todo.pop_back();
    if (IsA(node, BoolExpr) && as<BoolExpr>(node)->boolop == AND_EXPR) {
      const List* args = as<BoolExpr>(node)->args;
      for (int i = size_of(args) - 1; i >= 0; --i) todo.push_back(nth(args, i));
    } else {
      condition(node, scope, begin, end);
    }
  }
}

void Walker::condition(const Node* node, Scope* scope, int begin, int end) {
  switch (nodeTag(node)) {
    case T_A_Expr: {
      const auto* expression = as<A_Expr>(node);
      const bool plain = expression->kind == AEXPR_OP || expression->kind == AEXPR_NOT_DISTINCT;
      const bool in_list = expression->kind == AEXPR_IN && IsA(expression->rexpr, List) &&
                           size_of(as<List>(expression->rexpr)) == 1;
      if ((!plain && !in_list) || !is_equals(expression->name)) return;
      const Node* right = in_list ? nth(as<List>(expression->rexpr), 0) : expression->rexpr;
      return equality(expression->lexpr, right, scope, begin, end);
    }
    case T_NullTest: {
      const auto* test = as<NullTest>(node);
      if (test->nulltesttype == IS_NULL)
        equal_column(as<Node>(test->arg), {.is_null = true}, scope, begin, end);
      return;
    }
    case T_BooleanTest: {
      const auto* test = as<BooleanTest>(node);
      if (test->booltesttype == IS_TRUE || test->booltesttype == IS_FALSE)
        equal_column(as<Node>(test->arg), {.boolean = test->booltesttype == IS_TRUE}, scope, begin, end);
      return;
    }
    case T_BoolExpr:
      if (as<BoolExpr>(node)->boolop == NOT_EXPR)
        equal_column(nth(as<BoolExpr>(node)->args, 0), {.boolean = false}, scope, begin, end);
      return;
    case T_ColumnRef: return equal_column(node, {.boolean = true}, scope, begin, end);
    default: return;
  }
}

/// a = 1, 1 = a, (a, b) = (1, 2).
void Walker::equality(const Node* left, const Node* right, Scope* scope, int begin, int end) {
  if (left == nullptr || right == nullptr) return;
  if (IsA(left, RowExpr) && IsA(right, RowExpr)) {
    const List *a = as<RowExpr>(left)->args, *b = as<RowExpr>(right)->args;
    if (has_star(a) || has_star(b)) return;
    for (int i = 0; size_of(a) == size_of(b) && i < size_of(a); ++i)
      if (!IsA(nth(a, i), RowExpr)) equality(nth(a, i), nth(b, i), scope, begin, end);
    return;
  }
  if (is_column(left)) return equal_column(left, {.value = right}, scope, begin, end);
  equal_column(right, {.value = left}, scope, begin, end);
}

void Walker::equal_column(const Node* column, Condition condition, Scope* scope, int begin, int end) {
  if (!is_column(column) || (condition.value != nullptr && !literal_of(condition.value))) return;
  if (condition.value != nullptr && literal_of(condition.value)->kind == Literal::Kind::Null) return;
  if (is_variable(column)) return;
  const bool parameter =
      condition.value != nullptr && literal_of(condition.value)->kind == Literal::Kind::Parameter;
  if (parameter && variables_ != nullptr) return;  // of the function, not of the statement
  const List* fields = as<ColumnRef>(column)->fields;
  const int n = size_of(fields);
  condition.column = string_in(nth(fields, n - 1));
  Relation* relation = nullptr;
  if (scope->any) {
    relation = scope->first;
  } else if (n > 1) {
    relation =
        only_relation(scope, n > 2 ? string_in(nth(fields, n - 3)) : "", string_in(nth(fields, n - 2)));
  } else {
    for (Relation* one = scope->first; one != nullptr && charge(1); one = one->next) {
      if (one->qualified || (one->columns != nullptr && !one->columns->has(condition.column))) continue;
      if (relation != nullptr) return;  // two could have it
      relation = one;
    }
  }
  if (relation == nullptr || relation->index < begin || relation->index >= end || !relation->is_table())
    return;
  if (relation->renamed != nullptr) return;  // the name may be of a table further out
  if (relation->conditions++ >= kMaxConditions) return;
  condition.next = relation->where;
  relation->where = make(condition);
}

/// In the order of the text; a column with two different values is left out, because then no row passes or we
/// do not see why.
std::vector<Equality> Walker::equalities(const Condition* first, const Catalog::Relation* of) const {
  std::vector<Equality> all;
  for (const Condition* one = first; one != nullptr; one = one->next) {
    Literal value = one->is_null ? Literal::null() : Literal::of(one->boolean);
    if (one->value != nullptr) value = literal_of(one->value).value_or(Literal::unknown());
    const std::uint32_t type = of == nullptr ? 0 : of->type_of(one->column);
    all.insert(all.begin(), {std::string(one->column), std::move(value), type});
  }
  std::vector<Equality> agreed;
  for (const Equality& one : all) {
    bool contradicted = false, repeated = false;
    for (const Equality& other : all)
      contradicted = contradicted || (other.column == one.column && other.value != one.value);
    for (const Equality& other : agreed) repeated = repeated || other.column == one.column;
    if (!contradicted && !repeated) agreed.push_back(one);
  }
  return agreed;
}

/// The statement's own WHERE, whatever tables its columns belong to; of a UNION, what all branches agree on.
void Walker::top_where(const Node* clause, const Scope* scope) {
  Relation everything{.name = "*"};
  Scope any;
  any.first = any.last = &everything;
  any.size = 1;
  any.any = true;
  conditions(clause, &any, 0, 1);
  std::vector<Equality> where = equalities(everything.where, nullptr);
  for (Equality& one : where) one.type = column_type(scope, one.column);
  StatementFacts& facts = out_.facts();
  if (top_arms_++ == 0)
    facts.where = where;
  else
    std::erase_if(facts.where,
                  [&](const Equality& one) { return std::ranges::find(where, one) == where.end(); });
  if (limits_rows(clause)) ++top_arms_with_where_;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
