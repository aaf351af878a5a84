// Capabilities: which built-ins and which language policies may use. Read from OPA's capabilities files or
// named by a version of OPA, so that what a fleet of older OPAs could not load is found when policies are
// checked.
//
// What a file says of a built-in beyond its name (types, texts) is not looked at: it is this engine's.
#pragma once

#include <expected>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy {

struct Capabilities {
  std::set<std::string, std::less<>> builtins;
  std::vector<std::string> future_keywords;           ///< beyond those that the Rego version has
  std::vector<std::string> features;                  ///< "rego_v1", "template_strings", ...
  std::optional<std::vector<std::string>> allow_net;  ///< hosts that may be asked; nullopt = all

  bool has_feature(std::string_view name) const;
};

/// All that this engine can do.
const Capabilities& current_capabilities();
/// Those of "v0.60.0"; nullopt when there was no such version of OPA.
std::optional<Capabilities> capabilities_of(std::string_view opa_version);
/// "v0.17.0", ..., oldest first.
std::vector<std::string_view> opa_version_names();
/// A capabilities file; the error is one sentence.
std::expected<Capabilities, std::string> parse_capabilities(std::string_view json);

/// What modules, as parsed, use beyond `allowed`: of the language, or, where there is nothing of that, calls
/// of built-ins.
Diagnostics beyond(const Capabilities& allowed, const std::vector<ast::Module>& modules);
/// Built-ins that a query calls beyond `allowed`.
Diagnostics beyond(const Capabilities& allowed, const ast::Body& query, const ast::Source& source);

/// What modules, as parsed or as checked, need: the built-ins they call, their future keywords and features.
Capabilities required_capabilities(const std::vector<ast::Module>& modules);

/// OPA's JSON, compact: each built-in of this engine with its types.
std::string to_json(const Capabilities& capabilities);

}  // namespace signalbox::policy
