// The passes of the checker, one file each. check.cpp runs them in order and stops after one that found
// errors.
#pragma once

#include "policy/check/context.h"

namespace signalbox::policy::check {

/// Names become paths: imports and rules of the package, unless a local variable hides them. Reports unused
/// imports in strict mode.
void resolve_refs(Context& context);
/// Composite terms in a head's reference move to the body: what is left there are scalars and variables.
void rewrite_head_refs(Context& context);
/// Rules and variables may not take the names `data` and `input`.
void check_root_overrides(Context& context);
/// Two imports may not introduce one name.
void check_duplicate_imports(Context& context);
/// Takes the imports away and builds the tree of rules.
void build_rule_tree(Context& context);
/// Declared variables get unique names; `:=` becomes `=`, `some x in xs` becomes `x = xs[_]`.
void rewrite_locals(Context& context);
/// Template strings become calls of internal.template_string.
void rewrite_template_strings(Context& context);
/// print() and its like give no value that could be used.
void check_void_calls(Context& context);
/// print() becomes internal.print, or nothing.
void rewrite_prints(Context& context);
/// Nested calls move in front of their expression: operands hold no calls.
void expand_calls(Context& context);
/// No path and no package is annotated twice.
void check_annotations(Context& context);
/// rego.metadata.rule() and .chain() become constants.
void rewrite_metadata_calls(Context& context);
/// The terms of comprehensions are variables or constants.
void rewrite_comprehension_terms(Context& context);
/// Keys, values and arguments of heads are variables, constants, or composites of those.
void rewrite_head_values(Context& context);
/// `with` targets exist and may be replaced; values are variables, constants or functions.
void rewrite_with_values(Context& context);
void check_rule_conflicts(Context& context);
void check_functions(Context& context);
void check_head_safety(Context& context);
/// Every variable is bound before it is read: bodies are put in such an order.
void check_body_safety(Context& context);
/// References below a plain `not` move in front of it.
void rewrite_dynamic_terms(Context& context);
void check_recursion(Context& context);
void check_types(Context& context);
void check_deprecated(Context& context);
/// Head references become absolute.
void make_heads_absolute(Context& context);

// The same for one body, which the passes above and queries are made of.
void resolve_refs_in_query(Context& context, ast::Body& body, const ast::Package* package,
                           const std::vector<ast::Import>& imports);
void check_root_overrides_in_query(Context& context, const ast::Body& body);
void rewrite_locals_in_query(Context& context, ast::Body& body);
void rewrite_template_strings_in_query(Context& context, ast::Body& body);
void check_void_calls_in_query(Context& context, const ast::Body& body);
void rewrite_prints_in_query(Context& context, ast::Body& body);
void expand_calls_in_query(Context& context, ast::Body& body);
void rewrite_comprehension_terms_in_query(Context& context, ast::Body& body);
void rewrite_with_values_in_query(Context& context, ast::Body& body);
void check_functions_in_query(Context& context, const ast::Body& body);
void check_safety_in_query(Context& context, ast::Body& body);
void rewrite_dynamic_terms_in_query(Context& context, ast::Body& body);
void check_types_in_query(Context& context, const ast::Body& body);
void check_deprecated_in_query(Context& context, const ast::Body& body);

}  // namespace signalbox::policy::check
