// The walk that looks for injected shapes (sql/injection.h) in a statement's tree.
#pragma once

#include <string_view>
#include <vector>

#include "sql/analyze.h"
#include "sql/grammar/tree.h"

namespace signalbox::sql::SIGNALBOX_GRAMMAR {

/// In no order, with duplicates; empty for a text that does not parse.
std::vector<std::string_view> injected_shapes(std::string_view text, const AnalyzeOptions& options);

/// Pushes the nodes right below `node`. Nothing for one without children.
void push_children(const Node* node, std::vector<const Node*>& out);

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
