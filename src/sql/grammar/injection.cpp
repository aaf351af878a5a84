// Each node of the tree is asked for the shapes that begin at it. What lies beneath one is searched with a
// bound, so that the work stays linear in the text.
//
// The surprise: a tautology counts only behind a condition that is none, and a UNION's branch only behind one
// that reads a table. What is injected follows what was there; people who write `('' = '' OR name = '')`, an
// optional filter, put the constant first.
#include "sql/grammar/injection.h"

#include <algorithm>
#include <array>
#include <optional>

#include "sql/grammar/parse.h"
#include "sql/grammar/walker.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr std::size_t kMostNodes = 2'000'000;
constexpr int kSearched = 200;             ///< nodes beneath one that is of interest
constexpr std::int64_t kMany = 1'000'000;  ///< rows of generate_series() that only pass time

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view function_name(const Node* node) {
  if (node == nullptr || !IsA(node, FuncCall)) return {};
  const Name name = system_name_in(as<FuncCall>(node)->funcname);
  return name.schema.empty() ? name.name : std::string_view{};
}

const Node* argument(const Node* call, int i) {
  const List* arguments = as<FuncCall>(call)->args;
  return i < size_of(arguments) ? nth(arguments, i) : nullptr;
}

/// What an attacker asks first.
bool tells_of_server(const Node* node) {
  static constexpr auto kFunctions = std::to_array<std::string_view>(
      {"current_database", "current_schema", "current_schemas", "current_setting", "inet_server_addr",
       "inet_server_port", "pg_ls_dir", "pg_read_file", "version"});
  if (IsA(node, FuncCall)) return is_one_of(function_name(node), kFunctions);
  if (!IsA(node, SQLValueFunction)) return false;
  const auto op = as<SQLValueFunction>(node)->op;
  return op == SVFOP_CURRENT_USER || op == SVFOP_USER || op == SVFOP_SESSION_USER ||
         op == SVFOP_CURRENT_ROLE || op == SVFOP_CURRENT_CATALOG || op == SVFOP_CURRENT_SCHEMA;
}

bool is_catalog(const Node* node) {
  if (!IsA(node, RangeVar)) return false;
  const std::string_view schema = text_of(as<RangeVar>(node)->schemaname);
  const std::string_view name = text_of(as<RangeVar>(node)->relname);
  return schema == "pg_catalog" || schema == "information_schema" ||
         (schema.empty() && name.starts_with("pg_"));
}

/// Where passwords' hashes are kept, and other secrets of the server.
bool is_secret(const Node* node) {
  static constexpr auto kTables =
      std::to_array<std::string_view>({"pg_authid", "pg_hba_file_rules", "pg_shadow", "pg_user_mapping",
                                       "pg_user_mappings", "pg_subscription"});
  return IsA(node, RangeVar) && is_catalog(node) && is_one_of(text_of(as<RangeVar>(node)->relname), kTables);
}

/// The first node at or beneath `root` that is wanted, in the first kSearched.
template <class Wanted>
bool any_beneath(const void* root, Wanted wanted) {
  std::vector<const Node*> todo;
  if (root != nullptr) todo.push_back(as<Node>(root));
  for (int seen = 0; !todo.empty() && seen < kSearched; ++seen) {
    const Node* node = todo.back();
    todo.pop_back();
    if (wanted(node)) return true;
    push_children(node, todo);
  }
  return false;
}

bool mentions_server(const void* root) {
  return any_beneath(root, [](const Node* node) { return tells_of_server(node) || is_catalog(node); });
}

const Node* without_casts(const Node* node) {
  while (node != nullptr && (IsA(node, TypeCast) || IsA(node, CollateClause)))
    node = IsA(node, TypeCast) ? as<TypeCast>(node)->arg : as<CollateClause>(node)->arg;
  return node;
}

/// OR a, b, c: one that is always true, or begins with what is, behind one that is not; or several that are
/// together.
bool is_tautology(const Node* node) {
  if (!IsA(node, BoolExpr) || as<BoolExpr>(node)->boolop != OR_EXPR) return false;
  bool behind_condition = false;
  for (const ListCell& cell : Cells(as<BoolExpr>(node)->args)) {
    const Node* part = in(cell);
    const bool all = IsA(part, BoolExpr) && as<BoolExpr>(part)->boolop == AND_EXPR;
    const Node* first = all ? nth(as<BoolExpr>(part)->args, 0) : part;
    const bool holds = always_true(first) || always_true(part);
    if (holds && behind_condition) return true;
    behind_condition = behind_condition || !holds;
  }
  return behind_condition && size_of(as<BoolExpr>(node)->args) > 2 && always_true(node);
}

