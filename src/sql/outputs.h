// outputs(): where the values in each column of a query's result come from, as far as its text tells. Needed
// where values are masked: `select upper(x) from (select email as x from customers) s` has email in it.
//
// The answer over-reports rather than misses: a column that may belong to two tables has both as sources, an
// expression has all columns anywhere inside it, and what cannot be traced is `opaque`. Not traced is what a
// value says without being shown: which rows are there at all (WHERE), in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/analyze.h"

namespace signalbox::sql {

/// A column of a table; "*" is the whole row.
struct OutputSource {
  std::string schema;  ///< "" when the text does not say
  std::string table;
  std::string column;
  bool operator==(const OutputSource&) const = default;
};

struct Output {
  std::string name = {};  ///< "" when it is not known
  /// Each value is one column's, unchanged. False: made of its sources (or of their rows) in some way.
  bool direct = false;
  bool opaque = false;  ///< more may be in it than `sources`
  /// Stands for any number of columns. When direct: all columns of the table `sources[0]`, by their names.
  bool star = false;
  bool combined = false;  ///< of a UNION and its kin: the server does not say which table it is of
  std::vector<OutputSource> sources = {};
};

/// How COPY TO writes its rows, as far as the text says; the rest is PostgreSQL's defaults.
struct CopyOptions {
  std::string format = "text";  ///< as written: "text", "csv", "binary"
  std::string delimiter, null, quote, escape;
  bool has_null = false;
  bool header = false;
  bool encoded = false;  ///< ENCODING: its bytes may not be what they look like
};

struct Outputs {
  /// The result has exactly these columns, in this order. Otherwise a column is found by its name.
  bool positional = true;
  std::vector<Output> columns = {};
  std::optional<CopyOptions> copy = {};  ///< the statement is a COPY

  /// What may be in the column of this name and place, of `count`.
  Output of(std::string_view name, std::size_t place, std::size_t count) const;
};

/// Of statement `index` of the text; with `carried`, of the query inside that PREPARE or DECLARE. A statement
/// without rows has no columns; EXPLAIN and SHOW have one that is made of nothing.
Outputs outputs(std::string_view text, std::uint32_t index, bool carried, const AnalyzeOptions& options = {});

/// Adds what is in `other`.
void merge(Output& into, const Output& other);

}  // namespace signalbox::sql
