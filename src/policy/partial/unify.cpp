// Unification over unknowns: a variable takes a symbolic term as it takes a value; two sides of which one is
// not known are taken apart as far as their shapes go, and what is left is saved as an equality.
#include <algorithm>

#include "policy/partial/known.h"
#include "policy/syntax/compare.h"

namespace signalbox::policy::partial {
namespace {

/// An array or object that is written out is never a constant, or a literal, of another kind.
bool of_different_kinds(const ast::Term& a, const ast::Term& b) {
  const auto shape = [](const ast::Term& t) {
    return ast::as<ast::Array>(t) != nullptr || ast::as<ast::Object>(t) != nullptr;
  };
  return a.node.index() != b.node.index() && shape(a) && (shape(b) || ast::is_constant(b));
}

}  // namespace

/// `a = b` where either side may still have to be evaluated. A side that is known tells a rule's default
/// value whether it matters. Of what is saved then the sides stand as OPA has them: a value found in a base
/// document behind what it is compared with, any other value before it, and so what comes of rules.
void Evaluation::equate(const ast::Term& a, const ast::Term& b, const Then& then) {
  const auto* left = ast::as<ast::Ref>(a);
  const auto* right = ast::as<ast::Ref>(b);
  const auto meet = [&](const ast::Term& x, const ast::Term& y) {
    const bool behind = left != nullptr && !remains(x) && is_base(*left);
    const bool of_rules = right != nullptr && head_of(*right) == "data" && !is_unknown(*right);
    const bool before = right != nullptr && !is_base(*right) && (of_rules || !remains(y));
    behind || before ? unify(y, x, then) : unify(x, y, then);
  };
  if (left != nullptr && right == nullptr) {
    return term(b,
                [&](const ast::Term& y) { reference(*left, &y, [&](const ast::Term& x) { meet(x, y); }); });
  }
  if (right != nullptr && left == nullptr) {
    return term(a,
                [&](const ast::Term& x) { reference(*right, &x, [&](const ast::Term& y) { meet(x, y); }); });
  }
  term(a, [&](const ast::Term& x) { term(b, [&](const ast::Term& y) { meet(x, y); }); });
}

bool Evaluation::is_base(const ast::Ref& ref) const {
  return head_of(ref) == "data" && (!checked_.rules || checked_.rules->reached_by(ref).empty());
}

void Evaluation::bind(const std::string& name, const ast::Term& value, const Then& then) {
  bound_.emplace(name, value);
  then();
  bound_.erase(name);
}

/// What it is will not be known: an unknown, or something made of unknowns that cannot be taken apart.
bool Evaluation::remains(const ast::Term& t) const {
  if (ast::as<ast::Ref>(t) != nullptr) return true;
  if (const auto* var = ast::as<ast::Var>(t)) return unknown_vars_.contains(var->name);
  if (ast::as<ast::Array>(t) != nullptr || ast::as<ast::Object>(t) != nullptr) return false;
  return touches_unknown(t);
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
  if (remains(a) || remains(b)) return save(equality(a, b), then);
  if (x != nullptr) return bind(x->name, b, then);
  if (y != nullptr) return bind(y->name, a, then);
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
  if (of_different_kinds(a, b) || of_different_kinds(b, a)) return;
  save(equality(a, b), then);
}

void Evaluation::unify_lists(const std::vector<ast::Term>& a, const std::vector<ast::Term>& b, std::size_t at,
                             const Then& then) {
  if (at == a.size()) return then();
  unify(a[at], b[at], [&] { unify_lists(a, b, at + 1, then); });
}

}  // namespace signalbox::policy::partial
