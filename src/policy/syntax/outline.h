// An outline of the tree: a line a node, indented by depth, as `opa parse` prints it.
#pragma once

#include <string>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

std::string outline(const Module& module);

}  // namespace signalbox::policy::ast
