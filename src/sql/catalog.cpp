// Catalog: hash maps from "schema\0name", and what is beneath each relation. Surprises: a view's definition
// is analysed without the catalogue, because under an empty search_path PostgreSQL prints every name with its
// schema; and PostgreSQL's own views hide nothing, whatever they call.
#include "sql/catalog.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "sql/analyze.h"

namespace signalbox::sql {
namespace {

constexpr int kMaxDepth = 64;

std::string key_of(std::string_view schema, std::string_view name) {
  std::string key(schema);
  key += '\0';
  key += name;
  return key;
}

void add_once(std::vector<TableUse>& tables, const std::string& schema, const std::string& name) {
  const bool known = std::ranges::any_of(
      tables, [&](const TableUse& one) { return one.name == name && one.schema == schema; });
  if (!known) tables.push_back({schema, name, Access::Read, "select", {}});
}

template <class List>
void add_names(std::vector<std::string>& names, const List& more) {
  for (const std::string& name : more)
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

/// Only PostgreSQL puts anything there.
bool is_of_system(std::string_view schema) {
  return schema == "pg_catalog" || schema == "information_schema";
}

/// What is beneath `from` is beneath `to`.
void take_over(Catalog::Relation& to, const Catalog::Relation& from) {
  for (const TableUse& use : from.beneath) add_once(to.beneath, use.schema, use.name);
  for (const TableUse& use : from.cascades) add_once(to.cascades, use.schema, use.name);
  add_names(to.functions, from.functions);
  to.opaque = to.opaque || from.opaque;
  to.runs_code = to.runs_code || from.runs_code;
}

bool is_in(SearchPath path, std::string_view schema) {
  return !path || std::ranges::find(*path, schema) != path->end();
}

}  // namespace

std::uint32_t Catalog::Relation::type_of(std::string_view column) const {
  const auto at = std::ranges::find(columns, column, &ColumnRow::name);
  return at == columns.end() ? 0 : at->type;
}

std::shared_ptr<const Catalog> Catalog::build(CatalogRows rows) {
  auto catalog = std::make_shared<Catalog>();
  for (RelationRow& row : rows.relations) {
    const std::string key = key_of(row.schema, row.name);
    if (!row.definition.empty()) catalog->definitions_[key] = std::move(row.definition);
    catalog->relations_[key] = {.schema = std::move(row.schema),
                                .name = std::move(row.name),
                                .kind = row.kind,
                                .columns = std::move(row.columns),
                                .beneath = {},
                                .cascades = {},
                                .functions = {},
                                .runs_code = row.runs_code};
  }
  for (FunctionRow& row : rows.functions) catalog->functions_[row.name].push_back(std::move(row));
  for (const TypeRow& row : rows.types) catalog->types_[key_of(row.schema, row.name)] = row.kind;
  catalog->paths_ = std::move(rows.paths);
  catalog->open_schemas_ = std::move(rows.open_schemas);
  catalog->expand_views();
  catalog->follow_links(rows.links);
  catalog->merge_names();
  catalog->definitions_.clear();
  return catalog;
}

/// Each view's own tables; those beneath them are taken over by follow_links().
void Catalog::expand_views() {
  for (const auto& [key, definition] : definitions_) {
    Relation& view = relations_[key];
    const QueryFacts facts = analyze(definition);
    for (const TableUse& use : facts.whole.tables) add_once(view.beneath, use.schema, use.name);
    if (is_of_system(view.schema)) continue;
    add_names(view.functions, facts.whole.functions);
    view.opaque = facts.parse_error.has_value() || !facts.whole.opaque.empty();
  }
}

/// From each relation down through views, children and foreign keys, each relation once.
void Catalog::follow_links(const std::vector<LinkRow>& links) {
  for (const LinkRow& link : links) {
    const auto at = relations_.find(key_of(link.schema, link.name));
    if (at == relations_.end()) continue;
    add_once(link.inherits ? at->second.beneath : at->second.cascades, link.to_schema, link.to_name);
  }
  Map<Relation> whole = relations_;
  // What is reached by way of a cascade is of the cascade.
  const std::function<void(Relation&, const Relation&, bool, int)> collect =
      [&](Relation& to, const Relation& at, bool cascades, int depth) {
        if (depth > kMaxDepth) {
          to.opaque = true;
          return;
        }
        const auto below = [&](const TableUse& use, bool by_cascade) {
          std::vector<TableUse>& list = by_cascade ? to.cascades : to.beneath;
          const std::size_t before = list.size();
          add_once(list, use.schema, use.name);
          const auto next = relations_.find(key_of(use.schema, use.name));
          if (list.size() == before || next == relations_.end()) return;
          add_names(to.functions, next->second.functions);
          to.opaque = to.opaque || next->second.opaque;
          to.runs_code = to.runs_code || next->second.runs_code;
          collect(to, next->second, by_cascade, depth + 1);
        };
        for (const TableUse& use : at.beneath) below(use, cascades);
        for (const TableUse& use : at.cascades) below(use, true);
      };
  for (auto& [key, relation] : whole) {
    relation.beneath.clear(), relation.cascades.clear();
    collect(relation, relations_[key], false, 0);
  }
  relations_ = std::move(whole);
}

/// For sessions whose search_path is not known. information_schema's names are common words: they stand back.
void Catalog::merge_names() {
  std::unordered_map<std::string_view, std::vector<const Relation*>> meanings;
  for (const auto& [key, relation] : relations_) meanings[relation.name].push_back(&relation);
  for (auto& [name, all] : meanings) {
    if (all.size() > 1)
      std::erase_if(all, [](const Relation* one) { return one->schema == "information_schema"; });
    by_name_[std::string(name)] = all.front();
    if (all.size() < 2) continue;
    std::ranges::sort(all, {}, &Relation::schema);
    Relation& merged = merged_[std::string(name)];
    merged.name = name;
    for (const Relation* one : all) {
      add_once(merged.beneath, one->schema, one->name);
      take_over(merged, *one);
    }
    by_name_[std::string(name)] = &merged;
  }
}

template <class Row>
const Row* Catalog::find(const Map<Row>& map, std::string_view schema, std::string_view name,
                         SearchPath path) {
  const auto in = [&](std::string_view place) -> const Row* {
    const auto at = map.find(key_of(place, name));
    return at == map.end() ? nullptr : &at->second;
  };
  if (!schema.empty()) return in(schema);
  if (std::ranges::find(*path, "pg_catalog") == path->end())
    if (const Row* found = in("pg_catalog")) return found;
  for (const std::string& place : *path)
    if (const Row* found = in(place)) return found;
  return nullptr;
}

const Catalog::Relation* Catalog::relation(std::string_view schema, std::string_view name,
                                           SearchPath path) const {
  const auto at = by_name_.find(name);
  if (!schema.empty() || path) {
    const Relation* first = find(relations_, schema, name, path);
    if (!schema.empty() || first == nullptr || is_open(first->schema)) return first;
    const auto has = [&](const std::string& place) {
      return place != first->schema && find(relations_, place, name, path) != nullptr;
    };
    return std::ranges::none_of(*path, has) ? first : at->second;
  }
  return at == by_name_.end() ? nullptr : at->second;
}

bool Catalog::is_open(std::string_view schema) const {
  return schema == "pg_catalog" || std::ranges::find(open_schemas_, schema) != open_schemas_.end();
}

std::vector<const FunctionRow*> Catalog::functions(std::string_view schema, std::string_view name,
                                                   SearchPath path) const {
  std::vector<const FunctionRow*> found;
  const auto at = functions_.find(name);
  if (at == functions_.end()) return found;
  for (const FunctionRow& row : at->second)
    if (schema.empty() ? is_in(path, row.schema) : row.schema == schema) found.push_back(&row);
  return found;
}

bool Catalog::is_plain_type(std::string_view schema, std::string_view name, SearchPath path) const {
  if (schema.empty() && !path) return false;
  const char* kind = find(types_, schema, name, path);
  return kind != nullptr && (*kind == 'b' || *kind == 'e' || *kind == 'r' || *kind == 'm');
}

std::optional<std::vector<std::string>> Catalog::path_of(std::string_view role) const {
  for (const PathRow& row : paths_)
    if (row.role.empty() || row.role == role) return split_path(row.path, "$user");
  return std::nullopt;
}

namespace {

/// An identifier at `i`, as SplitIdentifierString reads it; nothing when it is none.
std::optional<std::string> identifier_at(std::string_view path, std::size_t& i) {
  std::string name;
  if (path[i] == '"') {
    for (++i;; ++i) {
      if (i >= path.size()) return std::nullopt;
      if (path[i] == '"' && (i + 1 >= path.size() || path[i + 1] != '"')) break;
      if (path[i] == '"') ++i;
      name += path[i];
    }
    ++i;
    return name;
  }
  for (; i < path.size() && path[i] != ',' && path[i] != ' '; ++i) {
    if (static_cast<signed char>(path[i]) < 0) return std::nullopt;  // folded by the database's locale
    name += path[i] >= 'A' && path[i] <= 'Z' ? static_cast<char>(path[i] | 0x20) : path[i];
  }
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

/// Versions do not agree on which of these are blanks.
bool is_control(char c) {
  return c >= 0 && c < ' ';
}

}  // namespace

std::optional<std::vector<std::string>> split_path(std::string_view path, std::string_view role) {
  constexpr std::size_t kNameBytes = 63;
  std::vector<std::string> schemas;
  std::size_t i = 0;
  const auto skip = [&] {
    while (i < path.size() && path[i] == ' ') ++i;
  };
  if (std::ranges::any_of(path, is_control)) return std::nullopt;
  skip();
  while (i < path.size()) {
    std::optional<std::string> name = identifier_at(path, i);
    if (!name || name->size() > kNameBytes) return std::nullopt;
    schemas.push_back(*name == "$user" ? std::string(role) : std::move(*name));
    skip();
    if (i == path.size()) break;
    if (path[i++] != ',') return std::nullopt;
    skip();
    if (i == path.size()) return std::nullopt;
  }
  return schemas;
}

}  // namespace signalbox::sql
