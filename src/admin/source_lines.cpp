// One walk over a file, however many of its lines are quoted: an explanation names thousands of rules.
#include "admin/source_lines.h"

#include <algorithm>

#include "policy/syntax/ast.h"

namespace signalbox::admin {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpaces = " \t\r";
  const auto first = line.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace

SourceLines::SourceLines(const policy::PolicySet* set) {
  if (set == nullptr) return;
  for (const policy::ast::Module& module : set->modules()) {
    if (module.source) files_[module.source->name].text = module.source->text;
  }
}

std::string_view SourceLines::at(const SourcePosition& place) {
  const auto found = files_.find(place.file);
  if (found == files_.end() || place.row == 0) return {};
  File& file = found->second;
  if (file.lines.empty()) file.lines = lines_of(file.text);
  return place.row <= file.lines.size() ? trimmed(file.lines[place.row - 1]) : std::string_view();
}

}  // namespace signalbox::admin
