// Types: arguments must be able to have the types that functions take, the sides of `=` must be able to be
// equal, and what is dereferenced must be able to have the key. Rules are visited in the order in which they
// depend on each other, so that the type of a rule is known where it is used; what is merely unknown passes.
//
// The surprise: the expressions of `every`, `not {}`, `and` and `or` bodies are not checked, only their
// references and closures, because OPA does not; and under `with` every document and rule may be anything.
#include <unordered_set>

#include "policy/check/infer.h"
#include "policy/check/passes.h"
#include "policy/check/ref_types.h"
#include "policy/check/type_env.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

const ast::Body* body_of(const ast::Term& term) {
  if (const auto* array = ast::as<ast::ArrayComprehension>(term)) return &array->body;
  if (const auto* set = ast::as<ast::SetComprehension>(term)) return &set->body;
  if (const auto* object = ast::as<ast::ObjectComprehension>(term)) return &object->body;
  return nullptr;
}

class TypeChecker {
 public:
  explicit TypeChecker(Context& context)
      : context_(context),
        builtins_([this](const TypeEnv& env, const ast::Term& term) { return comprehension(env, term); }) {}

  const TypeEnv& base() const { return builtins_; }

  /// The complaints about a body; `env`, a layer made for it, learns the types of its variables.
  Diagnostics body(TypeEnv& env, const ast::Body& body) {
    Diagnostics errors;
    for (const ast::Expr& expr : body) {
      Diagnostics closure_errors = closures(env, expr), ref_errors;
      if (expr.with.empty()) {
        ref_errors = check_refs(context_, env, expr);
      } else {
        TypeEnv relaxed = anything(env);
        ref_errors = check_refs(context_, relaxed, expr);
      }
      auto wrong = expression(env, expr);
      const bool explained = !closure_errors.empty() || !ref_errors.empty();
      std::ranges::move(closure_errors, std::back_inserter(errors));
      std::ranges::move(ref_errors, std::back_inserter(errors));
      if (wrong && !(wrong->from_unknown && explained)) errors.push_back(std::move(wrong->diagnostic));
    }
    return errors;
  }

  void rule(TypeEnv& rules, const ast::Module& module, const ast::Rule& rule) {
    context_.source = module.source.get();
    TypeEnv env(&rules);
    const ast::Ref path = absolute_path(module, rule);
    Diagnostics errors = body(env, rule.body);
    if (!errors.empty()) {
      // Whoever refers to it gets no errors of errors.
      rules.set(path, any_type());
      std::ranges::move(errors, std::back_inserter(context_.errors));
      return;
    }
    const std::size_t ground = ground_prefix_length(path);
    ast::Ref place = path;
    place.terms.resize(ground);
    if (const TypePtr type =
            rule.head.is_function ? function(env, rule.head) : document(env, rule.head, path, ground))
      rules.add(place, type);
  }

 private:
  struct Wrong {
    Diagnostic diagnostic;
    bool from_unknown = false;  ///< a type was not known: another error may be the cause
  };

  Diagnostic diagnostic(const ast::Span& at, std::string message, std::string hint) const {
    Diagnostic out;
    out.code = kTypeError;
    out.message = std::move(message);
    out.at = position(*context_.source, at);
    out.source_line = line_of(context_.source->text, at.row);
    out.hint = std::move(hint);
    return out;
  }

  TypePtr comprehension(const TypeEnv& outer, const ast::Term& term) {
    TypeEnv env(&outer);
    if (!body(env, *body_of(term)).empty()) return nullptr;
    if (const auto* array = ast::as<ast::ArrayComprehension>(term))
      return array_type({}, env.of(*array->term));
    if (const auto* set = ast::as<ast::SetComprehension>(term)) return set_type(env.of(*set->term));
    const auto& object = *ast::as<ast::ObjectComprehension>(term);
    return object_type({}, env.of(*object.key), env.of(*object.value));
  }

