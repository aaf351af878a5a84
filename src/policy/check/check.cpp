// The checker: an explicit list of passes. Each sees modules as the passes before it left them (passes.h says
// what each establishes); the first one that reports errors is the last one run, so that authors do not get
// errors of errors.
#include <array>

#include "policy/check/passes.h"

namespace signalbox::policy::check {
namespace {

using Pass = void (*)(Context&);

constexpr std::array kPasses = {
    Pass(resolve_refs),
    Pass(rewrite_head_refs),
    Pass(check_root_overrides),
    Pass(check_duplicate_imports),
    Pass(build_rule_tree),
    Pass(rewrite_locals),
    Pass(rewrite_template_strings),
    Pass(check_void_calls),
    Pass(rewrite_prints),
    Pass(expand_calls),
    Pass(check_annotations),
    Pass(rewrite_metadata_calls),
    Pass(rewrite_comprehension_terms),
    Pass(rewrite_head_values),
    Pass(rewrite_with_values),
    Pass(check_rule_conflicts),
    Pass(check_functions),
    Pass(check_head_safety),
    Pass(check_body_safety),
    Pass(rewrite_dynamic_terms),
    Pass(check_recursion),
    Pass(check_types),
    Pass(check_deprecated),
    Pass(make_heads_absolute),
};

Diagnostics sorted_errors(Context& context) {
  sort_by_position(context.errors);
  return std::move(context.errors);
}

}  // namespace

std::expected<CheckedModules, Diagnostics> check_modules(std::vector<ast::Module> modules,
                                                         const CheckOptions& options) {
  CheckedModules out;
  out.modules = std::move(modules);
  Context context(out.modules, options);
  avoid_written_names(context.locals, out.modules);
  for (const Pass pass : kPasses) {
    pass(context);
    if (!context.errors.empty()) return std::unexpected(sorted_errors(context));
  }
  out.original_names = std::move(context.original_names);
  out.warnings = std::move(context.warnings);
  out.rules = std::move(context.rules);
  out.types = std::move(context.types);
  return out;
}

std::expected<CheckedQuery, Diagnostics> check_query(ast::Body query, const ast::SourcePtr& source,
                                                     const CheckedModules& modules,
                                                     const CheckOptions& options, const ast::Package* package,
                                                     const std::vector<ast::Import>& imports) {
  // The passes that look at modules only read them.
  auto& known = const_cast<std::vector<ast::Module>&>(modules.modules);
  Context context(known, options);
  context.source = source.get();
  context.rules = modules.rules;
  context.types = modules.types;
  context.locals = LocalNames("__localq");
  avoid_written_names(context.locals, query);

  using Step = void (*)(Context&, ast::Body&);
  constexpr std::array<Step, 12> kSteps = {
      [](Context& c, ast::Body& b) { check_root_overrides_in_query(c, b); },
      rewrite_locals_in_query,
      rewrite_template_strings_in_query,
      [](Context& c, ast::Body& b) { check_void_calls_in_query(c, b); },
      rewrite_prints_in_query,
      expand_calls_in_query,
      rewrite_comprehension_terms_in_query,
      rewrite_with_values_in_query,
      [](Context& c, ast::Body& b) { check_functions_in_query(c, b); },
      check_safety_in_query,
      rewrite_dynamic_terms_in_query,
      [](Context& c, ast::Body& b) { check_types_in_query(c, b); },
  };
  resolve_refs_in_query(context, query, package, imports);
  for (const Step step : kSteps) {
    step(context, query);
    if (!context.errors.empty()) return std::unexpected(sorted_errors(context));
  }
  check_deprecated_in_query(context, query);
  if (!context.errors.empty()) return std::unexpected(sorted_errors(context));

  CheckedQuery out;
  // What an answer shows: variables of the body itself, not of its closures, that the author named.
  for (const auto& name : vars_of(query, kSafetyOptions)) {
    const std::string& written = context.written(name);
    if (reserved_vars().contains(name) || is_generated(written) || written.starts_with('$')) continue;
    out.variables.emplace_back(name, written);
  }
  std::ranges::sort(out.variables, {}, &std::pair<std::string, std::string>::second);
  out.body = std::move(query);
  out.original_names = std::move(context.original_names);
  return out;
}

}  // namespace signalbox::policy::check
