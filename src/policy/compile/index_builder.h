// Building rule indices: what the bodies test, and how the rules are hung up.
#pragma once

#include <memory>
#include <vector>

#include "policy/compile/document_tree.h"
#include "policy/vm/index.h"

namespace signalbox::policy {

/// One fact that a rule needs. A rule with several alternatives of one test (x in [a, b]) has several values.
struct IndexTest {
  enum class Kind : std::uint8_t {
    Equal,
    Prefix,
    Network,
    Above,
    Below,
    Range,  ///< both: values are [low, high, low inclusive, high inclusive]
    Pattern
  } kind = Kind::Equal;
  IndexSubject subject;
  std::vector<Value> values;
  bool inclusive = false;  ///< Above and Below
};

/// Below so many rules, trying each is as fast.
inline constexpr std::size_t kIndexFromRules = 6;

/// Null when no rule has a test. `tests[i]` are those of rule i.
std::shared_ptr<const RuleIndex> build_index(const std::vector<std::vector<IndexTest>>& tests);

}  // namespace signalbox::policy
