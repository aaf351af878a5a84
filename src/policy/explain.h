// Explanation: a decision with the reasons: which rules fired, how far the others got, and the facts that
// were read.
#pragma once

#include <string>
#include <vector>

#include "policy/decision.h"
#include "policy/input.h"

namespace signalbox::policy {

/// What became of one gateway rule.
struct RuleOutcome {
  std::string policy;
  std::string rule;
  SourcePosition at;
  bool fired = false;
  /// Of a rule that did not fire: the expression that did not hold. Row 0 when the rule was not tried.
  SourcePosition failed_at;
  /// The values that expression compared, as Rego: `"select", "delete"`. Empty for other expressions.
  std::string compared;
};

struct ReadFact {
  InputPath path;
  std::string value;  ///< JSON; "" when there is no such fact
};

/// Holds input values: show it only to those who may see the input.
struct Explanation {
  Decision decision;
  std::vector<RuleOutcome> rules;  ///< every gateway rule, in the order of PolicySet::rule_reads()
  std::vector<ReadFact> facts;     ///< those the evaluation asked for, in slot order
};

}  // namespace signalbox::policy
