// Walker: one statement's parse tree -> facts in a Collector.
//
// The walk has its own stack of nodes still to be visited, so that neither deep nor long texts use the
// thread's stack. Nodes with a meaning of their own have a function; every other node is walked through the
// table of its children (nodes_NN.inc); a node that is in neither is reported (opaque "unknown").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "sql/analyze.h"
#include "sql/collector.h"
#include "sql/grammar/returning.h"
#include "sql/grammar/scope.h"
#include "sql/grammar/tree.h"

namespace signalbox::sql {
struct ProceduralBody;
}

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

class RawTree;

/// The statements around a place, from the inside out.
struct Enclosing {
  std::string_view kind;
  const Enclosing* outer = nullptr;
  int depth = 0;
};

/// Where a node stands.
struct Place {
  Scope* scope = nullptr;
  Access access = Access::Read;  ///< what a table named here is for
  std::string_view verb = "select";
  bool executes = true;                ///< false under EXPLAIN without ANALYZE
  bool top = false;                    ///< this query's WHERE and LIMIT are the statement's own
  const Enclosing* of = nullptr;       ///< the statement that the node belongs to
  const Columns* variables = nullptr;  ///< in a body in a string: names that may mean a variable
  bool operator==(const Place&) const = default;
};

/// What a $n is compared with: a column ("" none, kAnyColumn), and its type when a catalogue tells.
struct Compared {
  std::string_view column = {};
  std::uint32_t type = 0;
};

class Walker {
 public:
  /// `tree` parses what stands in strings; null: it is not looked into.
  Walker(Collector& out, const AnalyzeOptions& options, std::pmr::memory_resource& pool,
         const RawTree* tree = nullptr, std::uint64_t spent = 0);

  /// A statement inside the one that was walked, and where it stands there.
  struct Inner {
    const Node* node;
    Place place;
  };

  void statement(const Node* node);
  /// Walks it by itself, with the WITH names that it sees.
  void statement(const Inner& inner);
  /// Found by the walk, at any depth.
  std::span<const Inner> inner() const { return inner_; }
  /// The bounds were reached: the facts are incomplete.
  bool too_complex() const { return too_complex_; }
  std::uint64_t steps() const { return steps_; }

 private:
  struct Item {
    const Node* node;
    const Place* place;
  };

  // walker.cpp: the loop, and nodes without a meaning of their own
  void walk(const Node* node, const Place& place);
  Place enclosed(const Node* statement, const Place& place);
  void carry(const Node* statement, const Place& place);
  void visit(const Node* node, const Place& place);
  bool visit_expression(const Node* node, const Place& place);
  bool visit_query(const Node* node, const Place& place);
  void push(const void* node, const Place& place);
  void push_children(const Node* node, const Place& place);
  void visit_cells(const List* list, const Place& place);
  const Place* pooled(const Place& place);
  bool charge(std::uint64_t steps);

  // expressions.cpp
  void function_call(const FuncCall* call, const Place& place);
  bool user_functions(const Name& name);
  void set_config(const FuncCall* call, bool own);
  void type_cast(const TypeCast* cast, const Place& place);
  void type_name(const TypeName* type);
  void parameter(const ParamRef* parameter, const TypeName* type);
  void note_compared(Compared with, const Node* other);
  Compared compared(const Node* node, const Scope* scope);
  template <class Visit>
  bool each_owner(const ColumnRef* ref, const Scope* scope, bool settled, Visit&& visit);
  std::uint32_t type_of(const ColumnRef* ref, const Scope* scope);
  bool is_of_tables(const ColumnRef* ref, const Scope* scope);
  void operator_expression(const A_Expr* expression, const Place& place);
  void sub_link(const SubLink* link, const Place& place);
  void indirection(const A_Indirection* node, const Place& place);
  void call_of(const Name& name, bool own, const Place& place);
  void field_call(std::string_view name, bool unknown, const Place& place);
  void sort_by(const SortBy* sort, const Place& place);
  void operation(const List* name);
  void published(const PublicationTable* table, const Place& place);
  void constraint(const Constraint* constraint, const Place& place);
  void role(const RoleSpec* role);

