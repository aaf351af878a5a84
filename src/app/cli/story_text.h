// An evaluation's tree (policy/trace/story.h) for people: a line a rule, with the expression at which it
// stopped.
#pragma once

#include <string>

#include "policy/trace/story.h"

namespace signalbox::app::cli {

/// Of each rule set its value, then its rules, then what they asked for:
///
///   data.app.allow = false  (by default)
///     ✗ app.rego:8   input.user == "ann"  ("bob", "ann")
///     ✗ app.rego:17  not denied
///     data.app.denied = true
///       ✓ app.rego:23  denied if input.blocked
///
/// ✓ fired, ✗ stopped at this expression (having compared these), - was not tried. What was
/// not quoted (trace/quotes.h) is told by its column. Colours as painted() has them for standard output.
std::string story_text(const policy::StoryNode& root);

}  // namespace signalbox::app::cli
