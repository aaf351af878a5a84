// The names of statement kinds and their categories: one sorted table, so that a kind is always a view into
// static storage.
#pragma once

#include <string_view>

namespace signalbox::sql {

/// The table's own spelling of `name`, or "" when it is no kind.
std::string_view find_kind(std::string_view name);
/// "drop" and "foreign table" -> "drop_foreign_table"; "" when that is no kind. Blanks become underscores.
std::string_view find_kind(std::string_view verb, std::string_view object);

/// "read", "write", "ddl", ... (facts.h, StatementFacts::categories).
std::string_view category_of(std::string_view kind);

}  // namespace signalbox::sql
