// Box drawing.
#include "app/cli/box_table.h"

#include <algorithm>

#include "policy/builtins/go/text.h"

namespace signalbox::app::cli {
namespace {

struct Range {
  char32_t first, last;
};

/// Ideographs, syllables and emoji take two columns of a terminal (Unicode's East Asian Width, W and F).
constexpr Range kWide[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
                           {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
                           {0xFFE0, 0xFFE6},   {0x1F1E6, 0x1F1FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                           {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
/// What joins or changes the character before it takes none.
constexpr Range kNone[] = {{0x300, 0x36F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const policy::go::Rune rune = policy::go::decode_rune(text);
    const auto holds = [&](const Range& range) {
      return rune.value >= range.first && rune.value <= range.last;
    };
    columns += std::ranges::any_of(kNone, holds) ? 0 : std::ranges::any_of(kWide, holds) ? 2 : 1;
    text.remove_prefix(rune.width);
  }
  return columns;
}

class Table {
 public:
  explicit Table(std::size_t columns) : widths_(columns, 0) {}

  void measure(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size() && i < widths_.size(); ++i)
      widths_[i] = std::max(widths_[i], width(cells[i]));
  }

  std::string rule(std::string_view left, std::string_view between, std::string_view right) const {
    std::string out(left);
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      if (i != 0) out += between;
      for (std::size_t n = 0; n < widths_[i] + 2; ++n) out += "─";
    }
    return out + std::string(right) + "\n";
  }

  std::string line(const std::vector<std::string>& cells, bool centred) const {
    std::string out;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const std::string_view cell = i < cells.size() ? std::string_view(cells[i]) : std::string_view();
      const std::size_t room = widths_[i] - width(cell);
      const std::size_t before = centred ? room / 2 : 0;
      out += "│ " + std::string(before, ' ') + std::string(cell) + std::string(room - before, ' ') + " ";
    }
    return out + "│\n";
  }

 private:
  std::vector<std::size_t> widths_;
};

}  // namespace

std::string box_table(const std::vector<std::string>& heading,
                      const std::vector<std::vector<std::string>>& rows) {
  Table table(heading.empty() && !rows.empty() ? rows.front().size() : heading.size());
  table.measure(heading);
  for (const auto& row : rows) table.measure(row);
  std::string out = table.rule("┌", "┬", "┐");
  if (!heading.empty()) out += table.line(heading, true) + table.rule("├", "┼", "┤");
  for (const auto& row : rows) out += row.empty() ? table.rule("├", "┼", "┤") : table.line(row, false);
  return out + table.rule("└", "┴", "┘");
}

}  // namespace signalbox::app::cli
