// Lines of a rule set are set in columns. The query itself is shown only where it asked for no rule, since
// its value is what is printed below the tree.
#include "app/cli/story_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "app/cli/terminal.h"

namespace signalbox::app::cli {
namespace {

using policy::RuleStep;
using policy::StoryNode;

constexpr int kStdout = 1;
constexpr std::size_t kLongestLine = 80, kLongestValue = 160;

std::string shortened(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit) + "...";
}

struct Line {
  std::string mark, place, text, note;
  Colour colour = Colour::Plain;
};

/// No rule gave the value, and it is not that of a collection without members.
bool by_default(const StoryNode& node) {
  const bool empty = node.value.empty() || node.value == "{}" || node.value == "set()";
  return !empty && !node.rules.empty() && std::ranges::none_of(node.rules, &RuleStep::fired);
}

std::string place(const SourcePosition& at) {
  return fmt::format("{}:{}", at.file, at.row);
}

/// The rule's line, without what leads to a body below it.
std::string head(const RuleStep& rule) {
  std::string out = rule.text;
  if (out.ends_with('{')) out.erase(out.find_last_not_of(" \t{") + 1);
  if (out.ends_with(" if")) out.erase(out.size() - 3);
  return shortened(std::move(out), kLongestLine);
}

Line line_of(const RuleStep& rule, bool answered) {
  if (rule.fired) return {"✓", place(rule.at), head(rule), "", Colour::Green};
  if (rule.failed_at.row == 0)
    return {"-", place(rule.at), head(rule), answered ? "(not needed)" : "(not tried)", Colour::Dim};
  Line out{"✗", place(rule.failed_at), shortened(rule.condition, kLongestLine), "", Colour::Red};
  if (out.text.empty()) out.place += fmt::format(":{}", rule.failed_at.col);
  if (!rule.compared.empty()) out.note = "(" + rule.compared + ")";
  return out;
}

std::string rules_text(const StoryNode& node, const std::string& indent) {
  const bool answered = std::ranges::any_of(node.rules, &RuleStep::fired);
  std::vector<Line> lines;
  std::size_t widest_place = 0, widest_text = 0;
  for (const RuleStep& rule : node.rules) {
    lines.push_back(line_of(rule, answered));
    widest_place = std::max(widest_place, lines.back().place.size());
    if (!lines.back().note.empty()) widest_text = std::max(widest_text, lines.back().text.size());
  }
  std::string out;
  for (const Line& line : lines) {
    const bool bare = line.text.empty() && line.note.empty();
    out += indent + painted(line.mark, line.colour, kStdout) + ' ' + line.place;
    if (!bare) out += std::string(widest_place - line.place.size() + 2, ' ') + line.text;
    if (!line.note.empty()) {
      const std::size_t used = line.text.size();
      out +=
          std::string(used == 0 ? 0 : widest_text - used + 2, ' ') + painted(line.note, Colour::Dim, kStdout);
    }
    out += '\n';
  }
  return out;
}

std::string node_text(const StoryNode& node, std::size_t depth) {
  const std::string indent(2 * depth, ' ');
  std::string name = node.name;
  if (!node.arguments.empty()) name += "(" + node.arguments + ")";
  std::string out = fmt::format("{}{} = {}{}\n", indent, painted(name, Colour::Bold, kStdout),
                                node.value.empty() ? "undefined" : shortened(node.value, kLongestValue),
                                by_default(node) ? painted("  (by default)", Colour::Dim, kStdout) : "");
  out += rules_text(node, indent + "  ");
  for (const StoryNode& child : node.asked) out += node_text(child, depth + 1);
  return out;
}

}  // namespace

std::string story_text(const StoryNode& root) {
  if (root.asked.empty()) return node_text(root, 0);
  std::string out;
  for (const StoryNode& child : root.asked) out += node_text(child, 0);
  return out;
}

}  // namespace signalbox::app::cli
