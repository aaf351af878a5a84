// Tracer: follows a result's columns back to the tables they come from (sql/outputs.h), through sub-selects,
// WITH, joins, UNION and RETURNING. Recursive in queries within queries, to a bounded depth; expressions,
// which may be deep, are walked with a stack of their own. Past a bound the answer is `opaque`.
#pragma once

#include <deque>
#include <string_view>
#include <vector>

#include "sql/analyze.h"
#include "sql/grammar/returning.h"
#include "sql/grammar/tree.h"
#include "sql/outputs.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

Outputs outputs(std::string_view text, std::uint32_t index, bool carried, const AnalyzeOptions& options);

/// The name PostgreSQL gives an output column without AS; "" when that is not known here.
std::string_view column_name(const Node* expression);

class Tracer {
 public:
  explicit Tracer(const AnalyzeOptions& options) : options_(options) {}
  Outputs statement(const Node* node, bool carried);

 private:
  /// An entry of FROM: a table, or what is derived (sub-select, WITH query, function, aliased join).
  struct Relation {
    std::string_view alias = {};
    std::string_view schema = {};
    std::string_view table = {};  ///< "" when derived
    const Outputs* derived = nullptr;
    const Outputs* written =
        nullptr;             ///< of a table: what the statement writes to its columns, by their names
    bool renamed = false;    ///< of a table: its columns have other names here
    bool qualified = false;  ///< means something in front of a column only: `old`, `new`
  };
  struct Cte {
    std::string_view name;
    const Outputs* outputs = nullptr;
    const Cte* outer = nullptr;
  };
  struct Scope {
    const Scope* outer = nullptr;
    const Cte* names = nullptr;
    int depth = 0;
    std::vector<Relation> relations = {};
    bool merges = false;  ///< USING or NATURAL: columns of a star stand in another order
  };

  // tracer.cpp: queries and FROM
  Outputs copy(const CopyStmt* copy);
  Outputs query(const Node* node, const Cte* names, const Scope* outer, int depth);
  Outputs select(const SelectStmt* select, const Cte* names, const Scope* outer, int depth);
  Outputs values(const List* rows, const Scope& scope);
  Outputs set_operation(const SelectStmt* select, const Cte* names, const Scope* outer, int depth);
  Outputs targets(const List* list, const Scope& scope);
  const Cte* with(const WithClause* clause, const Cte* names, const Scope* outer, int depth);
  const Outputs* recursive(const CommonTableExpr* cte, const Cte* names, const Scope* outer, int depth);
  void from(const List* items, Scope& scope);
  void from_item(const Node* item, Scope& scope, int depth);
  void join(const JoinExpr* join, Scope& scope, int depth);
  void table(const RangeVar* table, Scope& scope);
  void function(const Node* item, const Alias* alias, Scope& scope);
  const Outputs* keep(Outputs outputs) { return &kept_.emplace_back(std::move(outputs)); }

  // trace_writes.cpp
  Outputs insert(const InsertStmt* insert, const Cte* names, const Scope* outer, int depth);
  Outputs update(const UpdateStmt* update, const Cte* names, const Scope* outer, int depth);
  Outputs remove(const DeleteStmt* remove, const Cte* names, const Scope* outer, int depth);
  Outputs returning(const RangeVar* target, const Returning& returned, Scope& scope, Outputs written);
  Scope& written_scope(const RangeVar* target, const List* from, const Cte* names, const Scope* outer,
                       int depth);
  void assign(const List* targets, const Scope& scope, Outputs& written);
  static void write(std::string_view column, Output value, Outputs& written);

  // trace_expressions.cpp
  Output expression(const Node* node, const Scope& scope);
  Output column(const ColumnRef* ref, const Scope& scope);
  void star(const ColumnRef* ref, const Scope& scope, Outputs& out);
  void expand(const Relation& relation, Outputs& out);
  void in_relation(const Relation& relation, std::string_view name, Output& out, bool& found);
  bool is_function(const Relation& relation, std::string_view name) const;
  void whole_row(const Relation& relation, Output& out);
  void beneath(const Relation& relation, Output& out);
  static const Relation* find(const Scope& scope, const List* fields);
  void collect(const Node* node, const Scope& scope, Output& out);
  struct Item {
    const Node* node;
    const Scope* scope;
  };
  void visit(const Item& item, std::vector<Item>& stack, Output& out);
  void visit_query(const SelectStmt* select, const Scope* scope, std::vector<Item>& stack, Output& out);
  bool charge();

  const AnalyzeOptions& options_;
  std::deque<Outputs> kept_;
  std::deque<Cte> ctes_;
  std::deque<Scope> scopes_;
  std::uint64_t steps_ = 0;
};

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