  // columns.cpp
  void column_ref(const ColumnRef* ref, const Place& place);
  void unqualified(std::string_view name, Scope* scope);
  void star(Scope* scope);
  Relation* only_relation(const Scope* scope, std::string_view schema, std::string_view alias);
  Relation* at_index(const Scope* scope, int index);
  void read_of(const Scope* scope, Relation& relation, std::string_view name, bool certain,
               const Place& place);
  void read_column(const Scope* scope, Relation& relation, std::string_view name, bool certain);
  void call_by_column(const Relation& relation, std::string_view function);
  void write_columns(const List* targets, const Relation& relation, const Place& place);

  // from.cpp
  void from(const List* items, Scope* scope, Scope* names, const Place& place);
  Place inside_from(const Place& place, Scope* scope);
  void from_item(const Node* item, Scope* scope, Scope* names, const Place& place, int depth);
  void from_leaf(const Node* item, Scope* scope, Scope* names, const Place& place, int depth);
  void join(const JoinExpr* join, Scope* scope, int begin, int middle, const Place& place);
  void join_columns(const JoinExpr* join, Scope* scope, int begin);
  void range_var(const RangeVar* table, Scope* scope, Scope* names);
  void range_subselect(const RangeSubselect* item, Scope* scope, Scope* names, const Place& place);
  void range_function(const RangeFunction* item, Scope* scope, const Place& place);
  Relation& add_relation(Scope* scope, Relation relation);
  Relation& add_target(const RangeVar* table, Scope* scope);
  void list_tables(Scope* scope);
  void resolve(Relation& relation);
  void name_table(const RangeVar* table, Access access, std::string_view verb);
  void list_beneath(const Catalog::Relation& above, Access access, std::string_view verb);
  void list_use(const Relation& relation, Access access, std::string_view verb);

  // queries.cpp
  void select(const SelectStmt* select, const Place& place);
  void set_operation(const SelectStmt* select, Scope* names, const Place& place);
  void select_clauses(const SelectStmt* select, const Place& place);
  void into(const IntoClause* into, const Place& place);
  void locking(const List* clauses, Scope* scope, const Place& place);
  void insert(const InsertStmt* insert, const Place& place);
  void on_conflict(const OnConflictClause* clause, Relation& target, Scope* scope, const Place& place);
  void update(const UpdateStmt* update, const Place& place);
  void remove(const DeleteStmt* remove, const Place& place);
  void merge(const MergeStmt* merge, const Place& place);
  void beside_source(const MergeStmt* merge, const Relation& target);
  void returning(const Returning& returned, Relation& target, const Place& place);
  void bounded_write(const Node* where, const Relation& target, const Place& place);
  Scope* with(const WithClause* clause, const Place& place);
  void limit(const SelectStmt* select);
  void note_only_call(const SelectStmt* select);

  // conditions.cpp
  void conditions(const Node* clause, Scope* scope, int begin, int end);
  void condition(const Node* clause, Scope* scope, int begin, int end);
  void equality(const Node* left, const Node* right, Scope* scope, int begin, int end);
  void equal_column(const Node* column, Condition condition, Scope* scope, int begin, int end);
  void top_where(const Node* clause, const Scope* scope);
  std::vector<Equality> equalities(const Condition* first, const Catalog::Relation* of) const;
  bool limits_rows(const Node* clause, const Relation* target = nullptr);
  bool mentions_rows(const Node* clause, const Relation* target);

