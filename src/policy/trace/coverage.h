// Coverage: which expressions and rule heads evaluations reached, and the report that `opa test --coverage`
// prints.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "policy/vm/tracer.h"

namespace signalbox::policy {

/// Collects the rows that instructions carry, which are numbers of spots (trace/spots.h), over any number of
/// evaluations.
class Coverage final : public Tracer {
 public:
  /// The machine's own rule index is not OPA's.
  bool every_rule() const override { return true; }
  void step(const Function& f, std::uint32_t instruction) override;
  void add(const Coverage& other) { reached_.insert(other.reached_.begin(), other.reached_.end()); }

  /// The spot was reached.
  bool expression(std::size_t spot) const;
  /// The rule whose head is there gave a value.
  bool head(std::size_t spot) const;

 private:
  std::unordered_set<std::uint32_t> reached_;
};

/// A range of text; the end is exclusive. Rows and columns from 1.
struct CoverageRange {
  std::uint32_t row = 0, col = 0, end_row = 0, end_col = 0;
  bool index_excluded = false;  ///< without the rule index it would have been reached
  bool early_exit = false;      ///< without early exit it would have been reached
  bool operator==(const CoverageRange& other) const = default;
  auto operator<=>(const CoverageRange& other) const = default;
  bool contains(const CoverageRange& other) const;
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

/// The report as OPA's JSON, compact.
std::string to_json(const CoverageReport& report);

}  // namespace signalbox::policy
