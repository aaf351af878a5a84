// RowEdit: what becomes of the rows of one answer: columns masked or dropped, rows counted and capped. Works
// on one DataRow or one line of a COPY at a time, so a result is never held; knows nothing of sessions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/mask/mask.h"

namespace signalbox::proxy {

using MaskerPtr = std::shared_ptr<const actions::Masker>;

/// One column of the server's result.
struct ColumnEdit {
  std::uint32_t type = 0;  ///< oid; 0 = not told (COPY)
  std::int16_t format = 0;
  bool dropped = false;
  std::vector<MaskerPtr> masks = {};  ///< one after the other

  /// The value as the client may see it; nullopt = NULL.
  std::optional<std::string> apply(std::string_view value) const;
};

class RowEdit {
 public:
  RowEdit(std::vector<ColumnEdit> columns, std::optional<std::uint64_t> most_rows)
      : columns_(std::move(columns)), most_rows_(most_rows) {}

  /// Something of it is edited.
  bool edits() const;
  const std::vector<ColumnEdit>& columns() const { return columns_; }

  /// Appends the frame that takes the place of a DataRow with this body, or nothing when the row goes. False:
  /// the row is not what was described, and must not be seen.
  bool row(std::string_view body, std::string& out);
  /// One more row is due: true when it may pass.
  bool take();
  bool capped() const { return most_rows_.has_value(); }
  /// The rows are the next portion of a portal's, which has given so many.
  void go_on_behind(std::uint64_t rows) { before_ = passed_ = rows; }
  std::uint64_t passed() const { return passed_; }
  /// Without the portions before.
  std::uint64_t passed_now() const { return passed_ - before_; }

 private:
  std::vector<ColumnEdit> columns_;
  std::optional<std::uint64_t> most_rows_;
  std::uint64_t passed_ = 0;
  std::uint64_t before_ = 0;  ///< of that, by earlier portions
};

/// A command tag that tells how many rows there are, with this number: "SELECT 5" -> "SELECT 2".
std::string with_count(std::string_view tag, std::uint64_t rows);

}  // namespace signalbox::proxy
