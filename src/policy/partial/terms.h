// Terms as partial evaluation handles them: variables replaced by what they are bound to, fresh names,
// values.
#pragma once

#include <map>
#include <set>
#include <string>

#include "policy/syntax/ast.h"
#include "policy/value/value.h"

namespace signalbox::policy::partial {

using Bindings = std::map<std::string, ast::Term>;

/// The node with every bound variable replaced. References whose head becomes a reference are made one.
ast::Term substitute(const ast::Term& term, const Bindings& bound);
ast::Expr substitute(const ast::Expr& expr, const Bindings& bound);

/// Variables of the node, nested bodies included; `data` and `input` are none.
std::set<std::string> variables_in(const ast::Term& term);
std::set<std::string> variables_in(const ast::Expr& expr);

/// Renames every variable of the rule apart; `next` counts names.
ast::Rule renamed_apart(const ast::Rule& rule, std::size_t& next);

/// Gives a query's variables the names that its answer has: those of `names`, and to generated ones names
/// that queries about what is known can ask for.
void rename(ast::Body& body, std::map<std::string, std::string> names);

/// Gives generated variables their own names back, and a name to a wildcard that stands in several places.
void show_names(ast::Body& body);
void show_names(ast::Rule& rule);

ast::Expr equality(ast::Term a, ast::Term b);

/// The value as a term: sets as set literals.
ast::Term term_of(const Value& value);

/// The head variable's name; "" when the head is no variable.
std::string head_of(const ast::Ref& ref);

}  // namespace signalbox::policy::partial