  // statements.cpp
  void utility(const Node* node, std::string_view kind, const Place& place);
  bool visit_statement(const Node* node, std::string_view kind, const Place& place);
  bool visit_session_statement(const Node* node, const Place& place);
  void define(const Node* node, std::string_view kind, const Place& place);
  void copy(const CopyStmt* copy, const Place& place);
  void explain(const ExplainStmt* explain, const Place& place);
  void transaction(const TransactionStmt* statement);
  void variable_set(const VariableSetStmt* set);
  Literal set_value(const List* args, bool identifiers);
  void lock_table(const LockStmt* lock);
  void create_table_as(const CreateTableAsStmt* statement, const Place& place);

  // hidden.cpp
  void hidden(const Node* node);

  // bodies.cpp
  void bodies(const Node* node, const Place& place);
  bool walk_body(const ProceduralBody& body, bool executes, const Place& place);
  const Columns* kept(std::span<const std::string> names);
  bool is_variable(const Node* column) const;

  // options.cpp
  void clause_options(const Node* node);
  void role_options(const List* options);
  void function_options(const List* options);
  void clause_option(std::string_view name, const Node* value);

  // callees.cpp
  void callees(const Node* node);
  void callee(const List* name);
  void callees_in(const List* definition);
  void wrappers(const List* options);
  void support(const List* options);
  void class_items(const List* items);

  // objects.cpp
  void objects(const Node* node, std::string_view verb);
  void object(ObjectType type, const Node* object, std::string_view verb);
  void object_on_table(std::string_view type, const List* names, std::string_view verb);
  void renamed(const RenameStmt* rename);
  void altered_columns(const AlterTableStmt* alter);
  void dropped(const DropStmt* drop);
  void granted(const GrantStmt* grant, std::string_view verb);
  void created(const Node* node);
  void owned_by(const List* options, std::string_view verb);

  // names.cpp
  const Columns* output_columns(const Node* query);
  const Columns* with_aliases(const Columns* columns, const List* aliases, bool complete);
  const Columns* make_columns(std::span<const std::string_view> names);

  Scope* new_scope(Scope* parent, std::uint32_t deeper = 1);
  template <class T>
  T* make(T value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (pool_.allocate(sizeof(T), alignof(T))) T(value);
  }

  Collector& out_;
  const AnalyzeOptions& options_;
  std::pmr::memory_resource& pool_;
  std::pmr::vector<Item> stack_;
  std::pmr::vector<Inner> inner_;
  const RawTree* tree_ = nullptr;
  const Columns* variables_ = nullptr;  ///< of the place that is visited
  const Node* root_ = nullptr;
  std::pmr::unordered_map<int, Compared> compared_;  ///< by the place of $n, for those to be visited
  const Place* last_place_ = nullptr;                ///< the last one pooled: neighbours share it
  std::uint64_t steps_ = 0;
  bool too_complex_ = false;
  bool all_steady_ = false;              ///< those that user_functions() found
  bool limit_seen_ = false;              ///< the outermost query has been visited
  const FuncCall* only_call_ = nullptr;  ///< the statement is SELECT of this call and nothing else
  std::string_view setting_scope_ = "session";
  int top_arms_ = 0;
  int top_arms_with_where_ = 0;
  int writes_ = 0;  ///< UPDATE, DELETE, MERGE
  int unlimited_writes_ = 0;
};

/// The statement's kind (facts.h), "" when the node is no statement.
std::string_view kind_of(const Node* statement);
/// "table", "foreign table", "function", ...; and whether such an object is listed as a table.
std::string_view object_word(ObjectType type);
bool is_table_like(ObjectType type);
/// The condition holds for every row (but for NULLs), as far as its text tells: true, 1 = 1, id = id, id > 0
/// OR id <= 0, id IN (SELECT id FROM the table). `target`: the table that is written, the others of its FROM
/// behind it. `integers` is set when an integer's value matters.
bool always_true(const Node* condition, const Relation* target = nullptr, bool* integers = nullptr);
/// A constant, parameter, or cast of one; nothing for any other expression.
std::optional<Literal> literal_of(const Node* node);

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
