// CoverageProgram: policies in the forms in which coverage watches them, and what watching gave. OPA names
// what its own evaluation reached, so that the policies are evaluated in its form (check/expr_form.h): as it
// does it, without its rule index, and without early exit. The two others say why something was not reached.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/engine.h"
#include "policy/trace/coverage.h"
#include "policy/trace/spots.h"

namespace signalbox::policy {

/// Kinds of what was not reached that are told.
struct CoverageKinds {
  bool index_excluded = true, early_exit = true;
};

/// What evaluations reached, by the form they were done in.
struct Reached {
  std::array<Coverage, 3> forms;
  void add(const Reached& other);
};

/// Immutable; shared between threads.
class CoverageProgram {
 public:
  /// The policies must load.
  static std::expected<CoverageProgram, Diagnostics> load(const std::vector<SourceFile>& files,
                                                          const Vocabulary& vocabulary,
                                                          const LoadOptions& loading, CoverageKinds kinds);

  /// Evaluates a query in every form. Answers and errors are not looked at, notes not given.
  void watch(const std::string& query, const QueryContext& context, const Value& input, const Limits& limits,
             Evaluator& evaluator, Reached& out) const;
  CoverageReport report(const Reached& reached) const;

 private:
  std::vector<ast::Module> modules_;  ///< as parsed
  std::vector<Spot> spots_;
  std::array<std::shared_ptr<const PolicySet>, 3> sets_;  ///< null: not asked for
};

}  // namespace signalbox::policy
