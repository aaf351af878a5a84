// Checking: parsed modules in, modules that can be planned out, or what is wrong with them.
//
// What holds for a CheckedModules (the planner relies on it; see also ast.h, "What the CHECKER guarantees"):
//   - rule.head.ref is absolute: `data`, the package, the rule's own reference. Its variables are bound in
//   the body
//   - references begin with `data`, `input` or a local variable; calls name a built-in or `data.<function>`
//   - a call is the whole of an Expr; an operand one beyond the function's arity is its output: eq(out, f(x))
//   is
//     f(x, out). Operands hold no calls. References and comprehensions may still stand inside operands,
//     except below a plain `not`, out of which they are hoisted (`not f(data.x)` fails when data.x is
//     undefined)
//   - `:=` is eq with from_assignment; `some x in xs` is eq(x, xs[key]); Every has a key and its domain is a
//   variable;
//     template strings are internal.template_string([part or {x | x = expr}, ...]); print is
//     internal.print([{..}, ..]) or gone; rego.metadata.* are constants; imports are gone
//   - every body is in an order in which a variable is bound before it is read
//   - rule sets do not conflict (kinds, arities, `default`), and no rule depends on itself
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/diagnostic.h"
#include "policy/builtins/builtin.h"
#include "policy/check/expr_form.h"
#include "policy/check/query_types.h"
#include "policy/syntax/ast.h"

namespace signalbox::policy::check {

/// Generated variable -> the name the author gave it.
using OriginalNames = std::unordered_map<std::string, std::string>;

/// A schema that annotations may name; `schema` alone is the schema of `input` everywhere.
struct NamedSchema {
  ast::Ref name;     ///< schema.acl
  std::string file;  ///< for diagnostics
  std::string text;  ///< JSON or YAML
};

struct CheckOptions {
  bool strict = false;       ///< unused variables, arguments and imports are errors
  bool keep_prints = false;  ///< print() calls stay, as internal.print
  QueryTypes query_types = QueryTypes::Checked;
  ExprForm form = ExprForm::Fast;  ///< of rules
  std::vector<NamedSchema> schemas;
  /// JSON Schema of `input` as the host makes it; one of `schemas` goes before it. It holds for the packages
  /// below data.policies: others may be asked with an input of somebody else's.
  std::string host_input;
  std::vector<const Builtin*> own_builtins;  ///< the host's functions beside all_builtins()
};

class RuleTree;
struct TypeNode;

/// Modules ready to be planned. Movable; the tree's rules point into `modules`.
struct CheckedModules {
  std::vector<ast::Module> modules;
  OriginalNames original_names;
  Diagnostics warnings;
  std::shared_ptr<const RuleTree> rules;  ///< by path, for checks of queries
  std::shared_ptr<TypeNode> types;        ///< of the rules, by path, for checks of queries
};

/// A query ready to be planned.
struct CheckedQuery {
  ast::Body body;
  /// The variables an answer shows: the one in `body`, and the name it is shown under. Sorted by that name.
  std::vector<std::pair<std::string, std::string>> variables;
  OriginalNames original_names;
};

/// Checks modules against each other. All errors of the first failing stage, sorted by position.
std::expected<CheckedModules, Diagnostics> check_modules(std::vector<ast::Module> modules,
                                                         const CheckOptions& options = {});

/// Checks a query against checked modules. `package` and `imports` may be given for a query that is asked in
/// their context (`eval --package`); `source` is the query's text.
std::expected<CheckedQuery, Diagnostics> check_query(ast::Body query, const ast::SourcePtr& source,
                                                     const CheckedModules& modules,
                                                     const CheckOptions& options = {},
                                                     const ast::Package* package = nullptr,
                                                     const std::vector<ast::Import>& imports = {});

}  // namespace signalbox::policy::check
