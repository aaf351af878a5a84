// Catalog: what a database's pg_catalog says of names, as one immutable snapshot. Optional: with it,
// unqualified names get their schema, columns their table and type, views the tables beneath them, tables the
// ones that a write reaches through them, and functions their volatility, language and rights.
//
// The rows are plain data; whoever has a connection to the server fills them (the queries stand in
// kCatalogQueries) and makes a new snapshot when they change. A snapshot is read by any number of threads and
// shared as shared_ptr<const Catalog>.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sql/facts.h"

namespace signalbox::sql {

struct ColumnRow {
  std::string name;
  std::uint32_t type = 0;  ///< OID; a domain's base type
};

struct RelationRow {
  std::string schema;
  std::string name;
  char kind = 'r';                 ///< pg_class.relkind: r, p, v, m, f, S, i, ...
  std::vector<ColumnRow> columns;  ///< system columns apart
  std::string definition;          ///< pg_get_viewdef() under an empty search_path, for v and m; else ""
  bool runs_code = false;  ///< a write runs a trigger, rule, or a default or check of somebody's making
};

/// What happens to the first table happens to the second one too.
struct LinkRow {
  std::string schema, name;
  std::string to_schema, to_name;
  bool inherits = true;  ///< a child or partition; false: a foreign key that cascades deletes or updates
};

struct FunctionRow {
  std::string schema;
  std::string name;
  char volatility = 'v';  ///< pg_proc.provolatile: i, s, v
  bool security_definer = false;
  std::string language = {};
};

struct TypeRow {
  std::string schema;
  std::string name;
  char kind = 'b';  ///< pg_type.typtype: b, c, d (domain), e (enum), p, r, m
};

/// The search_path that a session begins with, as ALTER ROLE or ALTER DATABASE set it.
struct PathRow {
  std::string role;  ///< "" = every role in this database
  std::string path;  ///< as SHOW search_path prints it
};

struct CatalogRows {
  std::vector<RelationRow> relations;
  std::vector<LinkRow> links = {};
  std::vector<FunctionRow> functions = {};  ///< of all schemas but pg_catalog
  std::vector<TypeRow> types = {};          ///< of all schemas but pg_catalog
  std::vector<PathRow> paths = {};  ///< the first that fits a role counts; none: the path is not known
  /// Schemas that everybody may use. PostgreSQL passes over those in the search_path that a role may not.
  std::vector<std::string> open_schemas = {};
};

/// A session's search_path, "$user" put in; nothing when it is not known.
using SearchPath = std::optional<std::span<const std::string>>;

class Catalog {
 public:
  struct Relation {
    std::string schema;  ///< "" for a name that several relations could be meant by
    std::string name;
    char kind = 'r';
    std::vector<ColumnRow> columns;
    /// Of a view: the tables beneath it, through views of views; of a table: its children and partitions. Of
    /// a name that could mean several: those, and what is beneath them.
    std::vector<TableUse> beneath;
    std::vector<TableUse> cascades;      ///< written when it is written, by foreign keys
    std::vector<std::string> functions;  ///< that the view's definition calls
    /// The definition calls a function that is not PostgreSQL's own, or could not be analysed.
    bool opaque = false;
    bool runs_code = false;  ///< RelationRow::runs_code, of what is beneath too

    std::uint32_t type_of(std::string_view column) const;  ///< 0 when it has no such column
  };

  /// Analyses every view's definition once. Views that name each other in a circle (or a definition that does
  /// not parse) are marked opaque.
  static std::shared_ptr<const Catalog> build(CatalogRows rows);

  /// The relation that PostgreSQL would take for this name: of `schema`, or of the first schema in `path`
  /// that has it (pg_catalog comes first unless the path names it); when the path is not known, or not
  /// everybody may use that schema and a later one has the name too, one that stands for all of the name.
  /// Null when the snapshot has none; a temporary table is never known.
  const Relation* relation(std::string_view schema, std::string_view name, SearchPath path) const;

  /// Every function that a call of this name could mean, pg_catalog's apart: the arguments choose.
  std::vector<const FunctionRow*> functions(std::string_view schema, std::string_view name,
                                            SearchPath path) const;

  /// The name means an enum, range, composite or base type: a cast to it runs no CHECK. False when it is not
  /// known.
  bool is_plain_type(std::string_view schema, std::string_view name, SearchPath path) const;

  /// What a session of this role begins with, "$user" left in; nothing when that is not known.
  std::optional<std::vector<std::string>> path_of(std::string_view role) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  template <class Row>
  using Map = std::unordered_map<std::string, Row, Hash, std::equal_to<>>;

  template <class Row>
  static const Row* find(const Map<Row>& map, std::string_view schema, std::string_view name,
                         SearchPath path);
  bool is_open(std::string_view schema) const;
  void expand_views();
  void follow_links(const std::vector<LinkRow>& links);
  void merge_names();

  Map<Relation> relations_;                  ///< by schema, NUL, name
  Map<std::string> definitions_;             ///< of views, while they are expanded
  Map<Relation> merged_;                     ///< by name: what several relations have in common
  Map<const Relation*> by_name_;             ///< what a name could mean in any schema
  Map<std::vector<FunctionRow>> functions_;  ///< by name
  Map<char> types_;                          ///< by schema, NUL, name
  std::vector<PathRow> paths_;
  std::vector<std::string> open_schemas_;
};

/// "\"$user\", public" -> {"alice", "public"}: the identifiers as PostgreSQL reads them, `role` for $user.
/// Nothing when it is no list of identifiers.
std::optional<std::vector<std::string>> split_path(std::string_view path, std::string_view role);

/// One query for each list of CatalogRows, columns in the order of the row's members; a relation's columns
/// have their own: schema, relation, column, type. To be run with search_path = ''. `path` comes first, on
/// the untouched session: the server's own search_path, "" when this session's is not that.
struct CatalogQueries {
  std::string_view path, relations, columns, links, functions, types, paths, open_schemas;
};
extern const CatalogQueries kCatalogQueries;

}  // namespace signalbox::sql
