// The tree as JSON, in the form of OPA's `opa parse --format json` and rego.parse_module.
#pragma once

#include <string>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

struct AstJsonOptions {
  bool comments = true;
  bool locations = false;  ///< file, row, col and text (base64) of every node
};

/// Compact JSON, members in OPA's order, strings escaped as Go's encoding/json does.
std::string to_ast_json(const Module& module, const AstJsonOptions& options = {});
std::string to_ast_json(const Body& body, const Source& source, const AstJsonOptions& options = {});
std::string to_ast_json(const Term& term, const Source& source, const AstJsonOptions& options = {});

/// Lays out compact JSON over lines, as Go's json.Indent: every member on a line of its own, `{}` and `[]`
/// kept together.
std::string indent_json(std::string_view compact, std::string_view indent = "  ");

}  // namespace signalbox::policy::ast
