// Spots: places in the source that can be told apart in compiled code. The machine's code knows a place by
// row and column, at which several expressions may begin (`input.a` and `input.a == 1`); so modules are
// loaded with numbers in place of rows.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy {

struct Spot {
  std::uint32_t module = 0;
  ast::Span span;
  bool is_head = false, is_default = false;  ///< of a rule; of a `default` rule
};

/// Gives every expression, term and head a row of its own: the index of its spot + 1. The same modules get
/// the same numbers.
std::vector<Spot> number_spots(std::vector<ast::Module>& modules);

}  // namespace signalbox::policy
