// Masks: what policies ask for an answer's rows (`response` on the way back), and the RowEdit that it means
// for a result of these columns. A column is masked for what is in it, not for what it is called: that is
// what sql::Outputs says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actions/parameters.h"
#include "base/result.h"
#include "proxy/rows/row_edit.h"
#include "proxy/wire/replies.h"
#include "sql/outputs.h"

namespace signalbox::proxy {

using MaskingKeys = std::vector<std::pair<std::string, std::string>>;

/// "schema.table.column", "table.column" or "column"; `*` stands for any characters of a part.
struct ColumnPattern {
  explicit ColumnPattern(std::string_view text);
  /// The source may be such a column. A whole row is when its table is.
  bool matches(const sql::OutputSource& source) const;
  bool matches_table(std::string_view schema_name, std::string_view table_name) const;

  std::string schema, table, column;  ///< "" = any
};

/// The type's oid of a table's column; 0 = not known.
using ColumnType = std::function<std::uint32_t(const sql::OutputSource&)>;

class Masks {
 public:
  /// Adds what one `response` asks for. An error: its parameters do not go together, or its key is unknown.
  Result<void> add(const actions::Parameters& parameters, const MaskingKeys& keys);
  /// No row is shown.
  void discard() { most_rows_ = 0; }

  bool empty() const { return orders_.empty() && !most_rows_; }
  /// Values are hidden, so what a result is made of has to be known.
  bool hides() const { return !orders_.empty(); }
  std::optional<std::uint64_t> most_rows() const { return most_rows_; }

  RowEdit edit(const sql::Outputs& outputs, const std::vector<wire::DescribedColumn>& columns) const;
  /// The same for COPY, whose columns have places only: their types are those of the columns they show, as
  /// far as `type_of` knows them. An error: the places are not known.
  Result<RowEdit> edit(const sql::Outputs& outputs, const wire::CopyFormat& format,
                       const ColumnType& type_of = {}) const;
  /// The statement may have read a masked column: what is said of it in words may hold its values.
  bool concern(const sql::StatementFacts& facts) const;
  /// It writes to or defines a table that may have a masked column: what is said of a row may hold all of it.
  bool concern_writes(const sql::StatementFacts& facts) const;

 private:
  struct Order {
    std::vector<ColumnPattern> columns = {};
    MaskerPtr masker;  ///< null: the columns are dropped
    bool passes_opaque = false;
  };
  ColumnEdit edit_of(const sql::Output& output, std::uint32_t type, std::int16_t format) const;

  std::vector<Order> orders_;
  std::optional<std::uint64_t> most_rows_;
};

}  // namespace signalbox::proxy
