// rewrite(): a query's text with structured edits: conditions on tables, a row limit, other tables, fewer
// columns. The edits are made on PostgreSQL's parse tree, which is then written out as text again; the text
// itself is never edited. What cannot be edited safely is an error, and so is a text that does not parse back
// into the tree that was meant.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sql/analyze.h"

namespace signalbox::sql {

/// `condition` holds for every row of the table that the statement reads, updates or deletes.
struct RowCondition {
  std::string schema;  ///< "" = any
  std::string table;
  std::string condition;  ///< an expression over the table's columns; $n for `values`
  std::vector<std::optional<std::string>> values;  ///< literals without a type, as in quotes; null = NULL
};

struct Rewrite {
  std::vector<RowCondition> conditions = {};
  std::optional<std::int64_t> limit = {};  ///< of a SELECT's rows; a smaller one of its own stays
  std::vector<std::pair<std::string, std::string>> tables = {};  ///< "name" or "schema.name" -> the same
  std::string schema = {};                                       ///< of every table that is named without one
  std::vector<std::string> columns = {};                         ///< a SELECT shows these only; empty = all
  /// The statement finds nothing to do, but says so as if it had looked. Nothing else is edited then.
  bool nothing = false;
};

struct Rewritten {
  std::string text;
  std::int32_t parameters = 0;       ///< the highest $n of the text as it was
  std::vector<std::int32_t> unused;  ///< those of them that the new text has no more, and so no type
  /// Of a statement that a stand-in replaces: the command tag that it would have.
  std::optional<std::string> tag;
};

struct RewriteError {
  std::string message;  ///< completes "the statement cannot be rewritten: "
};

/// Of a text with one statement.
std::expected<Rewritten, RewriteError> rewrite(std::string_view text, const Rewrite& edits,
                                               const AnalyzeOptions& options = {});

}  // namespace signalbox::sql
