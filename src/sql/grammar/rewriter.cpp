// Conditions and names of tables, at any depth of the statement. A table that is read becomes
// `(SELECT * FROM t WHERE condition) t`, which means the same in an outer join, a sub-select, a WITH; one
// that is updated or deleted from gets the condition in its WHERE.
//
// The surprise: PostgreSQL raises errors by longjmp past destructors, so nothing here may raise one: nodes
// are made by hand, and only the parser's entry is called, which catches.
#include "sql/grammar/rewriter.h"

#include <algorithm>

#include "sql/grammar/children.h"
#include "sql/grammar/make_nodes.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

std::string_view alias_of(const RangeVar* table) {
  return text_of(table->alias != nullptr ? table->alias->aliasname : table->relname);
}

/// "name" or "schema.name".
bool is_named(const RangeVar* table, std::string_view name) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return text_of(table->relname) == name;
  return text_of(table->relname) == name.substr(dot + 1) && text_of(table->schemaname) == name.substr(0, dot);
}

SelectStmt* make_select_all(Node* table, Node* condition) {
  ColumnRef* all = make_node<ColumnRef>(T_ColumnRef);
  all->fields = one_of(make_node<A_Star>(T_A_Star));
  all->location = -1;
  ResTarget* target = make_node<ResTarget>(T_ResTarget);
  target->val = as_node(all);
  target->location = -1;
  SelectStmt* select = make_node<SelectStmt>(T_SelectStmt);
  select->targetList = one_of(target);
  select->fromClause = one_of(table);
  select->whereClause = condition;
  return select;
}

}  // namespace

std::expected<Rewritten, RewriteError> rewrite(std::string_view text, const Rewrite& edits,
                                               const AnalyzeOptions& options) {
  const auto failed = [](std::string why) { return std::unexpected(RewriteError{std::move(why)}); };
  const RawTree tree(text, options);
  if (tree.error()) return failed("it cannot be parsed");
  if (size_of(tree.statements()) != 1) return failed("it is not one statement");
  if (!is_shallow(tree.statements())) return failed("it is too complex");
  const std::vector<std::int32_t> before = parameters_of(tree.statements());
  Rewriter rewriter(tree, edits);
  if (!rewriter.statement(mutable_as<RawStmt>(nth(tree.statements(), 0)))) return failed(rewriter.problem());
  const std::vector<std::int32_t> after = parameters_of(tree.statements());
  Rewritten result;
  result.parameters = before.empty() ? 0 : before.back();
  for (std::int32_t n = 1; n <= result.parameters; ++n) {
    if (!std::ranges::binary_search(after, n)) result.unused.push_back(n);
  }
  result.tag = rewriter.tag();
  auto written = deparse(const_cast<List*>(tree.statements()), options);
  if (!written) return std::unexpected(std::move(written.error()));
  result.text = std::move(*written);
  return result;
}

bool Rewriter::statement(RawStmt* raw) {
  if (edits_.nothing) return find_nothing(raw);
  return edit_query(raw->stmt) && walk(raw->stmt);
}

bool Rewriter::walk(Node* root) {
  std::vector<Item> stack = {{root, nullptr}};
  while (!stack.empty()) {
    const Item item = stack.back();
    stack.pop_back();
    if (item.node != nullptr && !is_leaf(item.node) && !visit(item, stack)) return false;
  }
  return true;
}

bool Rewriter::visit(const Item& item, std::vector<Item>& stack) {
  const Names* names = item.names;
  if (done_.contains(item.node)) return true;
  switch (nodeTag(item.node)) {
    case T_SelectStmt: {
      auto* select = mutable_as<SelectStmt>(item.node);
      names = with(select->withClause, names, stack);
      if (!edit_from(select->fromClause, names)) return false;
      break;
    }
    case T_UpdateStmt: {
      auto* update = mutable_as<UpdateStmt>(item.node);
      names = with(update->withClause, names, stack);
      if (!edit_target(update->relation, update->fromClause, update->whereClause, names)) return false;
      break;
    }
    case T_DeleteStmt: {
      auto* remove = mutable_as<DeleteStmt>(item.node);
      names = with(remove->withClause, names, stack);
      if (!edit_target(remove->relation, remove->usingClause, remove->whereClause, names)) return false;
      break;
    }
    case T_InsertStmt:
      names = with(as<InsertStmt>(item.node)->withClause, names, stack);
      if (!edit_insert(mutable_as<InsertStmt>(item.node))) return false;
      break;
    case T_WithClause:                  // its queries are on the stack already
    case T_LockingClause: return true;  // names aliases
    case T_RangeVar: return edit_elsewhere(mutable_as<RangeVar>(item.node), names);
    default: break;
  }
  const auto push = [&](const void* child) {
    if (child != nullptr) stack.push_back({const_cast<Node*>(as<Node>(child)), names});
  };
  if (!IsA(item.node, List)) return for_children(item.node, push) || fail("it holds something unknown");
  for (const ListCell& cell : Cells(as<List>(item.node))) push(cell.ptr_value);
  return true;
}

