// Plain `not`: references and comprehensions in the operands are evaluated outside of the negation, so that
// `not f(data.x)` fails where data.x is undefined. (`not data.x` itself holds there.)
#include "policy/check/passes.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

class Hoister {
 public:
  Hoister(Context& context, bool query) : context_(context), query_(query) {}

  void body(ast::Body& b) {
    for (ast::Expr& e : b) inner_bodies(e);
    if (std::ranges::none_of(b, [](const ast::Expr& e) { return e.negated; })) return;
    ast::Body out;
    for (ast::Expr& e : b) {
      if (e.negated) hoist(e, out);
      out.push_back(std::move(e));
    }
    b = std::move(out);
  }

 private:
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
      const bool unifies = is_call_of(e, "eq") || (!query_ && is_call_of(e, "equal"));
      for (std::size_t i = 1; i < call->terms.size(); ++i) {
        unifies ? below(call->terms[i], e, out) : one(call->terms[i], e, out);
      }
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
    ast::Term local = ast::make_var(context_.locals.fresh(), t.span);
    ast::Expr eq = make_eq(local, std::move(t), local.span);
    eq.generated = true;
    eq.with = e.with;
    out.push_back(std::move(eq));
    t = std::move(local);
  }

  Context& context_;
  bool query_;
};

}  // namespace

void rewrite_dynamic_terms(Context& context) {
  Hoister hoister(context, false);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) { hoister.body(rule.body); });
}

void rewrite_dynamic_terms_in_query(Context& context, ast::Body& body) {
  Hoister(context, true).body(body);
}

}  // namespace signalbox::policy::check
