// Comparison of trees. Numbers compare by value, exactly, on their text: no precision is lost.
#include "policy/syntax/compare.h"

#include <algorithm>
#include <charconv>

#include "policy/value/number.h"

namespace signalbox::policy::ast {
namespace {

// Declared ahead of the templates that compare lists of them.
int compare(const Box<Term>& a, const Box<Term>& b);
int compare(const Box<Rule>& a, const Box<Rule>& b);
int compare(const With& a, const With& b);
int compare(const Import& a, const Import& b);
using ast::compare;

int sign(bool less, bool greater) {
  return less ? -1 : greater ? 1 : 0;
}
int compare_text(std::string_view a, std::string_view b) {
  return sign(a < b, b < a);
}
int compare_size(std::size_t a, std::size_t b) {
  return sign(a < b, b < a);
}

/// As JSON writes it: Rego also has `.5` and `-.5`.
Value number_value(Arena& arena, std::string_view text) {
  const auto point = text.find('.');
  if (point == 0 || (point == 1 && text[0] == '-')) {
    return parse_number(arena, std::string(text.substr(0, point)) + "0" + std::string(text.substr(point)));
  }
  return parse_number(arena, text);
}

int compare_numbers(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  Arena arena;
  const Value left = number_value(arena, a);
  const Value right = number_value(arena, b);
  return left && right ? policy::compare_numbers(left, right) : compare_text(a, b);
}

int rank(const Term& term) {
  // Null, Boolean, Number, String, Var, Ref, Array, Object, Set, [|], {|}, {:|}, Call, TemplateString
  static constexpr int kRanks[] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 11, 13, 4};
  return kRanks[term.node.index()];
}

template <class T>
int compare_list(const std::vector<T>& a, const std::vector<T>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int order = compare(a[i], b[i]); order != 0) return order;
  }
  return compare_size(a.size(), b.size());
}

template <class T>
int compare_optional(const std::optional<T>& a, const std::optional<T>& b) {
  if (!a || !b) return sign(!a && b.has_value(), a.has_value() && !b);
  return compare(*a, *b);
}

int compare(const Box<Term>& a, const Box<Term>& b) {
  return ast::compare(*a, *b);
}
int compare(const Box<Rule>& a, const Box<Rule>& b) {
  return ast::compare(*a, *b);
}

int compare(const With& a, const With& b) {
  if (const int order = ast::compare(a.target, b.target); order != 0) return order;
  return ast::compare(a.value, b.value);
}

int compare(const Import& a, const Import& b) {
  if (const int order = ast::compare(a.path, b.path); order != 0) return order;
  return compare_text(a.alias, b.alias);
}

/// Compares nodes of one kind.
struct SameKind {
  int operator()(const Null&, const Null&) const { return 0; }
  int operator()(const Boolean& a, const Boolean& b) const { return a.value - b.value; }
  int operator()(const Number& a, const Number& b) const { return compare_numbers(a.text, b.text); }
  int operator()(const String& a, const String& b) const { return compare_text(a.value, b.value); }
  int operator()(const Var& a, const Var& b) const { return compare_text(a.name, b.name); }
  int operator()(const Ref& a, const Ref& b) const { return compare_list(a.terms, b.terms); }
  int operator()(const Array& a, const Array& b) const { return compare_list(a.items, b.items); }
  int operator()(const Set& a, const Set& b) const {
    const auto left = sorted_members(a);
    const auto right = sorted_members(b);
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
      if (const int order = ast::compare(*left[i], *right[i]); order != 0) return order;
    }
    return compare_size(left.size(), right.size());
  }
  int operator()(const Object& a, const Object& b) const {
    const auto left = sorted_items(a);
    const auto right = sorted_items(b);
    for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
      if (const int order = ast::compare(left[i]->key, right[i]->key); order != 0) return order;
      if (const int order = ast::compare(left[i]->value, right[i]->value); order != 0) return order;
    }
    return compare_size(left.size(), right.size());
  }
  int operator()(const ArrayComprehension& a, const ArrayComprehension& b) const {
    const int order = ast::compare(*a.term, *b.term);
    return order != 0 ? order : ast::compare(a.body, b.body);
  }
  int operator()(const SetComprehension& a, const SetComprehension& b) const {
    const int order = ast::compare(*a.term, *b.term);
    return order != 0 ? order : ast::compare(a.body, b.body);
  }
  int operator()(const ObjectComprehension& a, const ObjectComprehension& b) const {
    if (const int order = ast::compare(*a.key, *b.key); order != 0) return order;
    if (const int order = ast::compare(*a.value, *b.value); order != 0) return order;
    return ast::compare(a.body, b.body);
  }
  int operator()(const Call& a, const Call& b) const { return compare_list(a.terms, b.terms); }
  int operator()(const TemplateString& a, const TemplateString& b) const {
    for (std::size_t i = 0; i < a.parts.size() && i < b.parts.size(); ++i) {
      if (const int order = compare_part(a.parts[i], b.parts[i]); order != 0) return order;
    }
    return compare_size(a.parts.size(), b.parts.size());
  }

 private:
  using Part = std::variant<Box<Term>, Box<Expr>>;
  /// The term that a part is; an expression that is a lone term counts as that (a comment made it an
  /// expression).
  static const Term* lone_term(const Part& part) {
    if (const auto* term = std::get_if<Box<Term>>(&part)) return &**term;
    const Expr& expr = *std::get<Box<Expr>>(part);
    return expr.with.empty() && !expr.negated ? as<Term>(expr) : nullptr;
  }
  static int compare_part(const Part& a, const Part& b) {
    const Term* left = lone_term(a);
    const Term* right = lone_term(b);
    if (left != nullptr && right != nullptr) return ast::compare(*left, *right);
    if (left != nullptr || right != nullptr) return sign(left != nullptr, right != nullptr);
    return ast::compare(*std::get<Box<Expr>>(a), *std::get<Box<Expr>>(b));
  }
};

