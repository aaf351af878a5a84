// Printing of diagnostics, and the spelling suggestions that their hints use.
#include "base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

namespace signalbox {

std::string to_text(const Diagnostic& d) {
  std::string out;
  if (!d.at.file.empty() || d.at.row != 0) {
    if (!d.at.file.empty()) out += d.at.file + ":";
    out += d.at.row == 0 ? " " : fmt::format("{}:{}: ", d.at.row, d.at.col);
  }
  if (d.severity == Severity::Warning) out += "warning: ";
  out += d.code.empty() ? d.message : fmt::format("{}: {}", d.code, d.message);
  out += '\n';
  if (!d.source_line.empty()) {
    out += "  " + d.source_line + "\n";
    if (d.at.col > 0) {
      // The caret stands under the character: tabs before it are kept, so that both lines indent alike.
      std::string indent = "  ";
      std::uint32_t col = 1;
      for (std::size_t i = 0; i < d.source_line.size() && col < d.at.col; ++i) {
        const auto byte = static_cast<unsigned char>(d.source_line[i]);
        if ((byte & 0xC0) == 0x80) continue;
        indent += byte == '\t' ? '\t' : ' ';
        ++col;
      }
      out += indent + "^\n";
    }
  }
  if (!d.hint.empty()) out += "  hint: " + d.hint + "\n";
  return out;
}

std::string to_text(const Diagnostics& diagnostics) {
  std::string out;
  for (const auto& d : diagnostics) out += to_text(d);
  return out;
}

bool has_errors(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics, [](const auto& d) { return d.severity == Severity::Error; });
}

void sort_by_position(Diagnostics& diagnostics) {
  std::ranges::stable_sort(diagnostics, [](const auto& a, const auto& b) { return a.at < b.at; });
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) std::tie(best, best_distance) = std::pair(candidate, distance);
  }
  return best;
}

std::string_view line_of(std::string_view text, std::uint32_t row) {
  if (row == 0) return {};
  for (std::uint32_t current = 1;; ++current) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (current == row) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      return line;
    }
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
}

}  // namespace signalbox
