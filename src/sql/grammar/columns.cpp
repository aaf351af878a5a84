// Columns: which table a column reference belongs to, as far as the text tells.
// Surprise: an unqualified name in a sub-select may belong to a table of any enclosing query; it is listed
// for each that could have it, marked as not certain, unless a derived table with known columns settles it.
#include "sql/grammar/walker.h"
#include "sql/known.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

/// schema.table.column names a table without an alias; one that was written without its schema may be meant
/// too.
bool is_called(const Relation& relation, std::string_view schema, std::string_view alias) {
  if (relation.alias != alias) return false;
  return schema.empty() || (!relation.aliased && (relation.schema == schema || relation.schema.empty()));
}

}  // namespace

void Walker::column_ref(const ColumnRef* ref, const Place& place) {
  const int n = size_of(ref->fields);
  if (n == 0) return;
  const Node* last = nth(ref->fields, n - 1);
  const bool all = IsA(last, A_Star);
  if (n == 1) return all ? star(place.scope) : unqualified(string_in(last), place.scope);
  const std::string_view alias = string_in(nth(ref->fields, n - 2));
  const std::string_view schema = n >= 3 ? string_in(nth(ref->fields, n - 3)) : std::string_view{};
  const std::string_view name = all ? "*" : string_in(last);
  const auto each_match = [&](auto match) {
    bool settled = false;
    for (const Scope* scope = place.scope; scope != nullptr && !settled; scope = scope->parent) {
      for (Relation* relation = scope->relations(); relation != nullptr; relation = relation->next) {
        if (!charge(1)) return;
        if (!scope->may_see(*relation) || !is_called(*relation, schema, alias)) continue;
        if (relation->qualified && settled) continue;  // of FROM u AS old, old is u
        match(scope, *relation);
        settled = settled || scope->settles(*relation);
      }
    }
  };
  int matches = 0;
  each_match([&](const Scope*, const Relation&) { ++matches; });
  if (matches == 0) return out_.column(alias, name, Access::Read, false);
  each_match(
      [&](const Scope* scope, Relation& relation) { read_of(scope, relation, name, matches == 1, place); });
}

/// relation.name, or name(relation).
void Walker::read_of(const Scope* scope, Relation& relation, std::string_view name, bool certain,
                     const Place& place) {
  read_column(scope, relation, name, certain);
  if (reveals_row(name, options_.server_version)) {
    out_.function("", name, place.executes);
    read_column(scope, relation, "*", false);
  } else if (name != "*" && !relation.is_table() &&
             (relation.columns == nullptr || !relation.columns->has(name))) {
    field_call(name, relation.columns != nullptr, place);  // of FROM f() x, x may be what f gives
  }
}

void Walker::unqualified(std::string_view name, Scope* scope) {
  struct Candidate {
    Scope* scope;
    Relation* relation;
  };
  std::pmr::vector<Candidate> candidates(&pool_);
  bool settled = false, elsewhere = false;
  for (Scope* at = scope; at != nullptr && !settled; at = at->parent) {
    if (at->outputs_only) return;
    const std::size_t mark = candidates.size();
    for (Relation* relation = at->relations(); relation != nullptr && !settled; relation = relation->next) {
      if (!charge(1)) return;
      if (relation->qualified) continue;
      if (relation->alias == name) {  // the whole row, unless there is a column of that name
        read_column(at, *relation, "*", false);
        elsewhere = true;
      }
      if (relation->join_end != 0 && relation->renamed != nullptr && relation->renamed->has(name)) {
        read_column(at, *relation, name, false);
        elsewhere = true;
      }
      const bool has = relation->columns != nullptr && relation->columns->has(name);
      settled = has && at->settles(*relation);
      if (settled)
        candidates.resize(mark);  // no other of this FROM can have it: PostgreSQL would call it ambiguous
      if (!has && relation->columns != nullptr) continue;
      if (relation->is_table()) candidates.push_back({at, relation});
      if (!relation->is_table() && relation->join_end == 0) elsewhere = true;
    }
  }
  if (candidates.empty() && !elsewhere) return out_.column("", name, Access::Read, false);
  const bool certain = candidates.size() == 1 && !elsewhere;
  for (const Candidate& candidate : candidates)
    read_column(candidate.scope, *candidate.relation, name, certain);
}

void Walker::star(Scope* scope) {
  while (scope != nullptr && scope->relations() == nullptr) scope = scope->parent;
  if (scope == nullptr) return;
  for (Relation* relation = scope->relations(); relation != nullptr; relation = relation->next)
    if (relation->join_end == 0 && !relation->qualified) read_column(scope, *relation, "*", true);
}