struct SameExpr {
  int operator()(const Term& a, const Term& b) const { return ast::compare(a, b); }
  int operator()(const Call& a, const Call& b) const { return compare_list(a.terms, b.terms); }
  int operator()(const SomeDecl& a, const SomeDecl& b) const { return compare_list(a.symbols, b.symbols); }
  int operator()(const Every& a, const Every& b) const {
    if (const int order = compare_optional(a.key, b.key); order != 0) return order;
    if (const int order = ast::compare(*a.value, *b.value); order != 0) return order;
    if (const int order = ast::compare(*a.domain, *b.domain); order != 0) return order;
    return ast::compare(a.body, b.body);
  }
  int operator()(const Not& a, const Not& b) const { return ast::compare(a.body, b.body); }
  int operator()(const Logical& a, const Logical& b) const {
    if (a.op != b.op) return sign(a.op < b.op, true);
    const int order = ast::compare(a.lhs, b.lhs);
    return order != 0 ? order : ast::compare(a.rhs, b.rhs);
  }
};

template <class Same, class Node>
int compare_nodes(const Node& a, const Node& b) {
  return std::visit([&]<class T>(const T& left) { return Same{}(left, std::get<T>(b)); }, a);
}

}  // namespace

int compare(const Term& a, const Term& b) {
  if (const int order = rank(a) - rank(b); order != 0) return order < 0 ? -1 : 1;
  return compare_nodes<SameKind>(a.node, b.node);
}

int compare(const Ref& a, const Ref& b) {
  return compare_list(a.terms, b.terms);
}

int compare(const Expr& a, const Expr& b) {
  if (a.node.index() != b.node.index()) return sign(a.node.index() < b.node.index(), true);
  if (a.negated != b.negated) return sign(b.negated, a.negated);
  if (const int order = compare_nodes<SameExpr>(a.node, b.node); order != 0) return order;
  return compare_list(a.with, b.with);
}

int compare(const Body& a, const Body& b) {
  return compare_list(a, b);
}

int compare(const Rule& a, const Rule& b) {
  if (a.is_default != b.is_default) return sign(a.is_default, b.is_default);
  if (const int order = compare(a.head.ref, b.head.ref); order != 0) return order;
  if (a.head.is_function != b.head.is_function) return sign(b.head.is_function, a.head.is_function);
  if (const int order = compare_list(a.head.args, b.head.args); order != 0) return order;
  if (const int order = compare_optional(a.head.key, b.head.key); order != 0) return order;
  if (const int order = compare_optional(a.head.value, b.head.value); order != 0) return order;
  if (a.head.assign != b.head.assign) return sign(b.head.assign, a.head.assign);
  if (const int order = compare(a.body, b.body); order != 0) return order;
  return compare_optional(a.otherwise, b.otherwise);
}

int compare(const Module& a, const Module& b) {
  if (const int order = compare(a.package.path, b.package.path); order != 0) return order;
  if (const int order = compare_list(a.imports, b.imports); order != 0) return order;
  return compare_list(a.rules, b.rules);
}

std::vector<const Term*> sorted_members(const Set& set) {
  std::vector<const Term*> out;
  out.reserve(set.items.size());
  for (const Term& item : set.items) out.push_back(&item);
  std::ranges::stable_sort(out, [](const Term* a, const Term* b) { return compare(*a, *b) < 0; });
  const auto repeated =
      std::ranges::unique(out, [](const Term* a, const Term* b) { return compare(*a, *b) == 0; });
  out.erase(repeated.begin(), repeated.end());
  return out;
}

std::vector<const ObjectItem*> sorted_items(const Object& object) {
  std::vector<const ObjectItem*> out;
  out.reserve(object.items.size());
  for (const ObjectItem& item : object.items) out.push_back(&item);
  const auto less = [](const ObjectItem* a, const ObjectItem* b) { return compare(a->key, b->key) < 0; };
  std::ranges::stable_sort(out, less);
  // Of equal keys, which now stand together in the order of the text, keep the last.
  std::vector<const ObjectItem*> kept;
  for (const ObjectItem* item : out) {
    if (!kept.empty() && compare(kept.back()->key, item->key) == 0) {
      kept.back() = item;
    } else {
      kept.push_back(item);
    }
  }
  return kept;
}

}  // namespace signalbox::policy::ast
