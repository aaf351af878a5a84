// Coverage by place: an instruction knows the expression it was made from. Queries have no file, and are left
// out.
#include "policy/trace/coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/trace/opcodes.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

/// A spot, and whether a rule gave its value there.
std::uint32_t key_of(std::size_t row, bool head) {
  return (static_cast<std::uint32_t>(row) << 1) | std::uint32_t{head};
}

/// Instructions that stand after an expression or a rule, and carry its place. A jump is all the code of an
/// expression that can never hold.
bool ends_something(const Function& f, std::uint32_t instruction) {
  const Opcode op = f.code[instruction].op;
  if (op == Opcode::Jump)
    return instruction != 0 && f.positions[instruction - 1].row == f.positions[instruction].row;
  return op == Opcode::Return || op == Opcode::Finish || op == Opcode::Defined;
}

double percent_of(std::size_t covered, std::size_t not_covered) {
  const std::size_t all = covered + not_covered;
  return all == 0 ? 0 : 100.0 * static_cast<double>(covered) / static_cast<double>(all);
}

std::string ranges_json(const std::vector<CoverageRange>& ranges) {
  std::string out = "[";
  for (const CoverageRange& r : ranges) {
    if (out.size() > 1) out += ',';
    out += fmt::format(R"({{"start":{{"row":{},"col":{}}},"end":{{"row":{},"col":{}}})", r.row, r.col,
                       r.end_row, r.end_col);
    if (r.index_excluded || r.early_exit) {
      out += fmt::format(R"(,"kinds":[{}{}{}])", r.index_excluded ? R"("index_excluded")" : "",
                         r.index_excluded && r.early_exit ? "," : "", r.early_exit ? R"("early_exit")" : "");
    }
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
  if (ends_something(f, instruction)) return;
  const CodePosition& at = f.positions[instruction];
  if (at.file == kNone || at.row == 0) return;
  reached_.insert(key_of(at.row, gives_value(op)));
}

bool Coverage::expression(std::size_t spot) const {
  return reached_.contains(key_of(spot + 1, false)) || reached_.contains(key_of(spot + 1, true));
}
bool Coverage::head(std::size_t spot) const {
  return reached_.contains(key_of(spot + 1, true));
}

bool CoverageRange::contains(const CoverageRange& other) const {
  const auto begin = [](const CoverageRange& r) { return std::pair(r.row, r.col); };
  const auto end = [](const CoverageRange& r) { return std::pair(r.end_row, r.end_col); };
  return begin(*this) <= begin(other) && end(other) <= end(*this);
}

double FileCoverage::percent() const {
  return percent_of(covered_lines, not_covered_lines);
}
double CoverageReport::percent() const {
  return percent_of(covered_lines, not_covered_lines);
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
