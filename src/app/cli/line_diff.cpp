// A longest common subsequence over the lines between what both texts begin and end with. Files of policies
// are short; beyond the bound everything between is shown as replaced.
#include "app/cli/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "app/cli/terminal.h"

namespace signalbox::app::cli {
namespace {

constexpr std::size_t kMaxCells = 25'000'000;
constexpr std::size_t kContext = 3;

struct Line {
  char mark;  ///< ' ', '-' or '+'
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

std::vector<Line> compared(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::vector<Line> out;
  const std::size_t n = a.size(), m = b.size();
  if (n * m > kMaxCells) {
    for (const auto line : a) out.push_back({'-', line});
    for (const auto line : b) out.push_back({'+', line});
    return out;
  }
  std::vector<std::uint32_t> common((n + 1) * (m + 1), 0);
  const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return common[i * (m + 1) + j]; };
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      at(i, j) = a[i] == b[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  std::size_t i = 0, j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && a[i] == b[j]) {
      out.push_back({' ', a[i]});
      ++i, ++j;
    } else if (j == m || (i < n && at(i + 1, j) >= at(i, j + 1))) {
      out.push_back({'-', a[i++]});
    } else {
      out.push_back({'+', b[j++]});
    }
  }
  return out;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return {};
  const std::vector<Line> lines = compared(lines_of(before), lines_of(after));
  std::string out = fmt::format("--- {}\n+++ {} (formatted)\n", name, name);
  std::size_t old_row = 1, new_row = 1, quiet = lines.size();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto last = std::min(lines.size(), i + kContext + 1);
    const auto first = i > kContext ? i - kContext : 0;
    const bool near = std::any_of(lines.begin() + static_cast<std::ptrdiff_t>(first),
                                  lines.begin() + static_cast<std::ptrdiff_t>(last),
                                  [](const Line& line) { return line.mark != ' '; });
    if (near) {
      if (quiet != 0) out += fmt::format("@@ -{} +{} @@\n", old_row, new_row);
      quiet = 0;
      const Colour colour = lines[i].mark == '-'   ? Colour::Red
                            : lines[i].mark == '+' ? Colour::Green
                                                   : Colour::Plain;
      out += painted(lines[i].mark + std::string(lines[i].text), colour, 1) + "\n";
    } else {
      ++quiet;
    }
    old_row += lines[i].mark != '+';
    new_row += lines[i].mark != '-';
  }
  return out;
}

}  // namespace signalbox::app::cli