const Rewriter::Names* Rewriter::with(const WithClause* clause, const Names* names,
                                      std::vector<Item>& stack) {
  if (clause == nullptr) return names;
  const auto declare = [&](const ListCell& cell) {
    names = &names_.emplace_back(Names{.name = text_of(in<CommonTableExpr>(cell)->ctename), .outer = names});
  };
  if (clause->recursive)
    for (const ListCell& cell : Cells(clause->ctes)) declare(cell);
  for (const ListCell& cell : Cells(clause->ctes)) {
    stack.push_back({in<CommonTableExpr>(cell)->ctequery, names});
    if (!clause->recursive) declare(cell);
  }
  return names;
}

bool Rewriter::is_cte(const RangeVar* table, const Names* names) {
  if (table->schemaname != nullptr) return false;
  for (; names != nullptr; names = names->outer)
    if (names->name == text_of(table->relname)) return true;
  return false;
}

bool Rewriter::edit_from(List* items, const Names* names) {
  for (int i = 0; i < size_of(items); ++i) {
    auto* item = static_cast<Node*>(items->elements[i].ptr_value);
    if (!edit_from_item(item, names)) return false;
    items->elements[i].ptr_value = item;
  }
  return true;
}

/// Not deeper than the tree, which is shallow.
bool Rewriter::edit_from_item(Node*& item, const Names* names) {
  if (item == nullptr) return true;
  if (IsA(item, JoinExpr)) {
    auto* join = mutable_as<JoinExpr>(item);
    return edit_from_item(join->larg, names) && edit_from_item(join->rarg, names);
  }
  if (!IsA(item, RangeVar)) return true;
  auto* table = mutable_as<RangeVar>(item);
  done_.insert(item);
  if (is_cte(table, names)) return true;
  Node* condition = nullptr;
  if (!condition_on(table, condition)) return false;
  edit_table(table);
  if (condition == nullptr) return true;
  Alias* outer = make_node<Alias>(T_Alias);
  outer->aliasname = make_text(alias_of(table));
  if (table->alias != nullptr) outer->colnames = table->alias->colnames;
  table->alias = nullptr;
  RangeSubselect* part = make_node<RangeSubselect>(T_RangeSubselect);
  part->subquery = as_node(make_select_all(item, condition));
  part->alias = outer;
  item = as_node(part);
  done_.insert(item);
  return true;
}

bool Rewriter::edit_target(RangeVar* target, List* others, Node*& where, const Names* names) {
  Node* condition = nullptr;
  if (!condition_on(target, condition)) return false;
  edit_table(target);
  done_.insert(as_node(target));
  if (condition != nullptr) {
    if (where != nullptr && IsA(where, CurrentOfExpr)) return fail("it writes where a cursor stands");
    if (others != nullptr && !qualify(condition, alias_of(target))) return false;
    where = make_and(where, condition);
  }
  return edit_from(others, names);
}

bool Rewriter::edit_insert(InsertStmt* insert) {
  Node* condition = nullptr;
  if (!condition_on(insert->relation, condition)) return false;
  edit_table(insert->relation);
  done_.insert(as_node(insert->relation));
  OnConflictClause* conflict = insert->onConflictClause;
  if (condition == nullptr || conflict == nullptr || conflict->action != ONCONFLICT_UPDATE) return true;
  if (!qualify(condition, alias_of(insert->relation))) return false;
  conflict->whereClause = make_and(conflict->whereClause, condition);
  return true;
}

/// TRUNCATE, MERGE, COPY, LOCK, TABLESAMPLE, ...: another table can be named, a condition cannot be put in.
bool Rewriter::edit_elsewhere(RangeVar* table, const Names* names) {
  if (is_cte(table, names)) return true;
  Node* condition = nullptr;
  if (!condition_on(table, condition)) return false;
  if (condition != nullptr)
    return fail("it uses " + std::string(text_of(table->relname)) + " in a way that no condition fits");
  edit_table(table);
  return true;
}

