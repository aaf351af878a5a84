// Coverage: which expressions and rule heads an evaluation reached, and the report that `opa test --coverage`
// prints.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "policy/syntax/ast.h"
#include "policy/vm/tracer.h"

namespace signalbox::policy {

/// Collects over any number of evaluations of one policy set.
class Coverage final : public Tracer {
 public:
  enum class Rules : bool { Indexed, Every };
  explicit Coverage(Rules rules = Rules::Indexed) : rules_(rules) {}

  bool every_rule() const override { return rules_ == Rules::Every; }
  void step(const Function& f, std::uint32_t instruction) override;
  void add(const Coverage& other) { reached_.insert(other.reached_.begin(), other.reached_.end()); }

  /// The expression, or the head, at a place was reached. `file` is its number in Program::files.
  bool expression(std::uint32_t file, const ast::Span& at) const;
  bool head(std::uint32_t file, const ast::Span& at) const;

 private:
  std::unordered_set<std::uint64_t> reached_;
  Rules rules_;
};

/// A range of text; the end is exclusive. Rows and columns from 1.
struct CoverageRange {
  std::uint32_t row = 0, col = 0, end_row = 0, end_col = 0;
  bool index_excluded = false;  ///< not reached only because the rule index ruled its rule out
  bool early_exit = false;      ///< not reached only because the answer was known before
  bool operator==(const CoverageRange& other) const = default;
  auto operator<=>(const CoverageRange& other) const = default;
};

struct FileCoverage {
  std::vector<CoverageRange> covered, not_covered;
  std::size_t covered_lines = 0, not_covered_lines = 0;
  double percent() const;
};

struct CoverageReport {
  std::map<std::string, FileCoverage> files;
  std::size_t covered_lines = 0, not_covered_lines = 0;
  double percent() const;
};

/// The same evaluations done otherwise, to say why something was not reached. Null: that is not said.
struct SupplementaryCoverage {
  const Coverage* every_rule = nullptr;     ///< without the rule index
  const Coverage* no_early_exit = nullptr;  ///< without index and early exit: LoadOptions::optimise off
};

/// `modules`: as parsed. `files`: Program::files, the same for all.
CoverageReport coverage_report(std::span<const ast::Module> modules, std::span<const std::string> files,
                               const Coverage& coverage, SupplementaryCoverage supplementary = {});

/// The report as OPA's JSON, compact.
std::string to_json(const CoverageReport& report);

}  // namespace signalbox::policy
