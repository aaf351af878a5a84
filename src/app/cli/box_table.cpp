// Box drawing.
#include "app/cli/box_table.h"

#include <algorithm>

namespace signalbox::app::cli {
namespace {

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
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
