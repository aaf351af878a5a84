// Rows are cut out of the stream, their values masked and written anew.
// https://www.postgresql.org/docs/current/sql-copy.html, "File Formats".
//
// The surprise: a masked value is written in the syntax of the stream again, so that whatever a mask gives
// (a comma, a quote, a newline) it cannot become two values.
#include "proxy/rows/copy_edit.h"

#include <optional>
#include <utility>

#include "proxy/wire/frame.h"

namespace signalbox::proxy {
namespace {

/// A row longer than this is not held in memory to be edited.
constexpr std::size_t kLongestRow = std::size_t{16} << 20;
constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr std::size_t kHeader = 11 + 4 + 4;  ///< signature, flags, length of the extension

/// \b \f \n \r \t \v, \digits, \xdigits, and any other character for itself.
std::string unescaped(std::string_view raw) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\' || i + 1 == raw.size()) {
      out += raw[i];
      continue;
    }
    constexpr std::string_view kLetters = "bfnrtv", kMeanings = "\b\f\n\r\t\v";
    const char c = raw[++i];
    if (const auto at = kLetters.find(c); at != std::string_view::npos) {
      out += kMeanings[at];
    } else if (octal(c)) {
      int value = 0;
      std::size_t digits = 0;
      while (digits < 3 && i < raw.size() && octal(raw[i])) value = value * 8 + (raw[i++] - '0'), ++digits;
      out += static_cast<char>(value), --i;
    } else {
      out += c;
    }
  }
  return out;
}

std::string escaped(std::string_view value, char delimiter) {
  std::string out;
  for (const char c : value) {
    constexpr std::string_view kMeanings = "\b\f\n\r\t\v", kLetters = "bfnrtv";
    if (const auto at = kMeanings.find(c); at != std::string_view::npos) {
      out += '\\', out += kLetters[at];
    } else {
      if (c == '\\' || c == delimiter) out += '\\';
      out += c;
    }
  }
  return out;
}

/// The size of the row (or of the trailer) at the front; nothing when it is not all there. A row is laid out
/// as the body of a DataRow.
std::optional<std::size_t> binary_row(std::string_view rest) {
  if (rest.size() < 2) return std::nullopt;
  const auto fields = load_be<std::int16_t>(rest.data());
  std::size_t size = 2;
  for (std::int16_t i = 0; i < fields; ++i) {
    if (rest.size() < size + 4) return std::nullopt;
    const auto length = load_be<std::int32_t>(rest.data() + size);
    size += 4 + (length > 0 ? static_cast<std::size_t>(length) : 0);
  }
  return rest.size() < size ? std::nullopt : std::optional(size);
}

void append_data(std::string& out, std::string_view bytes) {
  if (!bytes.empty()) wire::FrameBuilder(out, 'd').bytes(bytes);
}

}  // namespace

bool CopyEdit::data(std::string_view body, std::string& out) {
  held_ += body;
  if (syntax_.format == CopySyntax::Format::Binary) return binary(out);
  for (std::size_t end = line_end(); end != std::string::npos; end = line_end()) {
    std::string row;
    if (!line(std::string_view(held_).substr(0, end), row)) return false;
    append_data(out, row);
    held_.erase(0, end + 1);
  }
  return held_.size() <= kLongestRow;
}

/// Of the first line in what is held: a newline outside of quotes.
std::size_t CopyEdit::line_end() const {
  if (syntax_.format == CopySyntax::Format::Text) return held_.find('\n');
  bool quoted = false;
  for (std::size_t i = 0; i < held_.size(); ++i) {
    if (quoted && syntax_.escape != syntax_.quote && held_[i] == syntax_.escape) {
      ++i;
    } else if (held_[i] == syntax_.quote) {
      quoted = !quoted;
    } else if (held_[i] == '\n' && !quoted) {
      return i;
    }
  }
  return std::string::npos;
}

bool CopyEdit::line(std::string_view line, std::string& row) {
  std::string_view text = line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  header_line_ = syntax_.header && !begun_;
  begun_ = true;
  if (!header_line_ && !rows_.take()) return true;
  const bool fits = syntax_.format == CopySyntax::Format::Text ? text_line(text, row) : csv_line(text, row);
  if (text.size() != line.size()) row += '\r';
  row += '\n';
  return fits;
}

