// Text of nodes: one line for terms and expressions, Rego that parses back to an equal tree (operators in
// call form: `plus(1, 2)`). This is the form diagnostics and stage dumps use; the author's layout is the
// formatter's (policy/formatter).
#pragma once

#include <string>
#include <string_view>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

std::string to_text(const Term& term);
std::string to_text(const Ref& ref);
std::string to_text(const Call& call);
std::string to_text(const Expr& expr);
std::string to_text(const Body& body);
std::string to_text(const RuleHead& head);
std::string to_text(const Rule& rule, RegoVersion version = RegoVersion::V1);
std::string to_text(const Import& import);
std::string to_text(const Module& module);

/// `text` in double quotes, escaped as Rego (and JSON) reads it.
std::string quote(std::string_view text);

/// A letter or '_' followed by letters, digits and '_': may be written after a dot or as a variable.
bool is_identifier(std::string_view text);

/// A word of the language in Rego v1 (`if`, `contains`, `in`, `every` included).
bool is_keyword(std::string_view text);

}  // namespace signalbox::policy::ast
