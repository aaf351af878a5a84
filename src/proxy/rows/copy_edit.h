// CopyEdit: a RowEdit for the stream of COPY TO STDOUT, in the formats text, csv and binary. The protocol
// does not promise that a CopyData message is a row, so rows are put together again across messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/rows/row_edit.h"

namespace signalbox::proxy {

/// The options of COPY that say how rows are written; defaults are PostgreSQL's.
struct CopySyntax {
  enum class Format : std::uint8_t { Text, Csv, Binary };
  Format format = Format::Text;
  char delimiter = '\t';
  std::string null = "\\N";
  char quote = '"';
  char escape = '"';
  bool header = false;
};

class CopyEdit {
 public:
  CopyEdit(CopySyntax syntax, RowEdit rows) : syntax_(std::move(syntax)), rows_(std::move(rows)) {}

  /// Appends CopyData frames that take the place of one with this body. False: the stream is not what it
  /// should be, or a row is too long to be held, and nothing more of it must be seen.
  bool data(std::string_view body, std::string& out);
  /// The stream has ended; true when nothing of it is left over.
  bool complete() const { return held_.empty(); }
  const RowEdit& rows() const { return rows_; }

 private:
  bool line(std::string_view line, std::string& row);
  bool text_line(std::string_view line, std::string& row);
  bool csv_line(std::string_view line, std::string& row);
  void append_text(std::size_t column, std::string_view raw, std::string& row, bool& first) const;
  void append_csv(std::size_t column, std::string_view raw, bool quoted, std::string& row, bool& first) const;
  std::size_t line_end() const;
  bool binary(std::string& out);

  CopySyntax syntax_;
  RowEdit rows_;
  std::string held_;  ///< the beginning of a row
  bool begun_ = false;
  bool header_line_ = false;  ///< the line at hand names columns and holds no values
  bool ended_ = false;        ///< binary: the trailer has been seen
};

}  // namespace signalbox::proxy
