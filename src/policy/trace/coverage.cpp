// Coverage by place: an instruction knows the expression it was made from. An expression that needs no code
// (a constant that holds) shares the fate of its rule's head.
#include "policy/trace/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policy/syntax/visit.h"
#include "policy/trace/opcodes.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

std::uint64_t key_of(std::uint32_t file, std::uint32_t row, std::uint32_t col, bool head) {
  return (std::uint64_t{file} << 48) | (std::uint64_t{row & 0xFF'FFFF} << 24) |
         (std::uint64_t{col & 0x7F'FFFF} << 1) | std::uint64_t{head};
}

/// Instructions that stand after an expression or a rule, and carry its place.
bool ends_something(Opcode op) {
  return op == Opcode::Return || op == Opcode::Jump || op == Opcode::Finish || op == Opcode::Defined;
}

CoverageRange range_of(const ast::Source& source, const ast::Span& span) {
  CoverageRange out{span.row, span.col, span.row, span.col};
  for (const char c : span.text(source)) {
    if (c == '\n') {
      ++out.end_row;
      out.end_col = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++out.end_col;
    }
  }
  return out;
}

std::size_t distinct_rows(const std::vector<CoverageRange>& ranges) {
  std::set<std::uint32_t> rows;
  for (const CoverageRange& range : ranges) {
    for (std::uint32_t row = range.row; row <= range.end_row; ++row) rows.insert(row);
  }
  return rows.size();
}

double percent_of(std::size_t covered, std::size_t not_covered) {
  const std::size_t all = covered + not_covered;
  return all == 0 ? 0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
}

/// Sorts a module's expressions and heads into covered and not covered.
class FileReporter {
 public:
  FileReporter(const ast::Module& module, std::uint32_t file, const Coverage& coverage,
               SupplementaryCoverage supplementary)
      : source_(*module.source), file_(file), coverage_(coverage), supplementary_(supplementary) {
    for (const ast::Rule& rule : module.rules) read(rule);
  }

  FileCoverage finish() {
    for (auto* list : {&out_.covered, &out_.not_covered}) {
      std::ranges::sort(*list);
      list->erase(std::ranges::unique(*list).begin(), list->end());
    }
    out_.covered_lines = distinct_rows(out_.covered);
    out_.not_covered_lines = distinct_rows(out_.not_covered);
    return std::move(out_);
  }

 private:
  /// A default is reached as a whole: its machine code may carry the place of the word or of the value.
  bool head_reached(const Coverage& by, const ast::Rule& rule) const {
    if (by.head(file_, rule.head.span)) return true;
    return rule.is_default && (by.expression(file_, rule.head.span) ||
                               (!rule.body.empty() && by.expression(file_, rule.body.front().span)));
  }
  bool reached(const Coverage& by, const ast::Rule& rule, const ast::Expr& expr) const {
    return by.expression(file_, expr.span) || head_reached(by, rule);
  }

  void read(const ast::Rule& rule) {
    note(rule.head.span, [&](const Coverage& by) { return head_reached(by, rule); });
    // OPA's report counts `some x in xs` only where it was reached, and `some x` never.
    const auto note_expr = [&](const ast::Expr& expr) {
      const bool declares = ast::as<ast::SomeDecl>(expr) != nullptr;
      if (!declares || coverage_.expression(file_, expr.span)) {
        note(expr.span, [&](const Coverage& by) { return reached(by, rule, expr); });
      }
      return true;
    };
    for (const ast::Term& arg : rule.head.args) ast::for_each_expr(arg, note_expr);
    if (rule.head.key) ast::for_each_expr(*rule.head.key, note_expr);
    if (rule.head.value) ast::for_each_expr(*rule.head.value, note_expr);
    ast::for_each_expr(rule.body, note_expr);
    if (rule.otherwise) read(**rule.otherwise);
  }

  /// `reached` says whether a coverage has the place.
  template <class Reached>
  void note(const ast::Span& span, Reached&& reached) {
    if (!span.known()) return;
    const auto would_be = [&](const Coverage* by) { return by != nullptr && reached(*by); };
    CoverageRange range = range_of(source_, span);
    if (reached(coverage_)) {
      out_.covered.push_back(range);
      return;
    }
    range.index_excluded = would_be(supplementary_.every_rule);
    range.early_exit = !range.index_excluded && would_be(supplementary_.no_early_exit);
    out_.not_covered.push_back(range);
  }

  const ast::Source& source_;
  const std::uint32_t file_;
  const Coverage& coverage_;
  const SupplementaryCoverage supplementary_;
  FileCoverage out_;
};

std::string ranges_json(const std::vector<CoverageRange>& ranges) {
  std::string out = "[";
  for (const CoverageRange& r : ranges) {
    if (out.size() > 1) out += ',';
    out += fmt::format(R"({{"start":{{"row":{},"col":{}}},"end":{{"row":{},"col":{}}})", r.row, r.col,
                       r.end_row, r.end_col);
    if (r.index_excluded) out += R"(,"kinds":["index_excluded"])";
    if (r.early_exit) out += R"(,"kinds":["early_exit"])";
    out += '}';
  }
  return out + "]";
}

/// As Go prints a float64: no fraction when there is none.
std::string number_json(double value) {
  return fmt::format("{}", value);
}

}  // namespace

void Coverage::step(const Function& f, std::uint32_t instruction) {
  const Opcode op = f.code[instruction].op;
  if (ends_something(op)) return;
  const CodePosition& at = f.positions[instruction];
  if (at.file == kNone || at.row == 0) return;
  reached_.insert(key_of(at.file, at.row, at.col, gives_value(op)));
}

bool Coverage::expression(std::uint32_t file, const ast::Span& at) const {
  return reached_.contains(key_of(file, at.row, at.col, false)) ||
         reached_.contains(key_of(file, at.row, at.col, true));
}
bool Coverage::head(std::uint32_t file, const ast::Span& at) const {
  return reached_.contains(key_of(file, at.row, at.col, true));
}

double FileCoverage::percent() const {
  return percent_of(covered_lines, not_covered_lines);
}
double CoverageReport::percent() const {
  return percent_of(covered_lines, not_covered_lines);
}

CoverageReport coverage_report(std::span<const ast::Module> modules, std::span<const std::string> files,
                               const Coverage& coverage, SupplementaryCoverage supplementary) {
  CoverageReport out;
  for (const ast::Module& module : modules) {
    const auto file = std::ranges::find(files, module.source->name);
    const auto number = file == files.end() ? kNone : static_cast<std::uint32_t>(file - files.begin());
    FileCoverage report = FileReporter(module, number, coverage, supplementary).finish();
    out.covered_lines += report.covered_lines;
    out.not_covered_lines += report.not_covered_lines;
    out.files.insert_or_assign(module.source->name, std::move(report));
  }
  return out;
}

std::string to_json(const CoverageReport& report) {
  std::string out = R"({"files":{)";
  bool first = true;
  for (const auto& [name, file] : report.files) {
    if (!first) out += ',';
    first = false;
    std::string members;
    const auto member = [&](std::string_view key, const std::string& value) {
      members += fmt::format(R"({}"{}":{})", members.empty() ? "" : ",", key, value);
    };
    if (!file.covered.empty()) member("covered", ranges_json(file.covered));
    if (!file.not_covered.empty()) member("not_covered", ranges_json(file.not_covered));
    if (file.covered_lines != 0) member("covered_lines", std::to_string(file.covered_lines));
    if (file.not_covered_lines != 0) member("not_covered_lines", std::to_string(file.not_covered_lines));
    if (file.percent() != 0) member("coverage", number_json(file.percent()));
    append_json(out, Value::string(name), EscapeHtml::Yes);
    out += ":{" + members + "}";
  }
  return out + fmt::format(R"(}},"covered_lines":{},"not_covered_lines":{},"coverage":{}}})",
                           report.covered_lines, report.not_covered_lines, number_json(report.percent()));
}

}  // namespace signalbox::policy