  /// Of the closures directly in the expression, the first that has errors speaks.
  Diagnostics closures(const TypeEnv& env, const ast::Expr& expr) {
    Diagnostics errors;
    ast::for_each_term(expr, [&](const ast::Term& term) {
      const ast::Body* inner = body_of(term);
      if (inner == nullptr || !errors.empty()) return errors.empty();
      TypeEnv layer(&env);
      errors = body(layer, *inner);
      return errors.empty();
    });
    return errors;
  }

  /// A layer in which documents and rules may be anything.
  static TypeEnv anything(const TypeEnv& env) {
    TypeEnv out(&env);
    for (const char* root : {"data", "input"}) out.set_variable(ast::make_var(root), any_type());
    return out;
  }

  std::optional<Wrong> expression(TypeEnv& env, const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr || !expr.with.empty()) return std::nullopt;
    if (is_call_of(expr, "eq") && call->terms.size() == 3)
      return equality(env, expr, call->terms[1], call->terms[2]);
    return arguments(env, expr, *call);
  }

  std::optional<Wrong> equality(TypeEnv& env, const ast::Expr& expr, const ast::Term& a, const ast::Term& b) {
    const TypePtr left = env.of(a), right = env.of(b);
    if (infer_equal(env, a, left, b, right)) return std::nullopt;
    return Wrong{diagnostic(expr.span, "match error",
                            fmt::format("left: {}, right: {}", to_text(left), to_text(right))),
                 is_unknown(left) || is_unknown(right)};
  }

  TypePtr function_named(const TypeEnv& env, const std::string& name, const ast::Term& op) {
    if (const Builtin* builtin = context_.builtin_named(name)) {
      if (builtin->signature.empty()) return nullptr;
      auto& known = signatures_[name];
      if (known == nullptr) known = function_type(builtin->signature, builtin->variadic);
      return known;
    }
    return env.of(op);
  }

  std::optional<Wrong> arguments(TypeEnv& env, const ast::Expr& expr, const ast::Call& call) {
    const std::string name = ast::operator_name(call);
    const TypePtr function = function_named(env, name, call.op());
    // Functions that are not there were reported before; what may be anything may be called.
    if (function == nullptr || function->kind != TypeKind::Function) return std::nullopt;
    std::vector<TypePtr> want = function->parts;
    if (function->rest != nullptr) want.push_back(function->rest);
    const std::size_t given = call.terms.size() - 1;
    if (given > want.size() && function->variadic == nullptr)
      return argument_error(env, expr, call, "too many arguments", want);
    if (given < function->parts.size()) return argument_error(env, expr, call, "too few arguments", want);
    std::vector<TypePtr> before;
    for (std::size_t i = 1; i < call.terms.size(); ++i) before.push_back(env.of(call.terms[i]));
    for (std::size_t i = 0; i < given; ++i) {
      const TypePtr& wanted = i < want.size() ? want[i] : function->variadic;
      const bool known = before[i] != nullptr && !is_unknown(before[i]);
      if ((known && !unifies(before[i], wanted)) || !infer(env, call.terms[i + 1], wanted))
        return argument_error(env, expr, call, "invalid argument(s)", want);
    }
    return std::nullopt;
  }

  Wrong argument_error(const TypeEnv& env, const ast::Expr& expr, const ast::Call& call,
                       std::string_view what, const std::vector<TypePtr>& want) {
    std::string have_text, want_text;
    bool unknown = false;
    for (std::size_t i = 1; i < call.terms.size(); ++i) {
      const TypePtr type = env.of(call.terms[i]);
      unknown = unknown || is_unknown(type);
      have_text += (i == 1 ? "" : ", ") + to_text(type);
    }
    for (const TypePtr& type : want) want_text += (want_text.empty() ? "" : ", ") + to_text(type);
    return {diagnostic(expr.span, fmt::format("{}: {}", ast::operator_name(call), what),
                       fmt::format("have: ({}), want: ({})", have_text, want_text)),
            unknown};
  }

  // The types of rules.

  TypePtr function(TypeEnv& env, const ast::RuleHead& head) {
    std::vector<TypePtr> parameters;
    for (const ast::Term& arg : head.args) {
      ast::for_each_term(arg, [&](const ast::Term& term) {
        if (ast::as<ast::Var>(term) != nullptr && env.of(term) == nullptr) env.set_variable(term, any_type());
        return true;
      });
      parameters.push_back(env.of(arg));
    }
    return function_type(std::move(parameters), head.value ? env.of(*head.value) : nullptr);
  }

  TypePtr document(const TypeEnv& env, const ast::RuleHead& head, const ast::Ref& path, std::size_t ground) {
    TypePtr type = head.value ? env.of(*head.value) : nullptr;
    if (head.key && !head.value) {
      const TypePtr members = env.of(*head.key);
      type = members == nullptr ? nullptr : set_type(members);
    }
    for (std::size_t i = path.terms.size(); i-- > ground && type != nullptr;) {
      const TypePtr key = env.of(path.terms[i]);
      type = key == nullptr ? nullptr : object_type({}, key, type);
    }
    return type;
  }

  Context& context_;
  TypeEnv builtins_;
  std::unordered_map<std::string, TypePtr> signatures_;
};

