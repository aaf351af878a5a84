// Order and equality of trees, places ignored: OPA's order of AST values, in which sets and objects are equal
// whatever order they were written in.
#pragma once

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

/// Negative, zero or positive. Null < booleans < numbers < strings < vars < refs < arrays < objects < sets <
/// comprehensions (array, object, set) < calls < template strings. Numbers compare by value.
int compare(const Term& a, const Term& b);
int compare(const Ref& a, const Ref& b);
int compare(const Expr& a, const Expr& b);
int compare(const Body& a, const Body& b);
int compare(const Rule& a, const Rule& b);
/// Package, imports and rules; comments and annotations do not count.
int compare(const Module& a, const Module& b);

/// The members in order, without repetitions.
std::vector<const Term*> sorted_members(const Set& set);
/// The items ordered by key; of equal keys the last one stands.
std::vector<const ObjectItem*> sorted_items(const Object& object);

}  // namespace signalbox::policy::ast
