// Types: arguments must be able to have the types that functions take, the sides of `=` must be able to be
// equal, and what is dereferenced must be able to have the key. Rules are visited in the order in which they
// depend on each other, so that the type of a rule is known where it is used; what is merely unknown passes.
//
// The surprise: the expressions of `every`, `not {}`, `and` and `or` bodies are not checked, only their
// references and closures, because OPA does not.
#include <deque>
#include <unordered_set>

#include "policy/check/dynamic_terms.h"
#include "policy/check/error_details.h"
#include "policy/check/infer.h"
#include "policy/check/operand_types.h"
#include "policy/check/passes.h"
#include "policy/check/ref_types.h"
#include "policy/check/schema_annotations.h"
#include "policy/check/shape.h"
#include "policy/check/type_env.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

const ast::Body* body_of(const ast::Term& term) {
  if (const auto* array = ast::as<ast::ArrayComprehension>(term)) return &array->body;
  if (const auto* set = ast::as<ast::SetComprehension>(term)) return &set->body;
  if (const auto* object = ast::as<ast::ObjectComprehension>(term)) return &object->body;
  return nullptr;
}

/// Who refers to whom.
class RuleGraph {
 public:
  explicit RuleGraph(Context& context) : rules_(context.rules.get()) {
    context.for_each_rule([&](ast::Module& module, ast::Rule& rule) { all_.push_back({&module, &rule}); });
    // What is known of a rule depends on which came before: OPA's order is that of files and places.
    std::ranges::stable_sort(all_, {}, [](const RuleAt& at) {
      const std::string_view file = at.module->source ? at.module->source->name : std::string_view();
      return std::tuple(file, at.rule->span.row, at.rule->span.col);
    });
    for (const RuleAt& at : all_) nodes_[at.rule].module = at.module;
    for (const RuleAt& at : all_) connect(at);
    for (const RuleAt& at : all_)
      for (const RuleAt& user : nodes_.at(at.rule).users) nodes_.at(user.rule).needs.push_back(at);
  }

  /// All rules, those that a rule refers to before it. Depth first, without recursion: chains may be long.
  std::vector<RuleAt> in_order() const {
    std::vector<RuleAt> out;
    std::unordered_set<const ast::Rule*> seen;
    std::vector<std::pair<RuleAt, std::size_t>> stack;
    for (const RuleAt& start : all_) {
      if (seen.insert(start.rule).second) stack.emplace_back(start, 0);
      while (!stack.empty()) {
        auto& [at, next] = stack.back();
        const auto& needs = nodes_.at(at.rule).needs;
        if (next == needs.size()) {
          out.push_back(at);
          stack.pop_back();
        } else if (const RuleAt need = needs[next++]; seen.insert(need.rule).second) {
          stack.emplace_back(need, 0);
        }
      }
    }
    return out;
  }

  /// The rules that `ref` may reach, and all that depend on them.
  std::vector<RuleAt> affected_by(const ast::Ref& ref) const {
    std::vector<RuleAt> out = rules_->reached_by(ref);
    std::unordered_set<const ast::Rule*> seen;
    for (const RuleAt& at : out) seen.insert(at.rule);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto node = nodes_.find(out[i].rule);
      if (node == nodes_.end()) continue;
      for (const RuleAt& user : node->second.users)
        if (seen.insert(user.rule).second) out.push_back(user);
    }
    return out;
  }

 private:
  struct Node {
    const ast::Module* module = nullptr;
    std::vector<RuleAt> needs, users;
  };

  void connect(const RuleAt& at) {
    const auto add = [&](const ast::Term& term) {
      if (const auto* ref = ast::as<ast::Ref>(term))
        for (const RuleAt& to : rules_->reached_by(*ref)) add_with_else(at, to.rule);
      return true;
    };
    ast::for_each_term(at.rule->head, add);
    ast::for_each_term(at.rule->body, add);
  }
  void add_with_else(const RuleAt& user, ast::Rule* rule) {
    for (; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr) {
      if (const auto found = nodes_.find(rule); found != nodes_.end()) found->second.users.push_back(user);
    }
  }

  const RuleTree* rules_;
  std::vector<RuleAt> all_;
  std::unordered_map<const ast::Rule*, Node> nodes_;
};

class TypeChecker {
 public:
  TypeChecker(Context& context, Equality equality)
      : context_(context),
        equality_(equality),
        builtins_([this](const TypeEnv& env, const ast::Term& term) { return comprehension(env, term); }),
        schemas_(context) {
    if (TypePtr input = schemas_.input()) builtins_.set(ast::Ref{{ast::make_var("input")}}, input);
  }

