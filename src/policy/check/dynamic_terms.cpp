// Dynamic terms: references and comprehensions in operands move to equalities in front of the expression.
//
// Plain `not` needs it to be evaluated: `not f(data.x)` fails where data.x is undefined. (`not data.x` itself
// holds there.) Types are inferred on a copy of a body in which all expressions have been rewritten so, since
// that is what OPA looks at: what a variable is known to be depends on it, most of all in closures.
#include "policy/check/dynamic_terms.h"

#include "policy/check/opa_index.h"
#include "policy/check/passes.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

enum class Of : std::uint8_t { Negations, All };

class Hoister {
 public:
  Hoister(Context& context, Of of, Equality equality) : context_(context), of_(of), equality_(equality) {}

  void body(ast::Body& b) {
    for (ast::Expr& e : b) inner_bodies(e);
    if (std::ranges::none_of(b, [&](const ast::Expr& e) { return concerns(e); })) return;
    ast::Body out;
    for (ast::Expr& e : b) {
      if (concerns(e)) hoist(e, out);
      out.push_back(std::move(e));
    }
    b = std::move(out);
  }

  std::map<std::string, ast::Term> take_moved() { return std::move(moved_); }

 private:
  bool concerns(const ast::Expr& e) const { return of_ == Of::All || e.negated; }

  struct Bodies {
    Hoister& hoister;
    template <class B>
    void body(B&) {}
    bool expr(ast::Expr& e) {
      if (auto* every = ast::as<ast::Every>(e)) hoister.body(every->body);
      if (auto* negation = ast::as<ast::Not>(e)) hoister.body(negation->body);
      if (auto* logical = ast::as<ast::Logical>(e)) {
        hoister.body(logical->lhs);
        hoister.body(logical->rhs);
      }
      return ast::as<ast::Not>(e) == nullptr && ast::as<ast::Logical>(e) == nullptr;
    }
    bool term(ast::Term& t) {
      if (auto* array = ast::as<ast::ArrayComprehension>(t)) return hoister.body(array->body), false;
      if (auto* set = ast::as<ast::SetComprehension>(t)) return hoister.body(set->body), false;
      if (auto* object = ast::as<ast::ObjectComprehension>(t)) return hoister.body(object->body), false;
      return true;
    }
  };

  /// Bodies nested in an expression, each of which is done as a whole.
  void inner_bodies(ast::Expr& e) {
    Bodies visitor{*this};
    ast::walk(e, visitor);
  }

  void hoist(ast::Expr& e, ast::Body& out) {
    if (auto* call = ast::as<ast::Call>(e)) {
      // In modules OPA has turned `==` into `=` by this stage; in queries it has not.
      const bool unifies = is_call_of(e, "eq") || (equality_ == Equality::Unifies && is_call_of(e, "equal"));
      for (std::size_t i = 1; i < call->terms.size(); ++i) {
        unifies ? below(call->terms[i], e, out) : one(call->terms[i], e, out);
      }
    } else if (auto* every = ast::as<ast::Every>(e)) {
      one(*every->domain, e, out);
    } else if (auto* term = ast::as<ast::Term>(e)) {
      below(*term, e, out);
    }
  }

  /// A reference or comprehension may stay; what is below it may not.
  void below(ast::Term& t, const ast::Expr& e, ast::Body& out) {
    if (auto* ref = ast::as<ast::Ref>(t)) {
      for (std::size_t i = 1; i < ref->terms.size(); ++i) one(ref->terms[i], e, out);
    } else if (!is_comprehension(t)) {
      one(t, e, out);
    }
  }

  void one(ast::Term& t, const ast::Expr& e, ast::Body& out) {
    if (auto* ref = ast::as<ast::Ref>(t)) {
      for (std::size_t i = 1; i < ref->terms.size(); ++i) one(ref->terms[i], e, out);
      move(t, e, out);
    } else if (is_comprehension(t)) {
      move(t, e, out);
    } else if (auto* array = ast::as<ast::Array>(t)) {
      for (ast::Term& item : array->items) one(item, e, out);
    } else if (auto* set = ast::as<ast::Set>(t)) {
      for (ast::Term& item : set->items) one(item, e, out);
    } else if (auto* object = ast::as<ast::Object>(t)) {
      for (ast::ObjectItem& item : object->items) {
        one(item.key, e, out);
        one(item.value, e, out);
      }
    }
  }

  void move(ast::Term& t, const ast::Expr& e, ast::Body& out) {
    std::string name = context_.locals.fresh();
    ast::Term local = ast::make_var(name, t.span);
    if (of_ == Of::All) moved_.emplace(std::move(name), t);
    ast::Expr eq = make_eq(local, std::move(t), local.span);
    eq.generated = true;
    eq.with = e.with;
    out.push_back(std::move(eq));
    t = std::move(local);
  }

  Context& context_;
  Of of_;
  Equality equality_;
  std::map<std::string, ast::Term> moved_;
};

}  // namespace

void rewrite_dynamic_terms(Context& context) {
  const bool fast = context.options.form == ExprForm::Fast;
  Hoister hoister(context, fast ? Of::Negations : Of::All, Equality::Unifies);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) { hoister.body(rule.body); });
  if (!fast) arrange_as_indexed(context);
}

void rewrite_dynamic_terms_in_query(Context& context, ast::Body& body) {
  Hoister(context, Of::Negations, Equality::Compares).body(body);
}

HoistedBody with_terms_hoisted(Context& context, ast::Body body, Equality equality) {
  Hoister hoister(context, Of::All, equality);
  hoister.body(body);
  return {std::move(body), hoister.take_moved()};
}

}  // namespace signalbox::policy::check
