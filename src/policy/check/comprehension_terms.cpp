// Terms of comprehensions, and keys, values and arguments of heads, that must be evaluated move into the
// body:
// `[x[0] | ..]` becomes `[l | ..; l = x[0]]`.
#include "policy/check/passes.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// Inner comprehensions first: the walk goes below a comprehension before it is rewritten.
class Closer {
 public:
  explicit Closer(Context& shared) : context_(shared) {}

  bool term(ast::Term& t) {
    if (!is_comprehension(t)) return true;
    ast::walk_children(t, *this);
    std::visit([this](auto& inner) { close(inner); }, t.node);
    return false;
  }

 private:
  void close(ast::ArrayComprehension& c) { move(*c.term, c.body); }
  void close(ast::SetComprehension& c) { move(*c.term, c.body); }
  void close(ast::ObjectComprehension& c) {
    move(*c.key, c.body);
    move(*c.value, c.body);
  }
  template <class Other>
  void close(Other&) {}

  void move(ast::Term& t, ast::Body& body) {
    if (requires_evaluation(t)) move_to_body(context_, t, body);
  }

  Context& context_;
};

template <class Node>
void rewrite(Context& context, Node& node) {
  Closer closer(context);
  ast::walk(node, closer);
}

}  // namespace

void rewrite_comprehension_terms(Context& context) {
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    rewrite(context, rule.head);
    rewrite(context, rule.body);
  });
}

void rewrite_comprehension_terms_in_query(Context& context, ast::Body& body) {
  rewrite(context, body);
}

void rewrite_head_values(Context& context) {
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    const auto move = [&](ast::Term& t) {
      if (requires_evaluation(t)) move_to_body(context, t, rule.body);
    };
    if (rule.head.key) move(*rule.head.key);
    if (rule.head.value) move(*rule.head.value);
    for (ast::Term& arg : rule.head.args) move(arg);
  });
}

}  // namespace signalbox::policy::check