  const TypeEnv& base() const { return builtins_; }

  /// Infers the types of all rules; complaints about them go to the context.
  void check_rules() {
    context_.types = std::make_shared<TypeNode>();
    TypeEnv rules(&builtins_, context_.types);
    for (const RuleAt& at : graph().in_order()) {
      const auto shape = shape_of(*at.module, *at.rule);
      auto& good = good_shapes_[at.module];
      if (shape && good.contains(*shape)) continue;
      if (rule(rules, *at.module, *at.rule) && shape) good.insert(*shape);
    }
  }

  /// The complaints about a body as it was written.
  Diagnostics written_body(TypeEnv& env, const ast::Body& written) {
    HoistedBody hoisted = with_terms_hoisted(context_, written, equality_);
    moved_ = std::move(hoisted.moved);
    return body(env, hoisted.body);
  }

  /// False when there are complaints.
  bool rule(TypeEnv& rules, const ast::Module& module, const ast::Rule& rule) {
    context_.source = module.source.get();
    TypeEnv env(&rules);
    const ast::Ref path = absolute_path(module, rule);
    const std::size_t complaints = context_.errors.size();
    schemas_.apply(env, module, rule);
    Diagnostics errors = written_body(env, rule.body);
    if (!errors.empty()) {
      // Whoever refers to it gets no errors of errors.
      rules.set(path, any_type());
      std::ranges::move(errors, std::back_inserter(context_.errors));
      return false;
    }
    const std::size_t ground = ground_prefix_length(path);
    ast::Ref place = path;
    place.terms.resize(ground);
    if (const TypePtr type = rule.head.is_function && !rule.head.args.empty()
                                 ? function(env, rule.head)
                                 : document(env, rule.head, path, ground))
      rules.add(place, type);
    return context_.errors.size() == complaints;
  }

 private:
  struct Wrong {
    Diagnostic diagnostic;
    bool from_unknown = false;  ///< a type was not known: another error may be the cause
  };

  /// The complaints about a body whose terms are hoisted; `env`, a layer made for it, learns the types of its
  /// variables.
  Diagnostics body(TypeEnv& env, const ast::Body& body) {
    Diagnostics errors;
    for (const ast::Expr& expr : body) {
      std::deque<TypeEnv> layers;
      TypeEnv& seen = under_with(env, expr, layers);
      Diagnostics closure_errors = closures(seen, expr),
                  ref_errors = check_refs(context_, moved_, seen, expr);
      auto wrong = expression(seen, expr);
      const bool explained = !closure_errors.empty() || !ref_errors.empty();
      std::ranges::move(closure_errors, std::back_inserter(errors));
      std::ranges::move(ref_errors, std::back_inserter(errors));
      if (wrong && !(wrong->from_unknown && explained)) errors.push_back(std::move(wrong->diagnostic));
    }
    return errors;
  }

  Diagnostic diagnostic(const ast::Span& at, std::string message, std::string hint,
                        std::string details = {}) const {
    Diagnostic out;
    out.code = kTypeError;
    out.message = std::move(message);
    out.at = position(*context_.source, at);
    out.source_line = line_of(context_.source->text, at.row);
    out.hint = std::move(hint);
    out.details = std::move(details);
    return out;
  }

  /// Every level of closures looks at those below it several times: deep ones are not looked at.
  static constexpr int kDeepestClosure = 7;
  struct Deeper {
    explicit Deeper(int& d) : depth(d) { ++depth; }
    ~Deeper() { --depth; }
    int& depth;
  };

  TypePtr comprehension(const TypeEnv& outer, const ast::Term& term) {
    if (closure_depth_ >= kDeepestClosure) return any_type();
    const Deeper deeper(closure_depth_);
    TypeEnv env(&outer);
    if (!body(env, *body_of(term)).empty()) return nullptr;
    if (const auto* array = ast::as<ast::ArrayComprehension>(term))
      return array_type({}, env.of(*array->term));
    if (const auto* set = ast::as<ast::SetComprehension>(term)) return set_type(env.of(*set->term));
    const auto& object = *ast::as<ast::ObjectComprehension>(term);
    return object_type({}, env.of(*object.key), env.of(*object.value));
  }

