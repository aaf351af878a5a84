// Collector: lists are short as a rule, so duplicates are found by scanning; columns and tables by scanning
// their hashes. Surprise: a full list does not stop the walk, it marks the statement opaque, so that a policy
// can refuse what was not listed.
#include "sql/collector.h"

#include <algorithm>
#include <functional>
#include <string>

#include "sql/analyze.h"
#include "sql/kinds.h"
#include "sql/known.h"

namespace signalbox::sql {
namespace {

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
  return (seed ^ std::hash<std::string_view>{}(text)) * 0x9e3779b97f4a7c15ULL;
}

template <class List, class Item>
bool has(const List& list, const Item& item) {
  return std::ranges::find(list, item) != list.end();
}

void keep_common(std::vector<Equality>& where, std::span<const Equality> other) {
  std::erase_if(where, [&](const Equality& equality) { return !has(other, equality); });
}

/// The index in `hashes` from `from` on whose entry equals by `same`, or npos.
template <class Same>
std::size_t find_hash(const std::vector<std::uint64_t>& hashes, std::uint64_t hash, Same same) {
  for (auto at = std::ranges::find(hashes, hash); at != hashes.end();
       at = std::find(at + 1, hashes.end(), hash)) {
    const auto index = static_cast<std::size_t>(at - hashes.begin());
    if (same(index)) return index;
  }
  return std::string_view::npos;
}

}  // namespace

bool Collector::room() {
  if (count_ < max_facts_) {
    ++count_;
    return true;
  }
  opaque("bounded");
  changes();
  return false;
}

void Collector::name_in(std::vector<std::string>& list, std::vector<std::uint64_t>& hashes,
                        std::string name) {
  const std::uint64_t hash = mix(0, name);
  const std::size_t known = find_hash(hashes, hash, [&](std::size_t i) { return list[i] == name; });
  if (known != std::string_view::npos || !room()) return;
  hashes.push_back(hash);
  list.push_back(std::move(name));
}

void Collector::kind(std::string_view name) {
  if (!has(facts_.kinds, name)) facts_.kinds.push_back(name);
  const std::string_view category = category_of(name);
  if (!has(facts_.categories, category)) facts_.categories.push_back(category);
}

void Collector::table(std::string_view schema, std::string_view name, Access access, std::string_view verb,
                      std::span<const Equality> where) {
  const std::uint64_t hash = mix(mix(static_cast<std::uint64_t>(access), schema), name);
  const std::size_t known = find_hash(table_hashes_, hash, [&](std::size_t i) {
    const TableUse& use = facts_.tables[i];
    return use.access == access && use.verb == verb && use.name == name && use.schema == schema;
  });
  if (known != std::string_view::npos) return keep_common(facts_.tables[known].where, where);
  if (!room()) return;
  if (table_hashes_.empty()) table_hashes_.reserve(8), facts_.tables.reserve(4);
  table_hashes_.push_back(hash);
  facts_.tables.push_back(
      {std::string(schema), std::string(name), access, verb, {where.begin(), where.end()}});
}

void Collector::column(std::string_view table, std::string_view name, Access access, bool certain) {
  const std::uint64_t hash = mix(mix(static_cast<std::uint64_t>(access), table), name);
  const std::size_t known = find_hash(column_hashes_, hash, [&](std::size_t i) {
    const ColumnUse& use = facts_.columns[i];
    return use.access == access && use.name == name && use.table == table;
  });
  if (known != std::string_view::npos) {
    facts_.columns[known].certain = facts_.columns[known].certain || certain;
    return;
  }
  if (!room()) return;
  if (column_hashes_.empty()) column_hashes_.reserve(16), facts_.columns.reserve(8);
  column_hashes_.push_back(hash);
  facts_.columns.push_back({std::string(table), std::string(name), access, certain});
}

bool Collector::function(std::string_view schema, std::string_view name, bool executes) {
  name_in(facts_.functions, function_hashes_, std::string(name));
  if (!schema.empty())
    name_in(facts_.functions, function_hashes_, std::string(schema) + "." + std::string(name));
  const KnownFunction function = known_function(name);
  const bool known =
      function.known && schema.empty();  // pg_catalog is searched first unless the name is qualified
  if (!function.effect.empty()) effect(function.effect);
  if (!function.effect2.empty()) effect(function.effect2);
  if (function.runs_sql) opaque("sql");
  if (!known) opaque("function");
  if (executes && (!known || function.changes)) changes();
  return known;
}

void Collector::routine(RoutineUse use) {
  const bool listed = std::ranges::any_of(facts_.routines, [&](const RoutineUse& one) {
    return one.name == use.name && one.schema == use.schema && one.volatility == use.volatility &&
           one.security_definer == use.security_definer && one.language == use.language;
  });
  if (!listed && room()) facts_.routines.push_back(std::move(use));
}

void Collector::operation(std::string_view schema, std::string_view op) {
  if (!schema.empty() || !is_known_operator(op)) opaque("operator");
}

void Collector::type(std::string_view schema, std::string_view name) {
  if (schema == "information_schema" || (schema.empty() && is_known_type(name))) return;
  name_in(facts_.types, type_hashes_,
          schema.empty() ? std::string(name) : std::string(schema) + "." + std::string(name));
}

