// The report is made as OPA makes it: what was reached are expressions of its compiled form, each at its
// place; what was not are the heads and expressions of the source that lie in none of those places. An
// expression that needs no code (a constant that holds) shares the fate of its rule's head.
#include "policy/trace/coverage_program.h"

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "policy/syntax/visit.h"
#include "policy/vm/program.h"

namespace signalbox::policy {
namespace {

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

using Ranges = std::set<CoverageRange>;

/// The spots that some instruction carries.
std::unordered_set<std::uint32_t> spots_with_code(const Program& program) {
  std::unordered_set<std::uint32_t> out;
  for (const Function& function : program.functions) {
    for (const CodePosition& at : function.positions) out.insert(at.row);
  }
  return out;
}

/// What one form reached of one module: heads and expressions, by place.
class ReachedRanges {
 public:
  /// `module` as parsed, `spots` all there are.
  ReachedRanges(const ast::Module& module, std::span<const Spot> spots, const Coverage& coverage)
      : source_(*module.source), spots_(spots), coverage_(coverage) {}

  /// What instructions say.
  void add_spots(std::size_t first, std::size_t end) {
    for (std::size_t i = first; i < end; ++i) {
      const Spot& spot = spots_[i];
      const bool whole = !spot.is_head || spot.is_default;
      if (whole ? coverage_.expression(i) : coverage_.head(i)) add(i);
    }
  }

  /// What follows from it for the expressions of a compiled rule that need no code.
  void add_silent(const ast::Rule& rule, const std::unordered_set<std::uint32_t>& with_code) {
    with_code_ = &with_code;
    if (rule.is_default) return add_default(rule);
    add_last(rule);
    body(rule.body, reached(rule.head.span));
    if (rule.otherwise) add_silent(**rule.otherwise, with_code);
  }

  const Ranges& ranges() const { return ranges_; }
  bool holds(const CoverageRange& range) const {
    return std::ranges::any_of(ranges_, [&](const CoverageRange& one) { return one.contains(range); });
  }

 private:
  void add(std::size_t spot) {
    if (spots_[spot].span.known()) ranges_.insert(range_of(source_, spots_[spot].span));
  }
  bool reached(const ast::Span& span) const {
    if (!span.known() || span.row > spots_.size()) return false;
    const Spot& spot = spots_[span.row - 1];
    return spot.is_head && !spot.is_default ? coverage_.head(span.row - 1)
                                            : coverage_.expression(span.row - 1);
  }

  /// Nothing from some expression on has code: it can never hold, and is the last that is reached.
  void add_last(const ast::Rule& rule) {
    const auto has_code = [&](const ast::Span& span) { return with_code_->contains(span.row); };
    if (has_code(rule.head.span)) return;
    std::size_t dead = rule.body.size();
    while (dead > 0 && !has_code(rule.body[dead - 1].span)) --dead;
    if (dead == 0 || dead == rule.body.size() || !reached(rule.body[dead - 1].span)) return;
    if (rule.body[dead].span.known()) add(rule.body[dead].span.row - 1);
  }

  /// A default is reached as a whole: its code may carry the place of the word or of the value.
  void add_default(const ast::Rule& rule) {
    const bool value =
        std::ranges::any_of(rule.body, [&](const ast::Expr& expr) { return reached(expr.span); });
    if (!value && !reached(rule.head.span)) return;
    add(rule.head.span.row - 1);
    for (const ast::Expr& expr : rule.body) {
      if (expr.span.known()) add(expr.span.row - 1);
    }
  }

  /// `behind`: what stands behind the body was reached.
  void body(const ast::Body& body, bool behind) {
    for (std::size_t i = body.size(); i-- > 0;) {
      const ast::Expr& expr = body[i];
      nested(expr);
      if (!expr.span.known() || expr.span.row > spots_.size()) continue;
      if (reached(expr.span)) {
        behind = true;
      } else if (with_code_->contains(expr.span.row)) {
        behind = false;
      } else if (behind) {
        add(expr.span.row - 1);
      }
    }
  }

  /// Bodies within an expression. What comes behind them carries the place of their last expression.
  void nested(const ast::Expr& expr) {
    struct Bodies {
      ReachedRanges& ranges;
      bool seen = false;
      void body(const ast::Body& b) { ranges.body(b, false); }
      bool expr(const ast::Expr&) { return !std::exchange(seen, true); }
    } visitor{*this};
    ast::walk(expr, visitor);
  }

