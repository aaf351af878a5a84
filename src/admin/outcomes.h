// What became of every rule in a decision that was explained, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "policy/engine.h"

namespace signalbox::admin {

/// Appends `,"rules":[{policy, rule, file, row, outcome, failed_at?: {file, row, col, text?}, compared?}],
/// "read":{PATH: VALUE or null}`; `text` is the line of the policy. The outcome: `fired`; `failed` (a
/// condition did not hold: where, and what it compared); `other_hook` (the rule is about another one); `off`
/// (its data turns it off); `not_tried` (an index or an earlier rule made it unnecessary).
void append_outcomes(const policy::Explanation& why, const policy::PolicySet* set, std::string_view hook,
                     std::string& out);

}  // namespace signalbox::admin
