// What a PolicySet and a PreparedQuery hold. Private to the facade (engine.cpp, load.cpp, evaluator.cpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policy/check/checked.h"
#include "policy/compile/planner.h"
#include "policy/data/base_document.h"
#include "policy/engine.h"

namespace signalbox::policy {

struct PolicySet::Loaded {
  LoadOptions options;
  Vocabulary vocabulary;
  check::CheckedModules checked;
  BaseDocuments base;  ///< programs point into it
  Program program;
  WithTargets with_targets;
  Diagnostics warnings;
  std::string revision;
  std::uint32_t entry = kNone;  ///< rule set of options.entry
  std::vector<RuleReads> reads;
  std::vector<std::uint32_t> gateway_rules;  ///< numbers of the rules in `reads`
  /// By number of Program::rules: what a decision says about the rule.
  struct RuleName {
    std::string policy;
    std::string rule;
    SourcePosition at;
    std::vector<std::string> hooks;  ///< as in RuleReads
  };
  std::vector<RuleName> names;
};

/// How modules and queries of the set are checked.
check::CheckOptions checking_options(const PolicySet::Loaded& loaded);

struct PreparedQuery::Compiled {
  std::shared_ptr<const PolicySet> set;
  /// Set when the query's `with` replaces what the set's own code resolved at load: the set's rules, compiled
  /// anew.
  std::unique_ptr<Program> own_program;
  std::unique_ptr<QueryCode> code;
  std::vector<QueryExpression> expressions;  ///< as many as the code gives
  const Program& program() const { return own_program ? *own_program : set->program(); }
};

}  // namespace signalbox::policy
