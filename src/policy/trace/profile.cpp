// Time goes to the line whose instruction ran last. A jump back to an expression is a redo, a step forward to
// one an eval: the machine has no choice points that could say so.
#include "policy/trace/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

int compare_by(ProfileOrder key, const LineProfile& a, const LineProfile& b) {
  const auto descending = [](auto x, auto y) { return x == y ? 0 : x > y ? -1 : 1; };
  switch (key) {
    case ProfileOrder::TotalTime: return descending(a.total_time_ns, b.total_time_ns);
    case ProfileOrder::NumEval: return descending(a.num_eval, b.num_eval);
    case ProfileOrder::NumRedo: return descending(a.num_redo, b.num_redo);
    case ProfileOrder::NumGenExpr: return descending(a.num_gen_expr, b.num_gen_expr);
    case ProfileOrder::File: return descending(a.at.file, b.at.file);
    case ProfileOrder::Line: return descending(a.at.row, b.at.row);
  }
  return 0;
}

}  // namespace

void Profile::account() {
  const auto now = std::chrono::steady_clock::now();
  if (current_ != nullptr) current_->time_ns += (now - since_).count();
  since_ = now;
}

void Profile::step(const Function& f, std::uint32_t instruction) {
  const CodePosition& at = f.positions[instruction];
  account();
  if (at.row == 0) return;
  Line& line = lines_[{at.file, at.row}];
  const bool same = previous_ == &f && f.positions[previous_instruction_].row == at.row &&
                    f.positions[previous_instruction_].col == at.col;
  if (!same) {
    const bool back = previous_ == &f && instruction < previous_instruction_;
    ++(back ? line.redos : line.evals);
    line.columns[at.col] = true;
  }
  previous_ = &f;
  previous_instruction_ = instruction;
  current_ = &line;
}

std::vector<LineProfile> Profile::report(const Program& program, std::span<const ProfileOrder> order,
                                         std::size_t limit) {
  account();
  current_ = nullptr;
  for (const RuleInfo& rule : program.rules) {
    const auto line = lines_.find({rule.at.file, rule.at.row});
    if (line != lines_.end()) line->second.columns.erase(rule.at.col);
  }
  std::vector<LineProfile> out;
  for (const auto& [place, line] : lines_) {
    if (line.columns.empty()) continue;
    const auto& [file, row] = place;
    out.push_back(
        {line.time_ns,
         line.evals,
         line.redos,
         line.columns.size(),
         {file < program.files.size() ? program.files[file] : "", row, line.columns.begin()->first}});
  }
  std::ranges::stable_sort(out, [&](const LineProfile& a, const LineProfile& b) {
    for (const ProfileOrder key : order) {
      if (const int difference = compare_by(key, a, b); difference != 0) return difference < 0;
    }
    return false;
  });
  if (limit != 0 && out.size() > limit) out.resize(limit);
  return out;
}

std::string to_json(std::span<const LineProfile> profile) {
  std::string out = "[";
  for (const LineProfile& line : profile) {
    if (out.size() > 1) out += ',';
    out += fmt::format(
        R"({{"total_time_ns":{},"num_eval":{},"num_redo":{},"num_gen_expr":{},"location":{{"file":)",
        line.total_time_ns, line.num_eval, line.num_redo, line.num_gen_expr);
    append_json(out, Value::string(line.at.file), EscapeHtml::Yes);
    out += fmt::format(R"(,"row":{},"col":{}}}}})", line.at.row, line.at.col);
  }
  return out + "]";
}

}  // namespace signalbox::policy