  /// Of the closures directly in the expression, the last that has errors speaks.
  Diagnostics closures(const TypeEnv& env, const ast::Expr& expr) {
    Diagnostics errors;
    if (closure_depth_ >= kDeepestClosure) return errors;
    const Deeper deeper(closure_depth_);
    ast::for_each_term(expr, [&](const ast::Term& term) {
      const ast::Body* inner = body_of(term);
      if (inner == nullptr) return true;
      TypeEnv layer(&env);
      Diagnostics found = body(layer, *inner);
      if (found.empty()) return true;
      errors = std::move(found);
      return false;
    });
    return errors;
  }

  /// What the expression sees under its `with` modifiers: what is replaced may also have the type of its
  /// replacement, and rules that depend on it may be anything. The layers are kept in `layers`.
  TypeEnv& under_with(TypeEnv& env, const ast::Expr& expr, std::deque<TypeEnv>& layers) {
    std::vector<std::pair<ast::Ref, TypePtr>> replaced;
    const auto top = [&]() -> TypeEnv& { return layers.empty() ? env : layers.back(); };
    for (const ast::With& with : expr.with) {
      const auto* target = ast::as<ast::Ref>(with.target);
      if (target == nullptr || context_.builtin_named(ast::dotted_name(*target)) != nullptr) continue;
      const TypePtr type = env.of(*target);
      const bool function = type != nullptr && type->kind == TypeKind::Function;
      const auto affected = graph().affected_by(*target);
      if (!affected.empty()) layers.push_back(TypeEnv::for_expression(top()));
      for (const RuleAt& at : affected) {
        const ast::Ref path = ground_prefix(absolute_path(*at.module, *at.rule));
        if (!function || ast::compare(path, *target) != 0) layers.back().set(path, any_type());
      }
      if (function) continue;
      const TypePtr value = ast::is_ground(*target) && type != nullptr ? env.of(with.value) : nullptr;
      const TypePtr both = value == nullptr ? nullptr : either(type, value);
      replaced.emplace_back(ground_prefix(*target), both == nullptr ? any_type() : both);
    }
    if (!replaced.empty()) layers.push_back(TypeEnv::for_expression(top()));
    for (auto& [path, type] : replaced) layers.back().set(path, std::move(type));
    return top();
  }

  /// A function may only be replaced by one of the same arity, whose arguments can be the same.
  std::optional<Wrong> replacements(TypeEnv& env, const ast::Expr& expr) {
    for (const ast::With& with : expr.with) {
      const TypePtr replaced = function_of(env, with.target), by = function_of(env, with.value);
      if (replaced == nullptr || by == nullptr || unifies(replaced, by)) continue;
      const std::string name = ast::dotted_name(*ast::as<ast::Ref>(with.target));
      return Wrong{diagnostic(with.span, name + ": arity mismatch",
                              fmt::format("have: {}, want: {}", to_text(by), to_text(replaced)),
                              argument_details(by->parts, replaced->parts, replaced->variadic))};
    }
    return std::nullopt;
  }

  /// The function that the term names; null when it names none.
  TypePtr function_of(const TypeEnv& env, const ast::Term& term) {
    const auto* ref = ast::as<ast::Ref>(term);
    if (ref == nullptr) return nullptr;
    TypePtr type = function_named(env, ast::dotted_name(*ref), term);
    return type != nullptr && type->kind == TypeKind::Function ? type : nullptr;
  }

