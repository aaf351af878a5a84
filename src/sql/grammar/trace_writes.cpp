// RETURNING: a column that the statement writes has in it what is written there. UPDATE t SET note = (SELECT
// secret ...) RETURNING note shows the secret, under the name of a column that has none.
#include <utility>

#include "sql/grammar/tracer.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// The target, and whatever else RETURNING sees.
Tracer::Scope& Tracer::written_scope(const RangeVar* target, const List* from_items, const Cte* names,
                                     const Scope* outer, int depth) {
  Scope& scope = scopes_.emplace_back();
  scope.outer = outer, scope.depth = depth;
  table(target, scope);  // a WITH name never hides what is written
  scope.names = names;
  from(from_items, scope);
  return scope;
}

/// SET a = ..., (b, c) = (SELECT ...)
void Tracer::assign(const List* targets, const Scope& scope, Outputs& written) {
  for (const ListCell& cell : Cells(targets)) {
    const auto* target = in<ResTarget>(cell);
    write(text_of(target->name), expression(target->val, scope), written);
  }
}

/// `column`: "" for any of them.
void Tracer::write(std::string_view column, Output value, Outputs& written) {
  if (value.sources.empty() && !value.opaque) return;
  value.name = column;
  value.combined = false;
  written.columns.push_back(std::move(value));
}

Outputs Tracer::returning(const RangeVar* target, const Returning& returned, Scope& scope, Outputs written) {
  const Outputs* values = written.columns.empty() ? nullptr : keep(std::move(written));
  scope.relations.front().written = values;
  for (const std::string_view alias : {returned.before, returned.after})
    scope.relations.push_back({.alias = alias,
                               .schema = text_of(target->schemaname),
                               .table = text_of(target->relname),
                               .written = values,
                               .qualified = true});
  return targets(returned.targets, scope);
}

Outputs Tracer::insert(const InsertStmt* insert, const Cte* names, const Scope* outer, int depth) {
  const Returning returned = returning_of(insert);
  names = with(insert->withClause, names, outer, depth);
  if (returned.targets == nullptr) return {};
  Scope& scope = written_scope(insert->relation, nullptr, names, outer, depth);
  Outputs written;
  if (insert->selectStmt != nullptr) {
    Outputs rows = query(insert->selectStmt, names, outer, depth + 1);
    const List* columns = insert->cols;
    const bool placed = rows.positional && rows.columns.size() <= static_cast<std::size_t>(size_of(columns));
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      const std::string_view column =
          placed ? text_of(nth<ResTarget>(columns, static_cast<int>(i))->name) : std::string_view{};
      write(column, std::move(rows.columns[i]), written);
    }
  }
  if (insert->onConflictClause != nullptr) {
    scope.relations.push_back({.alias = "excluded",
                               .schema = text_of(insert->relation->schemaname),
                               .table = text_of(insert->relation->relname),
                               .written = keep(written),
                               .qualified = true});
    assign(insert->onConflictClause->targetList, scope, written);
    scope.relations.pop_back();
  }
  return returning(insert->relation, returned, scope, std::move(written));
}

Outputs Tracer::update(const UpdateStmt* update, const Cte* names, const Scope* outer, int depth) {
  const Returning returned = returning_of(update);
  names = with(update->withClause, names, outer, depth);
  if (returned.targets == nullptr) return {};
  Scope& scope = written_scope(update->relation, update->fromClause, names, outer, depth);
  Outputs written;
  assign(update->targetList, scope, written);
  return returning(update->relation, returned, scope, std::move(written));
}

Outputs Tracer::remove(const DeleteStmt* remove, const Cte* names, const Scope* outer, int depth) {
  const Returning returned = returning_of(remove);
  names = with(remove->withClause, names, outer, depth);
  if (returned.targets == nullptr) return {};
  Scope& scope = written_scope(remove->relation, remove->usingClause, names, outer, depth);
  return returning(remove->relation, returned, scope, {});
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
