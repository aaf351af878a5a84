// `with`: what may be replaced, and by what. Values that need evaluation move in front of the expression;
// functions and built-ins stay as they are.
#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

const std::string* head_of(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  const auto* var = ref == nullptr ? ast::as<ast::Var>(term) : ast::as<ast::Var>(ref->terms.front());
  return var == nullptr ? nullptr : &var->name;
}

const Builtin* builtin_named_by(const ast::Term& term) {
  if (const auto* ref = ast::as<ast::Ref>(term)) return find_builtin(ast::dotted_name(*ref));
  if (const auto* var = ast::as<ast::Var>(term)) return find_builtin(var->name);
  return nullptr;
}

/// A name alone that is a built-in's becomes a reference, as functions' names are.
void make_reference(ast::Term& term) {
  if (const auto* var = ast::as<ast::Var>(term); var != nullptr && find_builtin(var->name) != nullptr) {
    term = ast::make_operator(var->name, term.span);
  }
}

class WithRewriter {
 public:
  explicit WithRewriter(Context& context) : context_(context) {}

  void body(ast::Body& b) {
    struct Nested {
      WithRewriter& rewriter;
      bool term(ast::Term& t) {
        if (auto* array = ast::as<ast::ArrayComprehension>(t)) return rewriter.body(array->body), false;
        if (auto* set = ast::as<ast::SetComprehension>(t)) return rewriter.body(set->body), false;
        if (auto* object = ast::as<ast::ObjectComprehension>(t)) return rewriter.body(object->body), false;
        return true;
      }
      bool expr(ast::Expr& e) {
        if (auto* every = ast::as<ast::Every>(e)) rewriter.body(every->body);
        if (auto* negation = ast::as<ast::Not>(e)) return rewriter.body(negation->body), false;
        if (auto* logical = ast::as<ast::Logical>(e)) {
          rewriter.body(logical->lhs);
          return rewriter.body(logical->rhs), false;
        }
        return true;
      }
    } nested{*this};
    ast::Body out;
    const std::size_t errors = context_.errors.size();
    for (ast::Expr& e : b) {
      ast::walk(e, nested);
      if (context_.errors.size() > errors) return;  // the first of a body speaks
      for (ast::With& with : e.with) {
        const bool evaluate = needs_evaluation(with);
        if (context_.errors.size() > errors) return;
        if (!evaluate) continue;
        ast::Term local = ast::make_var(context_.locals.fresh(), with.value.span);
        ast::Expr eq = make_eq(local, std::move(with.value), local.span);
        eq.generated = true;
        with.value = std::move(local);
        out.push_back(std::move(eq));
      }
      out.push_back(std::move(e));
    }
    b = std::move(out);
  }

 private:
  /// Checks the modifier; says whether its value must be evaluated before.
  bool needs_evaluation(ast::With& with) {
    make_reference(with.value);
    const std::string* head = head_of(with.target);
    if (head != nullptr && *head == "data" && ast::as<ast::Ref>(with.target) != nullptr)
      return data_target(with);
    if (head != nullptr && *head == "input" && ast::as<ast::Ref>(with.target) != nullptr) {
      return requires_evaluation(with.value);
    }
    const Builtin* builtin = builtin_named_by(with.target);
    if (builtin == nullptr) {
      context_.error(kTypeError, with.target.span,
                     "with keyword target must reference existing input, data, or a function");
      return false;
    }
    make_reference(with.target);
    if (!check_builtin_target(*builtin, with.target.span)) return false;
    return !is_function_or_rule(with.value) && requires_evaluation(with.value);
  }

  bool data_target(const ast::With& with) {
    const auto& target = *ast::as<ast::Ref>(with.target);
    const RuleNode* node = &context_.rules->root();
    for (std::size_t i = 1; i + 1 < target.terms.size() && node != nullptr; ++i) {
      node = ast::is_constant(target.terms[i]) ? node->child(target.terms[i]) : nullptr;
      if (node != nullptr && !node->rules.empty()) {
        context_.error(kCompileError, with.target.span,
                       "with keyword cannot partially replace virtual document(s)");
        return false;
      }
    }
    if (is_function(context_.rules->find(target)) && is_function_or_rule(with.value)) return false;
    const auto* value = ast::as<ast::Ref>(with.value);
    if (value != nullptr && is_function(context_.rules->find(*value))) return false;
    return requires_evaluation(with.value);
  }

  static bool is_function(const RuleNode* node) {
    return node != nullptr &&
           std::ranges::any_of(node->rules, [](const RuleAt& at) { return at.rule->head.is_function; });
  }

  bool is_function_or_rule(const ast::Term& value) const {
    const auto* ref = ast::as<ast::Ref>(value);
    if (ref != nullptr && context_.rules->find(*ref) != nullptr) return true;
    return builtin_named_by(value) != nullptr;
  }

  bool check_builtin_target(const Builtin& builtin, const ast::Span& at) {
    const std::string_view name = builtin.name;
    std::string why;
    if (name == "eq" || name == "rego.metadata.chain" || name == "rego.metadata.rule") {
      why = fmt::format("replacement of \"{}\" invalid", name);
    } else if (name.starts_with("internal.")) {
      why = fmt::format("replacement of internal function \"{}\" invalid", name);
    } else if (builtin.relation) {
      why = "target must not be a relation";
    } else if (name == "print") {
      why = "target must not be a void function";
    }
    if (why.empty()) return true;
    context_.error(kCompileError, at, "with keyword replacing built-in function: " + why);
    return false;
  }

  Context& context_;
};

}  // namespace

void rewrite_with_values(Context& context) {
  WithRewriter rewriter(context);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) { rewriter.body(rule.body); });
}

void rewrite_with_values_in_query(Context& context, ast::Body& body) {
  WithRewriter(context).body(body);
}

}  // namespace signalbox::policy::check
