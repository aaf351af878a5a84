// Unification over unknowns: a variable takes a symbolic term as it takes a value; two sides of which one is
// not known are taken apart as far as their shapes go, and what is left is saved as an equality.
#include <algorithm>

#include "policy/partial/evaluation.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy::partial {

/// `a = b` where either side may still have to be evaluated. A side that is known tells a rule's default
/// value whether it matters.
void Evaluation::equate(const ast::Term& a, const ast::Term& b, const ast::Expr& written, const Then& then) {
  const auto* left = ast::as<ast::Ref>(a);
  const auto* right = ast::as<ast::Ref>(b);
  if (left != nullptr && right == nullptr) {
    return term(
        b, [&](const ast::Term& y) { reference(*left, &y, [&](const ast::Term& x) { unify(x, y, then); }); });
  }
  if (right != nullptr && left == nullptr) {
    return term(a, [&](const ast::Term& x) {
      reference(*right, &x, [&](const ast::Term& y) { unify(x, y, then); });
    });
  }
  (void)written;
  term(a, [&](const ast::Term& x) { term(b, [&](const ast::Term& y) { unify(x, y, then); }); });
}

void Evaluation::bind(const std::string& name, const ast::Term& value, const Then& then) {
  bound_.emplace(name, value);
  if (ast::as<ast::Ref>(value) != nullptr) {
    // Whatever becomes of the variable, the reference must be defined.
    ast::Expr marker;
    marker.node = value;
    marker.generated = true;
    marker.span = value.span;
    save(std::move(marker), then);
  } else {
    then();
  }
  bound_.erase(name);
}

void Evaluation::unify(const ast::Term& first, const ast::Term& second, const Then& then) {
  if (!step()) return;
  const ast::Term a = substitute(first, bound_), b = substitute(second, bound_);
  if (ast::is_constant(a) && ast::is_constant(b)) {
    if (ast::compare(a, b) == 0) then();
    return;
  }
  const auto *x = ast::as<ast::Var>(a), *y = ast::as<ast::Var>(b);
  if (x != nullptr && y != nullptr && x->name == y->name) return then();
  if (x != nullptr && !unknown_vars_.contains(x->name)) return bind(x->name, b, then);
  if (y != nullptr && !unknown_vars_.contains(y->name)) return bind(y->name, a, then);
  if (const auto *p = ast::as<ast::Array>(a), *q = ast::as<ast::Array>(b); p != nullptr && q != nullptr) {
    if (p->items.size() == q->items.size()) unify_lists(p->items, q->items, 0, then);
    return;
  }
  if (const auto *p = ast::as<ast::Object>(a), *q = ast::as<ast::Object>(b); p != nullptr && q != nullptr) {
    const auto left = ast::sorted_items(*p), right = ast::sorted_items(*q);
    const auto same_key = [](const auto* i, const auto* j) { return ast::compare(i->key, j->key) == 0; };
    const auto constant_key = [](const auto* i) { return ast::is_constant(i->key); };
    if (std::ranges::all_of(left, constant_key) && std::ranges::all_of(right, constant_key)) {
      if (!std::ranges::equal(left, right, same_key)) return;
      std::vector<ast::Term> mine, theirs;
      for (const auto* item : left) mine.push_back(item->value);
      for (const auto* item : right) theirs.push_back(item->value);
      return unify_lists(mine, theirs, 0, then);
    }
  }
  // A literal is never a constant of another kind.
  const bool shapes = a.node.index() != b.node.index() &&
                      (ast::as<ast::Array>(a) != nullptr || ast::as<ast::Object>(a) != nullptr) &&
                      ast::is_constant(b);
  if (shapes) return;
  ast::Expr e;
  e.node = ast::Call{{ast::make_operator("eq"), a, b}};
  save(std::move(e), then);
}

void Evaluation::unify_lists(const std::vector<ast::Term>& a, const std::vector<ast::Term>& b, std::size_t at,
                             const Then& then) {
  if (at == a.size()) return then();
  unify(a[at], b[at], [&] { unify_lists(a, b, at + 1, then); });
}

}  // namespace signalbox::policy::partial