/// The relation that a condition names; null where it could be another one, further out too: schema.table is
/// no table that was written without its schema and that nobody knows.
Relation* Walker::only_relation(const Scope* scope, std::string_view schema, std::string_view alias) {
  Relation* only = nullptr;
  for (Relation* relation = scope->first; relation != nullptr; relation = relation->next) {
    if (!charge(1)) return nullptr;
    if (relation->hidden || !is_called(*relation, schema, alias)) continue;
    if (only != nullptr || (!schema.empty() && relation->schema.empty())) return nullptr;
    only = relation;
  }
  return only;
}

/// visit(relation) for each whose column it may be, from the inside out; until it says false or, for a name
/// that is `settled` by the first scope that has such, the end of that scope. False when the budget is spent.
template <class Visit>
bool Walker::each_owner(const ColumnRef* ref, const Scope* scope, bool settled, Visit&& visit) {
  const int n = size_of(ref->fields);
  const std::string_view name = string_in(nth(ref->fields, n - 1));
  const std::string_view alias = n > 1 ? string_in(nth(ref->fields, n - 2)) : std::string_view{};
  const std::string_view schema = n > 2 ? string_in(nth(ref->fields, n - 3)) : std::string_view{};
  for (bool found = false, over = false; scope != nullptr && !over; scope = scope->parent) {
    for (const Relation* relation = scope->relations(); relation != nullptr; relation = relation->next) {
      if (!charge(1)) return false;
      if (n > 1) {
        if (!scope->may_see(*relation) || !is_called(*relation, schema, alias)) continue;
      } else if (relation->qualified || (relation->columns != nullptr && !relation->columns->has(name))) {
        continue;
      }
      if (!visit(*relation)) return true;
      found = true;
    }
    over = settled && found && scope->whole == nullptr;
  }
  return true;
}

/// By the catalogue; 0 where the column may be another one, or is none that it knows.
std::uint32_t Walker::type_of(const ColumnRef* ref, const Scope* scope) {
  const Relation* only = nullptr;
  bool known = true;
  const auto one = [&](const Relation& relation) {
    known = only == nullptr && relation.known != nullptr && relation.columns != nullptr;
    only = &relation;
    return known;
  };
  if (!each_owner(ref, scope, true, one) || !known || only == nullptr) return 0;
  return only->known->type_of(string_in(nth(ref->fields, size_of(ref->fields) - 1)));
}

/// Without a catalogue: whoever writes the statement has not made the column in it. What is derived may have
/// any type, and a table's unknown columns may leave a name to a query further out.
bool Walker::is_of_tables(const ColumnRef* ref, const Scope* scope) {
  bool found = false, tables = true;
  const auto one = [&](const Relation& relation) {
    found = true;
    return tables = relation.is_table() && relation.renamed == nullptr;
  };
  return each_owner(ref, scope, size_of(ref->fields) > 1, one) && found && tables;
}

void Walker::read_column(const Scope* scope, Relation& relation, std::string_view name, bool certain) {
  if (!relation.is_table()) {
    const auto is_part = [&](const Relation* one) {
      return one->index >= relation.join_begin && one->index < relation.join_end;
    };
    if (relation.renamed != nullptr && relation.renamed->has(name)) name = "*";
    Relation* part = scope->relations();
    for (Relation* join = part; relation.join_end != 0 && join != nullptr; join = join->next)  // within it
      if (is_part(join) && join->join_end != 0 && join->renamed != nullptr && join->renamed->has(name))
        name = "*";
    for (; relation.join_end != 0 && part != nullptr; part = part->next)
      if (is_part(part) && part->is_table()) read_column(scope, *part, name, false);
    return;
  }
  if (!charge(1)) return;
  if (relation.target && !relation.read_listed) {
    relation.read_listed = true;
    list_use(relation, Access::Read, relation.read_verb);
  }
  if (relation.renamed != nullptr && relation.renamed->has(name))
    return out_.column(relation.name, "*", Access::Read, false);
  out_.column(relation.name, name, Access::Read, certain);
  // No column of the table: t.name calls the function of that name with the whole row.
  if (relation.columns != nullptr && name != "*" && !relation.columns->has(name))
    call_by_column(relation, name);
}

void Walker::call_by_column(const Relation& relation, std::string_view function) {
  out_.column(relation.name, "*", Access::Read, false);
  if (user_functions({.schema = {}, .name = function})) out_.function("", function, true);
}

/// SET a = ..., or the column list of an INSERT; none means all columns.
void Walker::write_columns(const List* targets, const Relation& relation, const Place& place) {
  for (const ListCell& cell : Cells(targets)) {
    if (!IsA(in(cell), ResTarget)) continue;
    const auto* target = in<ResTarget>(cell);
    out_.column(relation.name, text_of(target->name), Access::Write, true);
    push(target->indirection, place);
    push(target->val, place);
  }
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
