// Dependencies: the documents that a query needs, found without evaluating it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy {

struct Dependencies {
  std::vector<ast::Ref> base;  ///< input and data from outside, up to the first part that is no constant
  std::vector<ast::Ref> virtual_documents;  ///< rules
};

/// `modules`: checked. A reference that another one's beginning covers is left out. Sorted.
Dependencies dependencies_of(const ast::Body& query, std::span<const ast::Module> modules);

}  // namespace signalbox::policy
