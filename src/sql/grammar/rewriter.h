// Rewriter: edits a parse tree in place (sql/rewrite.h). Deparser: writes it out as text.
#pragma once

#include <deque>
#include <expected>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "sql/grammar/parse.h"
#include "sql/grammar/tree.h"
#include "sql/rewrite.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

std::expected<Rewritten, RewriteError> rewrite(std::string_view text, const Rewrite& edits,
                                               const AnalyzeOptions& options);

/// The statements as text. An error when that text, parsed again, is not the same tree. The tree must not be
/// deep (is_shallow). Nothing may be allocated in the tree's memory afterwards.
std::expected<std::string, RewriteError> deparse(List* statements, const AnalyzeOptions& options);
/// No node is so deep that recursive functions of the library are a danger to the stack.
bool is_shallow(const List* statements);

/// The numbers of all $n, sorted.
std::vector<std::int32_t> parameters_of(const List* statements);

class Rewriter {
 public:
  Rewriter(const RawTree& tree, const Rewrite& edits) : tree_(tree), edits_(edits) {}

  /// False: problem() says why it cannot be done.
  bool statement(RawStmt* statement);
  const std::string& problem() const { return problem_; }
  const std::optional<std::string>& tag() const { return tag_; }

 private:
  /// WITH names in sight hide tables.
  struct Names {
    std::string_view name;
    const Names* outer = nullptr;
  };
  struct Item {
    Node* node;
    const Names* names;
  };

  // rewriter.cpp: the walk, tables, conditions
  bool walk(Node* root);
  bool visit(const Item& item, std::vector<Item>& stack);
  const Names* with(const WithClause* clause, const Names* names, std::vector<Item>& stack);
  bool edit_from(List* items, const Names* names);
  bool edit_from_item(Node*& item, const Names* names);
  bool edit_target(RangeVar* target, List* others, Node*& where, const Names* names);
  bool edit_insert(InsertStmt* insert);
  bool edit_elsewhere(RangeVar* table, const Names* names);
  void edit_table(RangeVar* table);
  static bool is_cte(const RangeVar* table, const Names* names);
  bool condition_on(const RangeVar* table, Node*& all);
  Node* parse_condition(const RowCondition& condition);
  bool put_values(Node*& root, const std::vector<std::optional<std::string>>& values);
  bool qualify(Node* condition, std::string_view alias);

  // rewrite_select.cpp: what a SELECT gives
  bool edit_query(Node* statement);
  void limit(SelectStmt* select, std::int64_t most);
  bool keep_columns(SelectStmt* select);
  bool find_nothing(RawStmt* raw);
  bool insert_nothing(InsertStmt* insert);
  LimitOption limited() const;
  static void stand_in(RawStmt* raw);

  bool fail(std::string why) {
    problem_ = std::move(why);
    return false;
  }

  const RawTree& tree_;
  const Rewrite& edits_;
  std::deque<Names> names_;
  std::unordered_set<const Node*> done_;  ///< tables that have been edited where they stand
  std::string problem_;
  std::optional<std::string> tag_;
};

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