void Collector::object(std::string_view type, std::string_view schema, std::string_view name) {
  const std::uint64_t hash = mix(mix(mix(0, type), schema), name);
  const std::size_t known = find_hash(object_hashes_, hash, [&](std::size_t i) {
    const ObjectUse& use = facts_.objects[i];
    return use.type == type && use.name == name && use.schema == schema;
  });
  if (known != std::string_view::npos || !room()) return;
  object_hashes_.push_back(hash);
  facts_.objects.push_back({type, std::string(schema), std::string(name)});
}

void Collector::option(std::string_view name, Literal value) {
  if (room()) facts_.options.push_back({std::string(name), std::move(value)});
}

void Collector::effect(std::string_view name) {
  if (!has(facts_.effects, name)) facts_.effects.push_back(name);
}

void Collector::opaque(std::string_view reason) {
  if (!has(facts_.opaque, reason)) facts_.opaque.push_back(reason);
}

void Collector::parameter(ParameterUse use) {
  if (room()) facts_.parameters.push_back(std::move(use));
}

void Collector::join(std::string_view type, bool has_condition) {
  if (room()) facts_.joins.push_back({type, has_condition});
}

void Collector::common_table(std::string_view name, std::string_view kind, bool recursive) {
  if (room()) facts_.ctes.push_back({std::string(name), kind, recursive});
}

void Collector::setting(Setting setting) {
  if (room()) facts_.sets.push_back(std::move(setting));
}

void Collector::lock(std::string_view mode, std::string_view wait) {
  if (room()) facts_.locks.push_back({std::string(mode), wait});
}

namespace {

/// Its has_where is about an UPDATE, DELETE or MERGE.
bool limits_writes(const StatementFacts& facts) {
  return has(facts.kinds, "update") || has(facts.kinds, "delete") || has(facts.kinds, "merge");
}

}  // namespace

StatementFacts combine(std::span<const StatementFacts> statements, std::uint32_t max_facts) {
  StatementFacts whole;
  if (statements.empty()) return whole;
  whole.offset = statements.front().offset;
  whole.length = statements.back().offset + statements.back().length - whole.offset;
  whole.kind = statements.front().kind;
  whole.where = statements.front().where;
  const bool has_writes = std::ranges::any_of(statements, limits_writes);
  whole.has_where = true;
  whole.subject = statements.front().subject;
  Collector all(whole, max_facts);
  for (const StatementFacts& one : statements) {
    if (one.kind != whole.kind) whole.kind = "multi";
    if (one.subject != whole.subject) whole.subject.clear();
    if (!has_writes || limits_writes(one)) whole.has_where = whole.has_where && one.has_where;
    whole.read_only = whole.read_only && one.read_only;
    whole.constants_decide = whole.constants_decide || one.constants_decide;
    keep_common(whole.where, one.where);
    for (const auto kind : one.kinds) all.kind(kind);
    for (const auto reason : one.opaque) all.opaque(reason);  // before the lists, which may add "bounded"
    for (const auto effect : one.effects) all.effect(effect);
    for (const auto& use : one.tables) all.table(use.schema, use.name, use.access, use.verb, use.where);
    for (const auto& use : one.columns) all.column(use.table, use.name, use.access, use.certain);
    for (const auto& name : one.functions) all.name_in(whole.functions, all.function_hashes_, name);
    for (const auto& use : one.routines) all.routine(use);
    for (const auto& name : one.types) all.name_in(whole.types, all.type_hashes_, name);
    for (const auto& use : one.objects) all.object(use.type, use.schema, use.name);
    for (const auto& use : one.options) all.option(use.name, use.value);
    for (const auto& use : one.joins) all.join(use.type, use.has_condition);
    for (const auto& use : one.ctes) all.common_table(use.name, use.kind, use.recursive);
    for (const auto& use : one.sets) all.setting(use);
    for (const auto& use : one.locks) all.lock(use.mode, use.wait);
    for (const auto& use : one.parameters) all.parameter(use);
  }
  return whole;
}

StatementFacts traced(const StatementFacts& statement, std::span<const StatementFacts> run,
                      const AnalyzeOptions& options) {
  StatementFacts own = statement;
  if (run.empty()) return own;
  std::erase(own.opaque, "execute");
  own.read_only = true;  // what it runs says whether anything changes
  if (own.kind != "execute" && own.kind != "fetch" && own.kind != "move") own.read_only = statement.read_only;
  std::vector<StatementFacts> all = {own};
  all.insert(all.end(), run.begin(), run.end());
  StatementFacts whole = combine(all, options.max_facts);
  whole.offset = own.offset;
  whole.length = own.length;
  whole.index = own.index;
  whole.kind = own.kind;
  whole.within = own.within;
  whole.subject = own.subject;
  whole.arguments = own.arguments;
  whole.where = run.front().where;
  whole.has_where = run.front().has_where;
  whole.has_limit = run.front().has_limit;
  whole.limit = run.front().limit;
  return whole;
}

}  // namespace signalbox::sql
