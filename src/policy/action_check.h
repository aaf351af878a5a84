// What policies ask for, judged by the host when they load.
#pragma once

#include <vector>

#include "policy/engine.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy {

/// Shows the host each action that a rule of data.policies writes as an object, as far as it is constant. A
/// rule that builds its actions otherwise is judged when it is evaluated.
void check_actions(const std::vector<ast::Module>& modules, const Vocabulary& vocabulary,
                   Diagnostics& errors);

}  // namespace signalbox::policy