void CopyEdit::append_text(std::size_t column, std::string_view raw, std::string& row, bool& first) const {
  const ColumnEdit& edit = rows_.columns()[column];
  if (edit.dropped) return;
  if (!std::exchange(first, false)) row += syntax_.delimiter;
  if (edit.masks.empty() || header_line_ || raw == syntax_.null) {
    row += raw;
  } else if (const auto masked = edit.apply(unescaped(raw))) {
    row += escaped(*masked, syntax_.delimiter);
  } else {
    row += syntax_.null;
  }
}

bool CopyEdit::text_line(std::string_view line, std::string& row) {
  const std::size_t count = rows_.columns().size();
  bool first = true;
  std::size_t column = 0, begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '\\') {
      ++i;
      continue;
    }
    if (i < line.size() && line[i] != syntax_.delimiter) continue;
    if (column == count) return count == 0 && line.empty();
    append_text(column++, line.substr(begin, i - begin), row, first);
    begin = i + 1;
  }
  return column == count;
}

void CopyEdit::append_csv(std::size_t column, std::string_view raw, bool quoted, std::string& row,
                          bool& first) const {
  const ColumnEdit& edit = rows_.columns()[column];
  if (edit.dropped) return;
  if (!std::exchange(first, false)) row += syntax_.delimiter;
  const bool null = !quoted && raw == syntax_.null;
  if (edit.masks.empty() || header_line_ || null) {
    row += raw;
    return;
  }
  std::string value;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (quoted && (i == 0 || i + 1 == raw.size())) continue;
    if (quoted && i + 2 < raw.size() && raw[i] == syntax_.escape &&
        (raw[i + 1] == syntax_.quote || raw[i + 1] == syntax_.escape))
      ++i;
    value += raw[i];
  }
  const auto masked = edit.apply(value);
  if (!masked) {
    row += syntax_.null;
    return;
  }
  row += syntax_.quote;
  for (const char c : *masked) {
    if (c == syntax_.quote || c == syntax_.escape) row += syntax_.escape;
    row += c;
  }
  row += syntax_.quote;
}

bool CopyEdit::csv_line(std::string_view line, std::string& row) {
  const std::size_t count = rows_.columns().size();
  bool first = true, inside = false, quoted = false;
  std::size_t column = 0, begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size()) {
      if (inside && syntax_.escape != syntax_.quote && line[i] == syntax_.escape) {
        ++i;
        continue;
      }
      if (line[i] == syntax_.quote) inside = !inside, quoted = true;
      if (inside || line[i] != syntax_.delimiter) continue;
    }
    if (column == count) return count == 0 && line.empty();
    append_csv(column++, line.substr(begin, i - begin), quoted, row, first);
    begin = i + 1;
    quoted = false;
  }
  return column == count;
}

/// Signature, flags, extension; then rows of a field count and fields; -1 ends it.
bool CopyEdit::binary(std::string& out) {
  std::string passing;
  std::string_view rest = held_;
  if (!begun_) {
    if (rest.size() < kHeader) return true;
    const auto extension = load_be<std::uint32_t>(rest.data() + kHeader - 4);
    if (!rest.starts_with(kSignature) || extension > kLongestRow) return false;
    if (rest.size() < kHeader + extension) return true;
    passing += rest.substr(0, kHeader + extension);
    rest.remove_prefix(kHeader + extension);
    begun_ = true;
  }
  for (auto size = binary_row(rest); size && !ended_; size = binary_row(rest)) {
    std::string framed;
    if (load_be<std::int16_t>(rest.data()) < 0) {
      ended_ = true;
      passing += rest.substr(0, *size);
    } else if (!rows_.row(rest.substr(0, *size), framed)) {
      return false;
    } else if (!framed.empty()) {
      passing += std::string_view(framed).substr(wire::kHeaderBytes);
    }
    rest.remove_prefix(*size);
  }
  append_data(out, passing);
  held_.erase(0, held_.size() - rest.size());
  return held_.size() <= kLongestRow;
}

}  // namespace signalbox::proxy