  const ast::Source& source_;
  std::span<const Spot> spots_;
  const Coverage& coverage_;
  const std::unordered_set<std::uint32_t>* with_code_ = nullptr;
  Ranges ranges_;
};

/// The heads of a module's rules, and the expressions that OPA's report asks for.
Ranges places_of(const ast::Module& module) {
  Ranges out;
  const auto note = [&](const ast::Span& span) {
    if (span.known()) out.insert(range_of(*module.source, span));
  };
  for (const ast::Rule& top : module.rules) {
    for (const ast::Rule* rule = &top; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr)
      note(rule->head.span);
    ast::for_each_expr(top, [&](const ast::Expr& expr) {
      if (ast::as<ast::SomeDecl>(expr) == nullptr) note(expr.span);
      return true;
    });
  }
  return out;
}

FileCoverage report_of(const ast::Module& module, std::span<const ReachedRanges> forms,
                       const CoverageKinds& kinds) {
  FileCoverage out;
  out.covered.assign(forms[0].ranges().begin(), forms[0].ranges().end());
  for (CoverageRange range : places_of(module)) {
    if (forms[0].holds(range)) continue;
    const bool by_index = kinds.index_excluded && forms[1].holds(range);
    const bool by_exit = kinds.early_exit && forms[2].holds(range);
    range.index_excluded = by_index;
    range.early_exit = by_exit;
    out.not_covered.push_back(range);
  }
  out.covered_lines = distinct_rows(out.covered);
  out.not_covered_lines = distinct_rows(out.not_covered);
  return out;
}

/// In `else := v if e`, without braces, the expression stands where the whole branch does.
void place_as_opa(ast::Rule& rule, const ast::Source& source) {
  if (!rule.otherwise) return;
  ast::Rule& branch = **rule.otherwise;
  place_as_opa(branch, source);
  if (branch.body.size() != 1 || branch.generated_body || !branch.head.keywords.if_) return;
  ast::Span& at = branch.body.front().span;
  const ast::Span& head = branch.head.span;
  if (head.end > at.begin || source.text.substr(head.end, at.begin - head.end).contains('{')) return;
  const std::uint32_t end = at.end;
  at = branch.span;
  at.end = end;
}

}  // namespace

void Reached::add(const Reached& other) {
  for (std::size_t i = 0; i < forms.size(); ++i) forms[i].add(other.forms[i]);
}

std::expected<CoverageProgram, Diagnostics> CoverageProgram::load(const std::vector<SourceFile>& files,
                                                                  const Vocabulary& vocabulary,
                                                                  const LoadOptions& loading,
                                                                  CoverageKinds kinds) {
  CoverageProgram out;
  using check::ExprForm;
  const auto add = [&](std::size_t which, ExprForm form, Optimise optimise) -> Diagnostics {
    LoadOptions own = loading;
    own.optimise = optimise;
    own.form = form;
    own.adapt = [&](std::vector<ast::Module>& modules) {
      for (ast::Module& module : modules) {
        for (ast::Rule& rule : module.rules) place_as_opa(rule, *module.source);
      }
      out.modules_ = modules;
      out.spots_ = number_spots(modules);
    };
    auto set = PolicySet::load(files, vocabulary, std::move(own));
    if (!set) return std::move(set.error());
    out.sets_[which] = std::move(*set);
    return {};
  };
  Diagnostics wrong = add(0, ExprForm::OpaIndexed, Optimise::Yes);
  if (wrong.empty() && kinds.index_excluded) wrong = add(1, ExprForm::Opa, Optimise::Yes);
  if (wrong.empty() && kinds.early_exit) wrong = add(2, ExprForm::OpaIndexed, Optimise::No);
  if (!wrong.empty()) return std::unexpected(std::move(wrong));
  return out;
}

void CoverageProgram::watch(const std::string& query, const QueryContext& context, const Value& input,
                            const Limits& limits, Evaluator& evaluator, Reached& out) const {
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (sets_[i] == nullptr) continue;
    const auto prepared = sets_[i]->prepare(query, context);
    if (!prepared) continue;
    QueryOptions watched;
    watched.tracer = &out.forms[i];
    (void)evaluator.query(**prepared, JsonInput(input, sets_[i]->input_paths()), limits, watched);
  }
}

CoverageReport CoverageProgram::report(const Reached& reached) const {
  CoverageReport out;
  const CoverageKinds kinds{sets_[1] != nullptr, sets_[2] != nullptr};
  std::array<std::unordered_set<std::uint32_t>, 3> with_code;
  for (std::size_t i = 0; i < sets_.size(); ++i) {
    if (sets_[i] != nullptr) with_code[i] = spots_with_code(sets_[i]->program());
  }
  std::size_t first = 0;
  for (std::uint32_t number = 0; number < modules_.size(); ++number) {
    std::size_t end = first;
    while (end < spots_.size() && spots_[end].module == number) ++end;
    const ast::Module& module = modules_[number];
    std::vector<ReachedRanges> forms;
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      ReachedRanges& form = forms.emplace_back(module, spots_, reached.forms[i]);
      if (sets_[i] == nullptr) continue;
      form.add_spots(first, end);
      for (const ast::Rule& rule : sets_[i]->modules()[number].rules) form.add_silent(rule, with_code[i]);
    }
    FileCoverage file = report_of(module, forms, kinds);
    out.covered_lines += file.covered_lines;
    out.not_covered_lines += file.not_covered_lines;
    out.files.insert_or_assign(module.source->name, std::move(file));
    first = end;
  }
  return out;
}

}  // namespace signalbox::policy
