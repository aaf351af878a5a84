// Context: what the passes of the checker share. Passes are functions on it; check.cpp lists them in order.
#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/builtins/builtin.h"
#include "policy/check/checked.h"
#include "policy/check/rule_tree.h"
#include "policy/check/vars.h"

namespace signalbox::policy::check {

/// Makes local variables: __local0__, __local1__, ...
class LocalNames {
 public:
  explicit LocalNames(std::string prefix = "__local") : prefix_(std::move(prefix)) {}
  std::string fresh() { return fmt::format("{}{}__", prefix_, next_++); }
  /// An author's variable of this form: numbers go on behind it.
  void avoid(std::string_view name);

 private:
  std::string prefix_;
  std::size_t next_ = 0;
};

struct Context {
  Context(std::vector<ast::Module>& all, const CheckOptions& checked_options)
      : modules(all), options(checked_options) {}

  std::vector<ast::Module>& modules;
  const CheckOptions& options;
  LocalNames locals;
  OriginalNames original_names;
  /// Composites and calls that references begin with or hold, by the variables that took their places.
  std::map<std::string, ast::Term> subjects;
  std::shared_ptr<const RuleTree> rules;  ///< set by the pass that builds it; null before
  std::shared_ptr<TypeNode> types;        ///< of rules by path; set by check_types
  Diagnostics errors;
  Diagnostics warnings;
  const ast::Source* source = nullptr;  ///< of what is being checked, for positions

  void error(std::string_view code, const ast::Span& at, std::string message);

  /// The built-in of that name, the host's own included; null when there is none.
  const Builtin* builtin_named(std::string_view name) const;
  /// Arguments of the function or built-in `name`; -1 when there is none. A rule that is no function has 0.
  int arity_of(const ast::Ref& name) const;
  Arity arity() const {
    return [this](const ast::Ref& name) { return arity_of(name); };
  }
  /// The name the author gave a variable.
  const std::string& written(const std::string& name) const {
    const std::string* found = &name;
    for (auto it = original_names.find(*found); it != original_names.end();
         it = original_names.find(*found)) {
      found = &it->second;
    }
    return *found;
  }
  /// The same in messages: wildcards are `_`.
  std::string shown(const std::string& name) const {
    const std::string& own = written(name);
    return own.starts_with('$') ? "_" : own;
  }
  /// Rules of v1 (or of `import rego.v1`), or strict mode: the stricter checks apply.
  bool is_strict(const ast::Module& module) const {
    return options.strict || module.version != ast::RegoVersion::V0;
  }

  /// Calls `f(module, rule)` for every rule, `else` rules included, in order. Sets `source`.
  template <class F>
  void for_each_rule(F&& f) {
    for (ast::Module& module : modules) {
      source = module.source.get();
      for (ast::Rule& top : module.rules) {
        for (ast::Rule* rule = &top; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr) {
          f(module, *rule);
        }
      }
    }
  }
};

inline constexpr std::string_view kCompileError = "rego_compile_error";
inline constexpr std::string_view kTypeError = "rego_type_error";
inline constexpr std::string_view kUnsafeError = "rego_unsafe_var_error";
inline constexpr std::string_view kRecursionError = "rego_recursion_error";

/// Keeps generated names apart from those that the author wrote.
void avoid_written_names(LocalNames& locals, const std::vector<ast::Module>& modules);
void avoid_written_names(LocalNames& locals, const ast::Body& body);

// Making nodes.
ast::Expr make_eq(ast::Term lhs, ast::Term rhs, const ast::Span& at);
ast::Expr make_expr(ast::Term term);
/// Adds expressions to a body; a body that is only `true` is replaced.
void append_to_body(ast::Body& body, std::vector<ast::Expr> exprs);
/// The term holds references or comprehensions: it has to be evaluated.
bool requires_evaluation(const ast::Term& term);
/// `local = term` is added to `body`, and `term` becomes `local`.
void move_to_body(Context& context, ast::Term& term, ast::Body& body);

inline bool is_scalar(const ast::Term& term) {
  return term.node.index() <= 3;
}

}  // namespace signalbox::policy::check
