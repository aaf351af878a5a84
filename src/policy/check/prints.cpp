// print(): erased, or kept as internal.print([{l | l = arg}, ..]), whose sets are empty where an argument is
// undefined.
#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

bool is_print(const ast::Expr& expr) {
  const auto* call = ast::as<ast::Call>(expr);
  return call != nullptr && ast::operator_name(*call) == "print";
}

void erase(ast::Body& body) {
  const ast::Span at = body.empty() ? ast::Span() : body.front().span;
  std::erase_if(body, is_print);
  if (body.empty()) body.push_back(make_expr(ast::make_bool(true, at)));
}

/// Every body below a node, innermost last.
struct Eraser {
  void body(ast::Body& b) { erase(b); }
};

class PrintRewriter {
 public:
  explicit PrintRewriter(Context& context) : context_(context), arity_(context.arity()) {}

  void rewrite(ast::Body& body, const VarSet& around) {
    const std::size_t before = context_.errors.size();
    VarSet safe = around;
    for (ast::Expr& expr : body) {
      Nested nested{*this, safe};
      ast::walk(expr, nested);
      if (is_print(expr) && context_.errors.size() == before) replace(expr, safe);
      const VarSet bound = output_vars(expr, arity_, safe);
      safe.add_all(bound);
      for (const auto& name : vars_of(expr)) {
        if (is_generated(name) && context_.original_names.find(name) == context_.original_names.end())
          safe.add(name);
      }
    }
  }

 private:
  struct Nested {
    PrintRewriter& rewriter;
    const VarSet& safe;
    bool term(ast::Term& t) {
      if (auto* array = ast::as<ast::ArrayComprehension>(t))
        return rewriter.rewrite(array->body, safe), false;
      if (auto* set = ast::as<ast::SetComprehension>(t)) return rewriter.rewrite(set->body, safe), false;
      if (auto* object = ast::as<ast::ObjectComprehension>(t))
        return rewriter.rewrite(object->body, safe), false;
      return true;
    }
    bool expr(ast::Expr& e) {
      if (auto* every = ast::as<ast::Every>(e)) {
        VarSet inner = safe;
        if (every->key) collect_vars(**every->key, {}, inner);
        collect_vars(*every->value, {}, inner);
        rewriter.rewrite(every->body, inner);
        return false;
      }
      if (auto* negation = ast::as<ast::Not>(e)) return rewriter.rewrite(negation->body, safe), false;
      if (auto* logical = ast::as<ast::Logical>(e)) {
        rewriter.rewrite(logical->lhs, safe);
        rewriter.rewrite(logical->rhs, safe);
        return false;
      }
      return true;
    }
  };

  void replace(ast::Expr& expr, const VarSet& safe) {
    auto& call = *ast::as<ast::Call>(expr);
    bool ok = true;
    for (std::size_t i = 1; i < call.terms.size(); ++i) {
      for (const auto& name : vars_of(call.terms[i], kSafetyOptions).without(safe)) {
        context_.error(kCompileError, call.terms[i].span,
                       fmt::format("var {} is undeclared", context_.shown(name)));
        ok = false;
      }
    }
    if (!ok) return;
    ast::Array captured;
    for (std::size_t i = 1; i < call.terms.size(); ++i) {
      const ast::Span at = call.terms[i].span;
      ast::Term local = ast::make_var(context_.locals.fresh(), at);
      ast::Body body;
      body.push_back(make_eq(local, std::move(call.terms[i]), at));
      captured.items.push_back({ast::SetComprehension{std::move(local), std::move(body)}, at});
    }
    ast::Call print;
    print.terms.push_back(ast::make_operator("internal.print", expr.span));
    print.terms.push_back({std::move(captured), expr.span});
    expr.node = std::move(print);
  }

  Context& context_;
  Arity arity_;
};

template <class Node>
void check_values(Context& context, const Node& node) {
  ast::for_each_term(node, [&](const ast::Term& t) {
    const auto* call = ast::as<ast::Call>(t);
    const std::string name = call == nullptr ? std::string() : ast::operator_name(*call);
    if (name == "print" || name == "internal.print") {
      context.error(kTypeError, t.span, ast::to_text(*call) + " used as value");
    }
    return true;
  });
}

}  // namespace

void rewrite_prints(Context& context) {
  PrintRewriter rewriter(context);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    if (!context.options.keep_prints) {
      Eraser eraser;
      ast::walk(rule.head, eraser);
      ast::walk(rule.body, eraser);
      return;
    }
    VarSet safe = argument_vars(rule.head);
    safe.add_all(reserved_vars());
    rewriter.rewrite(rule.body, safe);
  });
}

void rewrite_prints_in_query(Context& context, ast::Body& body) {
  if (context.options.keep_prints) {
    PrintRewriter(context).rewrite(body, reserved_vars());
  } else {
    Eraser eraser;
    ast::walk(body, eraser);
  }
}

void check_void_calls(Context& context) {
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    check_values(context, rule.head);
    check_values(context, rule.body);
  });
}

void check_void_calls_in_query(Context& context, const ast::Body& body) {
  check_values(context, body);
}

}  // namespace signalbox::policy::check