/// A row that only finds out how many columns there are, or what the server says.
bool is_probing_row(const SelectStmt* select) {
  if (select->fromClause != nullptr || select->valuesLists != nullptr || select->whereClause != nullptr)
    return false;
  int nulls = 0, counted = 0;
  for (const ListCell& cell : Cells(select->targetList)) {
    const Node* value = as<Node>(in<ResTarget>(cell)->val);
    if (value == nullptr) return false;
    if (any_beneath(value, tells_of_server)) return true;
    const std::optional<Literal> constant = literal_of(value);
    if (constant && constant->kind == Literal::Kind::Null) ++nulls;
    if (constant && constant->kind == Literal::Kind::Integer && constant->integer == counted + 1) ++counted;
  }
  const int columns = size_of(select->targetList);
  return columns >= 2 && (nulls == columns || counted == columns);
}

bool reads_tables(const SelectStmt* select) {
  return any_beneath(select->fromClause,
                     [](const Node* node) { return IsA(node, RangeVar) && !is_catalog(node); });
}

/// The branches of a UNION (INTERSECT, EXCEPT) in the order of the text.
std::vector<const SelectStmt*> branches(const SelectStmt* root) {
  std::vector<const SelectStmt*> todo = {root}, leaves;
  while (!todo.empty() && leaves.size() < kSearched) {
    const SelectStmt* one = todo.back();
    todo.pop_back();
    if (one->op == SETOP_NONE) {
      leaves.push_back(one);
    } else {
      todo.push_back(one->rarg);
      todo.push_back(one->larg);
    }
  }
  return leaves;
}

/// ascii(substr((select ..), 1, 1)), or the same of what the server says of itself.
bool takes_a_character(const Node* node) {
  static constexpr auto kParts = std::to_array<std::string_view>({"left", "right", "substr", "substring"});
  const std::string_view name = function_name(node);
  if (name == "ascii") {
    const Node* part = without_casts(argument(node, 0));
    if (!is_one_of(function_name(part), kParts)) return false;
    return any_beneath(argument(part, 0),
                       [](const Node* one) { return IsA(one, SubLink) || tells_of_server(one); });
  }
  return is_one_of(name, kParts) && any_beneath(argument(node, 0), [](const Node* one) {
           return IsA(one, SubLink) && mentions_server(as<SubLink>(one)->subselect);
         });
}

bool shows_by_error(const Node* node) {
  static constexpr auto kNumbers =
      std::to_array<std::string_view>({"float4", "float8", "int2", "int4", "int8", "numeric"});
  if (!IsA(node, TypeCast)) return false;
  const auto* cast = as<TypeCast>(node);
  const bool number = is_one_of(system_name_in(cast->typeName->names).name, kNumbers);
  const Node* what = cast->arg;
  if (!number || what == nullptr) return false;
  if (tells_of_server(what)) return function_name(what) != "current_setting";
  const bool glued = IsA(what, A_Expr) && name_in(as<A_Expr>(what)->name).name == "||";
  if (IsA(what, SubLink)) return any_beneath(what, tells_of_server);
  return glued &&
         any_beneath(what, [](const Node* one) { return IsA(one, SubLink) || tells_of_server(one); });
}

bool is_long_series(const Node* node) {
  if (function_name(node) != "generate_series") return false;
  const std::optional<Literal> to =
      argument(node, 1) == nullptr ? std::nullopt : literal_of(argument(node, 1));
  return to && to->kind == Literal::Kind::Integer && to->integer >= kMany;
}

bool waits(const Node* node) {
  return function_name(node).starts_with("pg_sleep");
}

class Search {
 public:
  void statement(const Node* root) {
    todo_.push_back(root);
    for (std::size_t seen = 0; !todo_.empty() && seen < kMostNodes; ++seen) {
      const Node* node = todo_.back();
      todo_.pop_back();
      look_at(node);
      push_children(node, todo_);
    }
    if (encoded_ >= 3) found("encoded");
  }
  std::vector<std::string_view> shapes;