  std::optional<Wrong> expression(TypeEnv& env, const ast::Expr& expr) {
    if (auto wrong = replacements(env, expr)) return wrong;
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr) return std::nullopt;
    const bool unifies =
        is_call_of(expr, "eq") || (equality_ == Equality::Unifies && is_call_of(expr, "equal"));
    if (unifies && call->terms.size() == 3) return equality(env, expr, call->terms[1], call->terms[2]);
    return arguments(env, expr, *call);
  }

  std::optional<Wrong> equality(TypeEnv& env, const ast::Expr& expr, const ast::Term& a, const ast::Term& b) {
    const TypePtr left = env.of(a), right = env.of(b);
    if (infer_equal(env, a, left, b, right)) return std::nullopt;
    return Wrong{diagnostic(expr.span, "match error",
                            fmt::format("left: {}, right: {}", to_text(left), to_text(right)),
                            match_details(left, right)),
                 is_unknown(left) || is_unknown(right)};
  }

  TypePtr function_named(const TypeEnv& env, const std::string& name, const ast::Term& op) {
    if (const Builtin* builtin = context_.builtin_named(name)) {
      if (builtin->signature.empty()) return any_type();
      auto& known = signatures_[name];
      if (known == nullptr) known = function_type(builtin->signature, builtin->variadic);
      return known;
    }
    return env.of(op);
  }

  std::optional<Wrong> arguments(TypeEnv& env, const ast::Expr& expr, const ast::Call& call) {
    const std::string name = ast::operator_name(call);
    const TypePtr function = function_named(env, name, call.op());
    if (function != nullptr && function->is_any()) return std::nullopt;
    // A rule with empty parentheses is no function.
    if (function == nullptr || function->kind != TypeKind::Function)
      return Wrong{diagnostic(expr.span, "undefined function " + name, "")};
    std::vector<TypePtr> want = function->parts;
    if (function->rest != nullptr) want.push_back(function->rest);
    const std::size_t given = call.terms.size() - 1;
    if (given > want.size() && function->variadic == nullptr)
      return argument_error(env, expr, call, "too many arguments", want, function->variadic);
    if (given < function->parts.size())
      return argument_error(env, expr, call, "too few arguments", want, function->variadic);
    std::vector<TypePtr> before;
    for (std::size_t i = 1; i < call.terms.size(); ++i) before.push_back(env.of(call.terms[i]));
    for (std::size_t i = 0; i < given; ++i) {
      const TypePtr& wanted = i < want.size() ? want[i] : function->variadic;
      const bool known = before[i] != nullptr && !is_unknown(before[i]);
      if ((known && !unifies(before[i], wanted)) || !infer(env, call.terms[i + 1], wanted))
        return argument_error(env, expr, call, "invalid argument(s)", want, function->variadic);
    }
    return std::nullopt;
  }

  Wrong argument_error(const TypeEnv& env, const ast::Expr& expr, const ast::Call& call,
                       std::string_view what, const std::vector<TypePtr>& want, const TypePtr& variadic) {
    std::string have_text, want_text;
    std::vector<TypePtr> have;
    bool unknown = false;
    for (std::size_t i = 1; i < call.terms.size(); ++i) {
      const TypePtr& type = have.emplace_back(env.of(call.terms[i]));
      unknown = unknown || is_unknown(type);
      have_text += (i == 1 ? "" : ", ") + to_text(type);
    }
    for (const TypePtr& type : want) want_text += (want_text.empty() ? "" : ", ") + to_text(type);
    return {diagnostic(expr.span, fmt::format("{}: {}", ast::operator_name(call), what),
                       fmt::format("have: ({}), want: ({})", have_text, want_text),
                       argument_details(have, want, variadic)),
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

  const RuleGraph& graph() {
    if (graph_) return *graph_;
    const ast::Source* current = context_.source;
    graph_.emplace(context_);
    context_.source = current;
    return *graph_;
  }

  Context& context_;
  Equality equality_;
  TypeEnv builtins_;
  SchemaAnnotations schemas_;
  std::optional<RuleGraph> graph_;
  int closure_depth_ = 0;
  std::map<std::string, ast::Term> moved_;  ///< of the body at hand
  std::unordered_map<std::string, TypePtr> signatures_;
  /// Of each module, whose package may have schemas of its own.
  std::unordered_map<const ast::Module*, std::unordered_set<std::string>> good_shapes_;
};

}  // namespace

void check_types(Context& context) {
  TypeChecker(context, Equality::Unifies).check_rules();
}

void check_types_in_query(Context& context, const ast::Body& body) {
  if (context.options.query_types == QueryTypes::Ignored) return;
  TypeChecker checker(context, Equality::Compares);
  if (context.types == nullptr) context.types = std::make_shared<TypeNode>();
  const TypeEnv rules(&checker.base(), context.types);
  TypeEnv env(&rules);
  for (Diagnostic& error : checker.written_body(env, body)) context.errors.push_back(std::move(error));
}

std::vector<TypePtr> operand_types(Context& context, const ast::Call& call) {
  const TypeChecker checker(context, Equality::Compares);
  const TypeEnv env = context.types == nullptr ? checker.base() : TypeEnv(&checker.base(), context.types);
  std::vector<TypePtr> out;
  for (std::size_t i = 1; i < call.terms.size(); ++i) out.push_back(env.of(call.terms[i]));
  return out;
}

TypePtr called_type(Context& context, const ast::Call& call) {
  if (const Builtin* builtin = context.builtin_named(ast::operator_name(call)))
    return function_type(builtin->signature, builtin->variadic);
  const TypeChecker checker(context, Equality::Compares);
  return context.types == nullptr ? nullptr : TypeEnv(&checker.base(), context.types).of(call.op());
}

}  // namespace signalbox::policy::check
