// Collector: adds facts to one StatementFacts without duplicates and within the limit, and keeps the flags
// consistent.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/facts.h"

namespace signalbox::sql {

class Collector {
 public:
  Collector(StatementFacts& facts, std::uint32_t max_facts) : facts_(facts), max_facts_(max_facts) {}

  void kind(std::string_view name);  ///< adds to kinds and categories
  /// A further place where a table is used; equalities not in `where` are dropped from an entry that is
  /// there.
  void table(std::string_view schema, std::string_view name, Access access, std::string_view verb,
             std::span<const Equality> where = {});
  void column(std::string_view table, std::string_view name, Access access, bool certain);
  /// `schema` is "" when the call is unqualified or into pg_catalog. Returns false when nothing is known of
  /// the function. With `executes` false (EXPLAIN) the function's doings are listed, but do not count against
  /// read_only.
  bool function(std::string_view schema, std::string_view name, bool executes);
  void routine(RoutineUse use);
  void operation(std::string_view schema, std::string_view op);  ///< an operator
  void type(std::string_view schema, std::string_view name);
  void object(std::string_view type, std::string_view schema, std::string_view name);
  void option(std::string_view name, Literal value);
  void effect(std::string_view name);
  void opaque(std::string_view reason);
  void parameter(ParameterUse use);
  void join(std::string_view type, bool has_condition);
  void common_table(std::string_view name, std::string_view kind, bool recursive);
  void setting(Setting setting);
  void lock(std::string_view mode, std::string_view wait);
  void changes() { facts_.read_only = false; }

  StatementFacts& facts() { return facts_; }

 private:
  friend StatementFacts combine(std::span<const StatementFacts>, std::uint32_t);
  void name_in(std::vector<std::string>& list, std::vector<std::uint64_t>& hashes, std::string name);
  bool room();  ///< false, and opaque "bounded", when the limit is reached

  StatementFacts& facts_;
  std::uint32_t max_facts_;
  std::uint32_t count_ = 0;
  std::vector<std::uint64_t> column_hashes_;  ///< one for each of facts_.columns
  std::vector<std::uint64_t> table_hashes_;   ///< and so on
  std::vector<std::uint64_t> object_hashes_;
  std::vector<std::uint64_t> function_hashes_;
  std::vector<std::uint64_t> type_hashes_;
};

/// All statements of a query as one: lists united, flags combined so that the worst statement decides.
StatementFacts combine(std::span<const StatementFacts> statements, std::uint32_t max_facts);

}  // namespace signalbox::sql
