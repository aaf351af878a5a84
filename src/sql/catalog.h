// Catalog: what a target's pg_catalog says of names, as one immutable snapshot. Optional: with it,
// unqualified names get their schema, columns their table, views the tables beneath them, and functions their
// volatility.
//
// The rows are plain data; whoever has a connection to the target fills them (the queries stand in
// kCatalogQueries) and makes a new snapshot when they change. A snapshot is read by any number of threads and
// shared as shared_ptr<const Catalog>.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/facts.h"

namespace signalbox::sql {

struct RelationRow {
  std::string schema;
  std::string name;
  char kind = 'r';                   ///< pg_class.relkind: r, p, v, m, f, S, i, ...
  std::vector<std::string> columns;  ///< names, system columns apart
  std::string definition;            ///< pg_get_viewdef() under an empty search_path, for v and m; else ""
};

struct FunctionRow {
  std::string schema;
  std::string name;
  char volatility = 'v';  ///< pg_proc.provolatile: i, s, v
};

struct TypeRow {
  std::string schema;
  std::string name;
  char kind = 'b';  ///< pg_type.typtype: b, c, d (domain), e (enum), p, r, m
};

struct CatalogRows {
  std::vector<RelationRow> relations;
  std::vector<FunctionRow> functions;  ///< of all schemas but pg_catalog
  std::vector<TypeRow> types;          ///< of all schemas but pg_catalog
};

class Catalog {
 public:
  struct Relation {
    std::string schema;
    std::string name;
    char kind = 'r';
    std::vector<std::string> columns;
    /// Of a view: the tables beneath it, through views of views; and what its definition hides or calls.
    std::vector<TableUse> beneath;
    std::vector<std::string> functions;
    /// The definition calls a function that is not PostgreSQL's own, or could not be analysed.
    bool opaque = false;
  };

  /// Analyses every view's definition once. Views that name each other in a circle (or a definition that does
  /// not parse) are marked opaque.
  static std::shared_ptr<const Catalog> build(CatalogRows rows);

  /// The relation that PostgreSQL would take for this name: of `schema`, or of the first schema in
  /// `search_path` that has it (pg_catalog comes first unless the path names it). Null when the snapshot has
  /// none; a temporary table is never known.
  const Relation* relation(std::string_view schema, std::string_view name,
                           std::span<const std::string> search_path) const;

  /// Every function that the name could mean is declared stable or immutable. False when none is known.
  bool is_steady(std::string_view schema, std::string_view name,
                 std::span<const std::string> search_path) const;

  /// The name means an enum, range, composite or base type: a cast to it runs no CHECK. False when it is not
  /// known.
  bool is_plain_type(std::string_view schema, std::string_view name,
                     std::span<const std::string> search_path) const;

 private:
  using Key = std::string;  ///< schema, NUL, name
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  template <class Row>
  using Map = std::unordered_map<Key, Row, Hash, std::equal_to<>>;

  template <class Row>
  static const Row* find(const Map<Row>& map, std::string_view schema, std::string_view name,
                         std::span<const std::string> search_path);
  void expand_views(const std::vector<RelationRow>& rows);

  Map<Relation> relations_;
  Map<char> functions_;  ///< the worst volatility of all functions of the name
  Map<char> types_;
};

/// One query for each list of CatalogRows; columns in the order of the row's members, `columns` as a
/// PostgreSQL array's elements joined by newlines. To be run with search_path = ''.
struct CatalogQueries {
  std::string_view relations;
  std::string_view functions;
  std::string_view types;
};
extern const CatalogQueries kCatalogQueries;

}  // namespace signalbox::sql
