// A place is a row and a column, at which the innermost expression that covers it is quoted. Texts are parsed
// anew: in checked modules expressions are no longer what was written. Where that says nothing (a policy in
// YAML), the rest of the line is quoted.
#include "policy/trace/quotes.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/syntax/parsing.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view line) {
  const auto first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

/// Lines are joined by blanks; those that are comments are left out.
std::string on_one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    if (!out.empty()) out += ' ';
    out += line;
  }
  return out;
}

/// One file: where its lines begin, and where its expressions stand.
class File {
 public:
  explicit File(const ast::Module& module) : source_(module.source) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < source_->text.size(); ++i)
      if (source_->text[i] == '\n') starts_.push_back(i + 1);
    const auto written = ast::parse_module(source_, {.version = module.version, .annotations = false});
    if (!written) return;
    for (const ast::Rule& rule : written->rules)
      ast::for_each_expr(rule, [this](const ast::Expr& expr) {
        if (expr.span.known()) expressions_.push_back(expr.span);
        return true;
      });
  }

  std::string_view line_from(const SourcePosition& place) const {
    const std::size_t at = offset(place);
    return trimmed(std::string_view(source_->text).substr(at, line_end(at) - at));
  }

  std::string expression_at(const SourcePosition& place) const {
    const std::size_t at = offset(place);
    const ast::Span* best = nullptr;
    for (const ast::Span& span : expressions_) {
      if (span.begin > at || span.end <= at) continue;
      if (best == nullptr || span.end - span.begin < best->end - best->begin) best = &span;
    }
    return best == nullptr ? std::string(line_from(place)) : on_one_line(best->text(*source_));
  }

 private:
  std::size_t line_end(std::size_t at) const {
    return std::min(source_->text.find('\n', at), source_->text.size());
  }

  /// Columns count code points.
  std::size_t offset(const SourcePosition& place) const {
    if (place.row == 0 || place.row > starts_.size()) return source_->text.size();
    std::size_t at = starts_[place.row - 1];
    const std::size_t end = line_end(at);
    for (std::uint32_t col = 1; col < place.col && at < end; ++col) {
      ++at;
      while (at < end && (static_cast<unsigned char>(source_->text[at]) & 0xC0) == 0x80) ++at;
    }
    return at;
  }

  ast::SourcePtr source_;
  std::vector<std::size_t> starts_;
  std::vector<ast::Span> expressions_;
};

class Quotes {
 public:
  explicit Quotes(std::span<const ast::Module> modules) {
    for (const ast::Module& module : modules)
      if (module.source) modules_.emplace(module.source->name, &module);
  }

  void fill(StoryNode& node) {
    for (RuleStep& rule : node.rules) {
      if (const File* file = find(rule.at.file)) rule.text = file->line_from(rule.at);
      if (rule.fired || rule.failed_at.row == 0) continue;
      if (const File* file = find(rule.failed_at.file)) rule.condition = file->expression_at(rule.failed_at);
    }
    for (StoryNode& child : node.asked) fill(child);
  }

 private:
  const File* find(std::string_view name) {
    const auto module = modules_.find(name);
    return module == modules_.end() ? nullptr : &files_.try_emplace(name, *module->second).first->second;
  }

  std::map<std::string_view, const ast::Module*> modules_;
  std::map<std::string_view, File> files_;
};

}  // namespace

void quote(StoryNode& story, std::span<const ast::Module> modules) {
  Quotes(modules).fill(story);
}

}  // namespace signalbox::policy
