// Values pass from the frame that came to the frame that goes: a row without masks is copied once, in pieces.
#include "proxy/rows/row_edit.h"

#include <algorithm>

#include "proxy/wire/frame.h"

namespace signalbox::proxy {

std::optional<std::string> ColumnEdit::apply(std::string_view value) const {
  // Whoever asks for a format that is none gets nothing out of it.
  if (format != 0 && format != 1) return std::nullopt;
  std::optional<std::string> masked(value);
  for (const MaskerPtr& mask : masks) {
    masked = mask->apply(type, static_cast<actions::ValueFormat>(format), *masked);
    if (!masked) return std::nullopt;
  }
  return masked;
}

bool RowEdit::edits() const {
  return most_rows_ || std::ranges::any_of(columns_, [](const ColumnEdit& column) {
           return column.dropped || !column.masks.empty();
         });
}

bool RowEdit::take() {
  if (most_rows_ && passed_ >= *most_rows_) return false;
  ++passed_;
  return true;
}

bool RowEdit::row(std::string_view body, std::string& out) {
  wire::BodyReader reader(body);
  if (reader.integer<std::uint16_t>() != columns_.size() || !reader.ok()) return false;
  if (!take()) return true;
  const auto kept = static_cast<std::uint16_t>(std::ranges::count(columns_, false, &ColumnEdit::dropped));
  wire::FrameBuilder frame(out, 'D');
  frame.u16(kept);
  for (const ColumnEdit& column : columns_) {
    const auto length = reader.integer<std::int32_t>();
    const bool null = length < 0;
    const std::string_view value = null ? std::string_view() : reader.bytes(static_cast<std::size_t>(length));
    if (!reader.ok()) return false;
    if (column.dropped) continue;
    if (null || column.masks.empty()) {
      frame.u32(static_cast<std::uint32_t>(length)).bytes(value);
    } else if (const auto masked = column.apply(value)) {
      frame.u32(static_cast<std::uint32_t>(masked->size())).bytes(*masked);
    } else {
      frame.u32(0xffff'ffff);
    }
  }
  return reader.at_end();
}

std::string with_count(std::string_view tag, std::uint64_t rows) {
  const std::size_t last = tag.find_last_not_of("0123456789");
  if (last == std::string_view::npos || last + 1 == tag.size()) return std::string(tag);
  return std::string(tag.substr(0, last + 1)) + std::to_string(rows);
}

}  // namespace signalbox::proxy