 private:
  void found(std::string_view shape) {
    if (std::ranges::find(shapes, shape) == shapes.end()) shapes.push_back(shape);
  }

  void look_at(const Node* node) {
    switch (nodeTag(node)) {
      case T_BoolExpr:
        if (is_tautology(node)) found("tautology");
        return;
      case T_SelectStmt: return select(as<SelectStmt>(node));
      case T_InsertStmt: return secrets(node, as<InsertStmt>(node)->relation);
      case T_UpdateStmt:
        secrets(node, as<UpdateStmt>(node)->relation);
        return condition(as<UpdateStmt>(node)->whereClause);
      case T_DeleteStmt:
        secrets(node, as<DeleteStmt>(node)->relation);
        return condition(as<DeleteStmt>(node)->whereClause);
      case T_SubLink:
        if (any_beneath(as<SubLink>(node)->subselect, waits)) found("delay");
        return;
      case T_FuncCall:
        if (function_name(node) == "chr" && argument(node, 0) != nullptr && literal_of(argument(node, 0)))
          ++encoded_;
        if (takes_a_character(node)) found("blind");
        if (function_name(node) == "convert_from" && function_name(argument(node, 0)) == "decode" &&
            argument(argument(node, 0), 0) != nullptr && literal_of(argument(argument(node, 0), 0)))
          found("encoded");
        return;
      case T_TypeCast:
        if (shows_by_error(node)) found("error_based");
        return;
      default: return;
    }
  }

  /// Beside a table of the application's.
  void secrets(const Node* statement, const RangeVar* table) {
    if (!is_catalog(as<Node>(table)) && any_beneath(statement, is_secret)) found("blind");
  }

  void select(const SelectStmt* select) {
    if (reads_tables(select) && any_beneath(select, is_secret)) found("blind");
    condition(select->whereClause);
    condition(select->havingClause);
    if (select->fromClause != nullptr && any_beneath(select->targetList, waits)) found("delay");
    if (size_of(select->fromClause) > 1 && any_beneath(select->fromClause, waits)) found("delay");
    if (select->op != SETOP_NONE && !within_union(select)) set_operation(select);
  }

  /// A branch that is itself a UNION has been looked at with the whole.
  bool within_union(const SelectStmt* select) {
    return std::ranges::find(inner_unions_, select) != inner_unions_.end();
  }

  void set_operation(const SelectStmt* root) {
    for (const SelectStmt* one = root; one->op != SETOP_NONE && inner_unions_.size() < kSearched;
         one = one->larg)
      inner_unions_.push_back(one->larg);
    bool behind_table = false;
    for (const SelectStmt* branch : branches(root)) {
      if (behind_table && is_probing_row(branch)) found("union_constants");
      if (behind_table &&
          (any_beneath(branch->fromClause, is_catalog) || any_beneath(branch->targetList, is_catalog)))
        found("union_catalog");
      behind_table = behind_table || reads_tables(branch);
    }
  }

  void condition(const Node* clause) {
    if (clause == nullptr) return;
    if (any_beneath(clause, waits) || any_beneath(clause, is_long_series)) found("delay");
  }

  std::vector<const Node*> todo_;
  std::vector<const SelectStmt*> inner_unions_;
  int encoded_ = 0;
};

}  // namespace

void push_children(const Node* node, std::vector<const Node*>& out) {
  const auto child = [&](const void* field) {
    if (field != nullptr) out.push_back(as<Node>(field));
  };
  switch (nodeTag(node)) {
    case T_List:
      for (const ListCell& cell : Cells(as<List>(node))) child(cell.ptr_value);
      return;
#define CHILD(field) child(self->field);
#define NODE(type, children)                            \
  case T_##type: {                                      \
    [[maybe_unused]] const auto* self = as<type>(node); \
    children return;                                    \
  }
#include SIGNALBOX_GRAMMAR_NODES
#undef NODE
#undef CHILD
    default: return;
  }
}

std::vector<std::string_view> injected_shapes(std::string_view text, const AnalyzeOptions& options) {
  const RawTree tree(text, options);
  Search search;
  for (const ListCell& cell : Cells(tree.statements())) search.statement(in<RawStmt>(cell)->stmt);
  return std::move(search.shapes);
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