/// Another name, or a schema. References to columns still find it: what it was called is its alias.
void Rewriter::edit_table(RangeVar* table) {
  for (const auto& [from, to] : edits_.tables) {
    if (!is_named(table, from)) continue;
    if (table->alias == nullptr) {
      table->alias = make_node<Alias>(T_Alias);
      table->alias->aliasname = table->relname;
    }
    const auto dot = to.rfind('.');
    table->relname = make_text(std::string_view(to).substr(dot == std::string::npos ? 0 : dot + 1));
    if (dot != std::string::npos) table->schemaname = make_text(std::string_view(to).substr(0, dot));
    return;
  }
  const bool systems = text_of(table->relname).starts_with("pg_");
  if (!edits_.schema.empty() && table->schemaname == nullptr && !systems)
    table->schemaname = make_text(edits_.schema);
}

/// All conditions on the table, as one; null when there is none.
bool Rewriter::condition_on(const RangeVar* table, Node*& all) {
  for (const RowCondition& one : edits_.conditions) {
    if (one.table != text_of(table->relname)) continue;
    if (!one.schema.empty() && table->schemaname != nullptr && one.schema != text_of(table->schemaname))
      continue;
    Node* parsed = parse_condition(one);
    if (parsed == nullptr) return false;
    all = make_and(all, parsed);
  }
  return true;
}

Node* Rewriter::parse_condition(const RowCondition& condition) {
  const List* parsed = tree_.parse("SELECT 1 FROM t WHERE " + condition.condition);
  const Node* only = size_of(parsed) == 1 ? nth<RawStmt>(parsed, 0)->stmt : nullptr;
  const auto* select = only != nullptr && IsA(only, SelectStmt) ? as<SelectStmt>(only) : nullptr;
  const bool plain = select != nullptr && select->whereClause != nullptr && select->op == SETOP_NONE &&
                     select->groupClause == nullptr && select->havingClause == nullptr &&
                     select->sortClause == nullptr && select->limitCount == nullptr &&
                     select->limitOffset == nullptr && select->lockingClause == nullptr &&
                     select->windowClause == nullptr && size_of(select->fromClause) == 1;
  if (!plain || !is_shallow(parsed)) {
    fail("the condition \"" + condition.condition + "\" is no expression");
    return nullptr;
  }
  Node* root = select->whereClause;
  return put_values(root, condition.values) ? root : nullptr;
}

/// Literals in the places of $n. A $n inside quotes is no place, but a literal itself.
bool Rewriter::put_values(Node*& root, const std::vector<std::optional<std::string>>& values) {
  bool numbers_fit = true;
  std::vector<Node*> stack;
  const auto slot = [&](Node*& place) {
    if (place == nullptr) return;
    if (!IsA(place, ParamRef)) return stack.push_back(place);
    const auto number = static_cast<std::size_t>(as<ParamRef>(place)->number);
    if (number == 0 || number > values.size()) {
      numbers_fit = false;
      return;
    }
    const auto& value = values[number - 1];
    place = make_literal(value ? value->c_str() : nullptr);
  };
  slot(root);
  while (!stack.empty()) {
    Node* node = stack.back();
    stack.pop_back();
    if (is_leaf(node)) continue;
    if (!for_slots(node, slot)) return fail("a condition holds something unknown");
  }
  return numbers_fit || fail("a condition has a parameter without a value");
}

/// Columns of the table where other tables have some too.
bool Rewriter::qualify(Node* condition, std::string_view alias) {
  std::vector<const Node*> stack = {condition};
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    if (node == nullptr || is_leaf(node)) continue;
    if (IsA(node, SubLink)) return fail("a condition with a sub-select does not fit where tables are joined");
    if (IsA(node, ColumnRef)) {
      auto* ref = mutable_as<ColumnRef>(node);
      if (size_of(ref->fields) == 1)
        ref->fields = lappend(one_of(make_string(alias)), const_cast<Node*>(nth(ref->fields, 0)));
      continue;
    }
    const auto push = [&](const void* child) { stack.push_back(as<Node>(child)); };
    if (IsA(node, List)) {
      for (const ListCell& cell : Cells(as<List>(node))) push(cell.ptr_value);
    } else {
      for_children(node, push);
    }
  }
  return true;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
