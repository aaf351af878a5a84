// The outline's shape is that of OPA's tree: a member of a set has no line of its own in a rule's head.
#include "policy/syntax/outline.h"

#include <fmt/format.h>

#include "policy/syntax/compare.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::ast {
namespace {

class Outline {
 public:
  std::string text;

  void module(const Module& module) {
    line(0, "module");
    line(1, "package");
    ref(2, module.package.path);
    for (const Import& import : module.imports) {
      line(1, "import");
      term(2, import.path);
      line(2, import.alias);
    }
    for (const Rule& one : module.rules) rule(1, one);
    for (std::size_t i = 0; i < module.annotations.size(); ++i) line(1, "annotations");
    for (std::size_t i = 0; i < module.comments.size(); ++i) line(1, "comment");
  }

 private:
  void line(std::size_t depth, std::string_view what) {
    text += std::string(depth, ' ') + std::string(what) + "\n";
  }

  void rule(std::size_t depth, const Rule& one) {
    line(depth, "rule");
    line(depth + 1, "head");
    ref(depth + 2, one.head.ref);
    if (!one.head.args.empty()) line(depth + 2, "args");
    for (const Term& arg : one.head.args) term(depth + 3, arg);
    if (one.head.value) term(depth + 2, *one.head.value);
    body(depth + 1, one.body);
    if (one.otherwise) rule(depth + 1, **one.otherwise);
  }

  void body(std::size_t depth, const Body& exprs) {
    line(depth, "body");
    for (std::size_t i = 0; i < exprs.size(); ++i) expr(depth + 1, exprs[i], i);
  }

  void expr(std::size_t depth, const Expr& one, std::size_t index) {
    line(depth, fmt::format("expr {}index={}", one.negated ? "negated " : "", index));
    std::visit([&](const auto& node) { part(depth + 1, node); }, one.node);
    for (const With& with : one.with) {
      line(depth + 1, "with");
      term(depth + 2, with.target);
      term(depth + 2, with.value);
    }
  }

  void part(std::size_t depth, const Term& node) { term(depth, node); }
  void part(std::size_t depth, const Call& node) { terms(depth, node.terms); }
  void part(std::size_t depth, const SomeDecl& node) {
    line(depth, "somedecl");
    terms(depth + 1, node.symbols);
  }
  void part(std::size_t depth, const Every& node) {
    line(depth, "every");
    if (node.key) term(depth + 1, **node.key);
    term(depth + 1, *node.value);
    term(depth + 1, *node.domain);
    body(depth + 1, node.body);
  }
  void part(std::size_t depth, const Not& node) {
    line(depth, "not");
    body(depth + 1, node.body);
  }
  void part(std::size_t depth, const Logical& node) {
    line(depth, node.op == LogicalOp::And ? "logicaland" : "logicalor");
    body(depth + 1, node.lhs);
    body(depth + 1, node.rhs);
  }

  void terms(std::size_t depth, const std::vector<Term>& list) {
    for (const Term& one : list) term(depth, one);
  }
  void ref(std::size_t depth, const Ref& node) {
    line(depth, "ref");
    terms(depth + 1, node.terms);
  }

  void term(std::size_t depth, const Term& one) {
    std::visit(
        [&]<class T>(const T& node) {
          if constexpr (std::is_same_v<T, Ref>) {
            ref(depth, node);
          } else if constexpr (std::is_same_v<T, Call>) {
            line(depth, "call");
            terms(depth + 1, node.terms);
          } else if constexpr (std::is_same_v<T, Array>) {
            line(depth, "array");
            terms(depth + 1, node.items);
          } else if constexpr (std::is_same_v<T, Set>) {
            line(depth, "set");
            for (const Term* item : sorted_members(node)) term(depth + 1, *item);
          } else if constexpr (std::is_same_v<T, Object>) {
            line(depth, "object");
            for (const ObjectItem* item : sorted_items(node))
              term(depth + 1, item->key), term(depth + 1, item->value);
          } else if constexpr (std::is_same_v<T, ArrayComprehension> || std::is_same_v<T, SetComprehension>) {
            line(depth, kind_name(one));
            term(depth + 1, *node.term);
            body(depth + 1, node.body);
          } else if constexpr (std::is_same_v<T, ObjectComprehension>) {
            line(depth, kind_name(one));
            term(depth + 1, *node.key);
            term(depth + 1, *node.value);
            body(depth + 1, node.body);
          } else if constexpr (std::is_same_v<T, TemplateString>) {
            line(depth, kind_name(one));
          } else if constexpr (std::is_same_v<T, Var>) {
            line(depth, node.is_wildcard() ? "_" : node.name);
          } else {
            line(depth, to_text(one));
          }
        },
        one.node);
  }
};

}  // namespace

std::string outline(const Module& module) {
  Outline out;
  out.module(module);
  return std::move(out.text);
}

}  // namespace signalbox::policy::ast