/// Rules so that those a rule refers to come before it.
class DependencyOrder {
 public:
  explicit DependencyOrder(Context& context) : context_(context) {
    context.for_each_rule([&](ast::Module& module, ast::Rule& rule) { all_.push_back({&module, &rule}); });
    for (const RuleAt& at : all_) module_of_.emplace(at.rule, at.module);
  }

  std::vector<RuleAt> take() {
    for (const RuleAt& at : all_) visit(at);
    return std::move(out_);
  }

 private:
  struct Frame {
    RuleAt at;
    std::vector<RuleAt> needs;
    std::size_t next = 0;
  };

  /// Depth first, without recursion: chains of rules may be long.
  void visit(const RuleAt& start) {
    if (!seen_.insert(start.rule).second) return;
    std::vector<Frame> stack;
    stack.push_back({start, needs_of(start), 0});
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next == top.needs.size()) {
        out_.push_back(top.at);
        stack.pop_back();
        continue;
      }
      const RuleAt next = top.needs[top.next++];
      if (seen_.insert(next.rule).second) stack.push_back({next, needs_of(next), 0});
    }
  }

  std::vector<RuleAt> needs_of(const RuleAt& at) const {
    std::vector<RuleAt> out;
    const auto add = [&](const ast::Term& term) {
      if (const auto* ref = ast::as<ast::Ref>(term))
        for (const RuleAt& to : context_.rules->reached_by(*ref)) add_with_else(out, to.rule);
      return true;
    };
    ast::for_each_term(at.rule->head, add);
    ast::for_each_term(at.rule->body, add);
    return out;
  }
  void add_with_else(std::vector<RuleAt>& out, ast::Rule* rule) const {
    for (; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr)
      if (const auto found = module_of_.find(rule); found != module_of_.end())
        out.push_back({found->second, rule});
  }

  Context& context_;
  std::vector<RuleAt> all_, out_;
  std::unordered_map<const ast::Rule*, const ast::Module*> module_of_;
  std::unordered_set<const ast::Rule*> seen_;
};

/// The types of all rules; complaints about them go to the context.
TypeEnv rule_types(Context& context, TypeChecker& checker) {
  TypeEnv rules(&checker.base());
  for (const RuleAt& at : DependencyOrder(context).take()) checker.rule(rules, *at.module, *at.rule);
  return rules;
}

}  // namespace

void check_types(Context& context) {
  TypeChecker checker(context);
  rule_types(context, checker);
}

void check_types_in_query(Context& context, const ast::Body& body) {
  TypeChecker checker(context);
  TypeEnv rules(&checker.base());
  TypeEnv env(&rules);
  for (Diagnostic& error : checker.body(env, body)) context.errors.push_back(std::move(error));
}

}  // namespace signalbox::policy::check
