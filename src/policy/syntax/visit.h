// Walking the tree: pre-order, const or not.
//
// A visitor offers any of
//   bool term(Term&)   bool expr(Expr&)   bool with(With&)   void body(Body&)
// and says with true that the walk should go on below the node. body() sees the body of a comprehension,
// `every`, `not` or logical operand before its expressions. Missing functions mean: go on.
#pragma once

#include <type_traits>
#include <utility>

#include "policy/syntax/ast.h"

namespace signalbox::policy::ast {

template <class V, class T>
concept VisitsTerm = requires(V& visitor, T& node) { visitor.term(node); };
template <class V, class T>
concept VisitsExpr = requires(V& visitor, T& node) { visitor.expr(node); };
template <class V, class T>
concept VisitsWith = requires(V& visitor, T& node) { visitor.with(node); };
template <class V, class T>
concept VisitsBody = requires(V& visitor, T& node) { visitor.body(node); };

/// `Like<const A, B>` is const B: the children of a const node are const.
template <class From, class To>
using Like = std::conditional_t<std::is_const_v<From>, const To, To>;

template <class T>
concept AnyTerm = std::is_same_v<std::remove_const_t<T>, Term>;
template <class T>
concept AnyExpr = std::is_same_v<std::remove_const_t<T>, Expr>;
template <class T>
concept AnyBody = std::is_same_v<std::remove_const_t<T>, Body>;
template <class T>
concept AnyHead = std::is_same_v<std::remove_const_t<T>, RuleHead>;
template <class T>
concept AnyRule = std::is_same_v<std::remove_const_t<T>, Rule>;

template <AnyTerm T, class V>
void walk(T& term, V& visitor);
template <AnyExpr E, class V>
void walk(E& expr, V& visitor);

template <AnyBody B, class V>
void walk(B& body, V& visitor) {
  if constexpr (VisitsBody<V, B>) visitor.body(body);
  for (auto& expr : body) walk(expr, visitor);
}

/// The terms and bodies right below `term`.
template <AnyTerm T, class V>
void walk_children(T& term, V& visitor) {
  std::visit(
      [&]<class N>(N& node) {
        using Node = std::remove_const_t<N>;
        if constexpr (std::is_same_v<Node, Ref> || std::is_same_v<Node, Call>) {
          for (auto& part : node.terms) walk(part, visitor);
        } else if constexpr (std::is_same_v<Node, Array> || std::is_same_v<Node, Set>) {
          for (auto& item : node.items) walk(item, visitor);
        } else if constexpr (std::is_same_v<Node, Object>) {
          for (auto& item : node.items) {
            walk(item.key, visitor);
            walk(item.value, visitor);
          }
        } else if constexpr (std::is_same_v<Node, ArrayComprehension> ||
                             std::is_same_v<Node, SetComprehension>) {
          walk(*node.term, visitor);
          walk(node.body, visitor);
        } else if constexpr (std::is_same_v<Node, ObjectComprehension>) {
          walk(*node.key, visitor);
          walk(*node.value, visitor);
          walk(node.body, visitor);
        } else if constexpr (std::is_same_v<Node, TemplateString>) {
          for (auto& part : node.parts) std::visit([&](auto& piece) { walk(*piece, visitor); }, part);
        }
      },
      term.node);
}

template <AnyTerm T, class V>
void walk(T& term, V& visitor) {
  if constexpr (VisitsTerm<V, T>) {
    if (!visitor.term(term)) return;
  }
  walk_children(term, visitor);
}

/// What is right below `expr`: its terms, its bodies, then its `with` modifiers.
template <AnyExpr E, class V>
void walk_children(E& expr, V& visitor) {
  std::visit(
      [&]<class N>(N& node) {
        using Node = std::remove_const_t<N>;
        if constexpr (std::is_same_v<Node, Term>) {
          walk(node, visitor);
        } else if constexpr (std::is_same_v<Node, Call>) {
          for (auto& part : node.terms) walk(part, visitor);
        } else if constexpr (std::is_same_v<Node, SomeDecl>) {
          for (auto& symbol : node.symbols) walk(symbol, visitor);
        } else if constexpr (std::is_same_v<Node, Every>) {
          if (node.key) walk(**node.key, visitor);
          walk(*node.value, visitor);
          walk(*node.domain, visitor);
          walk(node.body, visitor);
        } else if constexpr (std::is_same_v<Node, Not>) {
          walk(node.body, visitor);
        } else {
          static_assert(std::is_same_v<Node, Logical>);
          walk(node.lhs, visitor);
          walk(node.rhs, visitor);
        }
      },
      expr.node);
  for (auto& with : expr.with) {
    if constexpr (VisitsWith<V, Like<E, With>>) {
      if (!visitor.with(with)) continue;
    }
    walk(with.target, visitor);
    walk(with.value, visitor);
  }
}

template <AnyExpr E, class V>
void walk(E& expr, V& visitor) {
  if constexpr (VisitsExpr<V, E>) {
    if (!visitor.expr(expr)) return;
  }
  walk_children(expr, visitor);
}

/// The head's reference, arguments, key and value.
template <AnyHead H, class V>
void walk(H& head, V& visitor) {
  for (auto& part : head.ref.terms) walk(part, visitor);
  for (auto& arg : head.args) walk(arg, visitor);
  if (head.key) walk(*head.key, visitor);
  if (head.value) walk(*head.value, visitor);
}

/// Head, body, and the `else` rules below.
template <AnyRule R, class V>
void walk(R& rule, V& visitor) {
  walk(rule.head, visitor);
  walk(rule.body, visitor);
  if (rule.otherwise) walk(**rule.otherwise, visitor);
}

/// Calls `f(term)` for every term below `node`; f returns whether to go on below it.
template <class N, class F>
void for_each_term(N& node, F&& f) {
  struct Visitor {
    F& f;
    bool term(Like<N, Term>& t) { return f(t); }
  } visitor{f};
  walk(node, visitor);
}

/// Calls `f(expr)` for every expression below `node`, nested bodies included.
template <class N, class F>
void for_each_expr(N& node, F&& f) {
  struct Visitor {
    F& f;
    bool expr(Like<N, Expr>& e) { return f(e); }
  } visitor{f};
  walk(node, visitor);
}

/// Gives every node below `node` the same place.
template <class N>
void set_spans(N& node, const Span& span) {
  struct Visitor {
    const Span& span;
    bool term(Term& t) { return t.span = span, true; }
    bool expr(Expr& e) { return e.span = span, true; }
    bool with(With& w) { return w.span = span, true; }
  } visitor{span};
  walk(node, visitor);
}

}  // namespace signalbox::policy::ast
