// Catalog: hash maps from "schema\0name", and the tables beneath each view, found by analysing its
// definition. Surprise: a view's definition is analysed without the catalogue: under an empty search_path
// PostgreSQL prints every name with its schema, so the text alone tells, and views of views are joined
// afterwards.
#include "sql/catalog.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "sql/analyze.h"

namespace signalbox::sql {
namespace {

constexpr int kMaxViewDepth = 32;

std::string key_of(std::string_view schema, std::string_view name) {
  std::string key(schema);
  key += '\0';
  key += name;
  return key;
}

void add_once(std::vector<TableUse>& tables, const TableUse& use) {
  const bool known = std::ranges::any_of(
      tables, [&](const TableUse& one) { return one.name == use.name && one.schema == use.schema; });
  if (!known) tables.push_back({use.schema, use.name, Access::Read, "select", {}});
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

}  // namespace

const CatalogQueries kCatalogQueries = {
    .relations = R"(SELECT n.nspname, c.relname, c.relkind,
  coalesce((SELECT string_agg(a.attname, E'\n' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), ''),
  CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname !~ '^pg_(toast|temp)')",
    .functions = R"(SELECT n.nspname, p.proname, p.provolatile
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_temp')",
    .types = R"(SELECT n.nspname, t.typname, t.typtype
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_(toast|temp)')",
};

std::shared_ptr<const Catalog> Catalog::build(CatalogRows rows) {
  auto catalog = std::make_shared<Catalog>();
  for (const RelationRow& row : rows.relations)
    catalog->relations_[key_of(row.schema, row.name)] = {row.schema, row.name, row.kind, row.columns,
                                                         {},         {},       false};
  for (const FunctionRow& row : rows.functions) {
    char& worst = catalog->functions_[key_of(row.schema, row.name)];
    worst = row.volatility == 'v' || worst == 'v' ? 'v' : row.volatility;
  }
  for (const TypeRow& row : rows.types) catalog->types_[key_of(row.schema, row.name)] = row.kind;
  catalog->expand_views(rows.relations);
  return catalog;
}

void Catalog::expand_views(const std::vector<RelationRow>& rows) {
  std::unordered_map<std::string, StatementFacts> definitions;
  for (const RelationRow& row : rows) {
    if (row.definition.empty()) continue;
    QueryFacts facts = analyze(row.definition);
    Relation& view = relations_[key_of(row.schema, row.name)];
    view.opaque = facts.parse_error.has_value() || !facts.whole.opaque.empty();
    definitions[key_of(row.schema, row.name)] = std::move(facts.whole);
  }
  const std::function<void(Relation&, const std::string&, int)> collect =
      [&](Relation& view, const std::string& key, int depth) {
        const auto definition = definitions.find(key);
        if (definition == definitions.end()) return;
        if (depth > kMaxViewDepth) {
          view.opaque = true;
          return;
        }
        view.opaque = view.opaque || !definition->second.opaque.empty();
        for (const std::string& name : definition->second.functions) add_once(view.functions, name);
        for (const TableUse& use : definition->second.tables) {
          const std::size_t before = view.beneath.size();
          add_once(view.beneath, use);
          if (view.beneath.size() > before) collect(view, key_of(use.schema, use.name), depth + 1);
        }
      };
  for (const auto& [key, facts] : definitions) collect(relations_[key], key, 0);
}

template <class Row>
const Row* Catalog::find(const Map<Row>& map, std::string_view schema, std::string_view name,
                         std::span<const std::string> search_path) {
  const auto in = [&](std::string_view place) -> const Row* {
    const auto at = map.find(key_of(place, name));
    return at == map.end() ? nullptr : &at->second;
  };
  if (!schema.empty()) return in(schema);
  if (std::ranges::find(search_path, "pg_catalog") == search_path.end())
    if (const Row* found = in("pg_catalog")) return found;
  for (const std::string& place : search_path)
    if (const Row* found = in(place)) return found;
  return nullptr;
}

const Catalog::Relation* Catalog::relation(std::string_view schema, std::string_view name,
                                           std::span<const std::string> search_path) const {
  return find(relations_, schema, name, search_path);
}

bool Catalog::is_steady(std::string_view schema, std::string_view name,
                        std::span<const std::string> search_path) const {
  if (!schema.empty()) {
    const char* volatility = find(functions_, schema, name, {});
    return volatility != nullptr && *volatility != 'v';
  }
  bool any = false;  // overloads of one name in several schemas: the arguments choose, so all must be steady
  for (const std::string& place : search_path) {
    const char* volatility = find(functions_, place, name, {});
    if (volatility == nullptr) continue;
    if (*volatility == 'v') return false;
    any = true;
  }
  return any;
}

bool Catalog::is_plain_type(std::string_view schema, std::string_view name,
                            std::span<const std::string> search_path) const {
  const char* kind = find(types_, schema, name, search_path);
  return kind != nullptr && (*kind == 'b' || *kind == 'e' || *kind == 'r' || *kind == 'm');
}

}  // namespace signalbox::sql
