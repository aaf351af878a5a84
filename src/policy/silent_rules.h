// Rules that can be asked nowhere.
#pragma once

#include "policy/loaded.h"

namespace signalbox::policy {

/// A warning for each action of a rule that is about no hook but such as the host never raises
/// (Vocabulary::silent_hooks). After RuleReads are known.
Diagnostics silent_rules(const PolicySet::Loaded& loaded);

}  // namespace signalbox::policy
