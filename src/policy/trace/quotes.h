// Quotes: what stands at the places that a story names.
#pragma once

#include <span>

#include "policy/syntax/ast.h"
#include "policy/trace/story.h"

namespace signalbox::policy {

/// Fills in the `text` and `condition` of every rule in the story: the rule's line from the rule on, and the
/// expression that failed, as written but on one line. Of a place in none of the modules they stay empty.
void quote(StoryNode& story, std::span<const ast::Module> modules);

}  // namespace signalbox::policy
