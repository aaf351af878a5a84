// Template strings: `$"a {x.y} b"` becomes internal.template_string(["a ", {l | l = x.y}, " b"]). The set is
// empty where the expression is undefined, which the built-in prints as `<undefined>`.
#include "policy/check/passes.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

bool is_constant_rule(const ast::Rule& rule) {
  const auto* only = rule.body.size() == 1 ? ast::as<ast::Term>(rule.body.front()) : nullptr;
  const auto* truth = only == nullptr ? nullptr : ast::as<ast::Boolean>(*only);
  return truth != nullptr && truth->value && rule.head.value && ast::is_constant(*rule.head.value);
}

/// A rule that always has a value: needs no guard against undefined.
bool is_always_defined(const Context& context, const ast::Ref& ref) {
  const RuleNode* node = context.rules && ref.terms.size() > 1 ? context.rules->find(ref) : nullptr;
  if (node == nullptr || node->rules.empty()) return false;
  const ast::Rule& first = *node->rules.front().rule;
  if (first.head.is_function) return false;
  if (first.kind() == ast::RuleKind::MultiValue) return first.head.ref.terms.size() == 1;
  if (node->rules.size() == 1) return first.is_default || is_constant_rule(first);
  return std::ranges::any_of(node->rules, [](const RuleAt& at) { return at.rule->is_default; });
}

class TemplateRewriter {
 public:
  explicit TemplateRewriter(Context& context) : context_(context), arity_(context.arity()) {}

  /// Rewrites below `node`, in which `safe` and what `node` (a body) binds may be mentioned.
  template <class Node>
  VarSet rewrite(Node& node, const VarSet& around) {
    VarSet safe = around;
    if constexpr (std::is_same_v<Node, ast::Body>) safe.add_all(output_vars(node, arity_, around));
    Visitor visitor{*this, safe};
    ast::walk(node, visitor);
    return safe;
  }

 private:
  struct Visitor {
    TemplateRewriter& rewriter;
    VarSet& safe;

    bool term(ast::Term& t) {
      if (auto* array = ast::as<ast::ArrayComprehension>(t))
        return close(array->body, {&*array->term}), false;
      if (auto* set = ast::as<ast::SetComprehension>(t)) return close(set->body, {&*set->term}), false;
      if (auto* object = ast::as<ast::ObjectComprehension>(t)) {
        return close(object->body, {&*object->key, &*object->value}), false;
      }
      if (ast::as<ast::TemplateString>(t) == nullptr) return true;
      ast::walk_children(t, *this);  // template strings inside
      rewriter.replace(t, safe);
      return false;
    }
    bool expr(ast::Expr& e) {
      auto* every = ast::as<ast::Every>(e);
      if (every == nullptr) return true;
      ast::walk(*every->domain, *this);
      VarSet inner = safe;
      if (every->key) collect_vars(**every->key, {}, inner);
      collect_vars(*every->value, {}, inner);
      rewriter.rewrite(every->body, inner);
      for (ast::With& with : e.with) ast::walk(with.value, *this);
      return false;
    }
    void close(ast::Body& body, std::initializer_list<ast::Term*> terms) {
      VarSet inner = rewriter.rewrite(body, safe);
      Visitor visitor{rewriter, inner};
      for (ast::Term* t : terms) ast::walk(*t, visitor);
    }
  };

  void replace(ast::Term& t, const VarSet& safe) {
    auto text = std::move(*ast::as<ast::TemplateString>(t));
    ast::Array parts;
    if (text.parts.empty()) parts.items.push_back(ast::make_string("", t.span));
    for (auto& part : text.parts) {
      if (auto* piece = std::get_if<ast::Box<ast::Term>>(&part)) {
        parts.items.push_back(std::move(**piece));
      } else {
        parts.items.push_back(guarded(*std::get<ast::Box<ast::Expr>>(part), safe));
      }
    }
    std::vector<ast::Term> call;
    call.push_back(ast::make_operator("internal.template_string", t.span));
    call.push_back({std::move(parts), t.span});
    t = ast::make_call(std::move(call), t.span);
  }

  ast::Term guarded(ast::Expr& expr, const VarSet& safe) {
    ast::Term value = value_of(expr);
    const auto* ref = ast::as<ast::Ref>(value);
    if (ast::as<ast::Var>(value) != nullptr || (ref != nullptr && is_always_defined(context_, *ref))) {
      const ast::Span at = value.span;
      ast::Set set;
      set.items.push_back(std::move(value));
      return {std::move(set), at};
    }
    for (const auto& name : vars_of(value, kSafetyOptions).without(safe)) {
      context_.error(kCompileError, value.span, fmt::format("var {} is undeclared", context_.shown(name)));
    }
    const ast::Span at = value.span;
    ast::Term local = ast::make_var(context_.locals.fresh(), at);
    ast::Expr eq = make_eq(local, std::move(value), at);
    eq.with = std::move(expr.with);
    ast::Body body;
    body.push_back(std::move(eq));
    return {ast::SetComprehension{std::move(local), std::move(body)}, at};
  }

  ast::Term value_of(ast::Expr& expr) {
    if (auto* term = ast::as<ast::Term>(expr)) return std::move(*term);
    if (auto* call = ast::as<ast::Call>(expr)) {
      const Builtin* builtin = context_.builtin_named(ast::operator_name(*call));
      if (builtin != nullptr && builtin->relation) {
        context_.error(kCompileError, expr.span,
                       fmt::format("illegal call to relation built-in '{}' that may cause multiple outputs",
                                   builtin->name));
      }
      return {std::move(*call), expr.span};
    }
    context_.error(kCompileError, expr.span, "unexpected template-string expression");
    return ast::make_null(expr.span);
  }

  Context& context_;
  Arity arity_;
};

}  // namespace

void rewrite_template_strings(Context& context) {
  TemplateRewriter rewriter(context);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    VarSet safe = argument_vars(rule.head);
    safe.add_all(reserved_vars());
    const VarSet bound = rewriter.rewrite(rule.body, safe);
    rewriter.rewrite(rule.head, bound);
  });
}

void rewrite_template_strings_in_query(Context& context, ast::Body& body) {
  TemplateRewriter(context).rewrite(body, reserved_vars());
}

}  // namespace signalbox::policy::check
