// Nested calls: `f(g(x)) > 1` becomes `l0 = g(x); l1 = f(l0); l1 > 1` (a call's last operand is its output).
// This is OPA's meaning, also for `not f(g(x))`: g is called outside of the negation.
#include <optional>

#include "policy/check/passes.h"

namespace signalbox::policy::check {
namespace {

class Expander {
 public:
  explicit Expander(Context& context) : context_(context) {}

  void body(ast::Body& b) {
    ast::Body out;
    out.reserve(b.size());
    for (ast::Expr& e : b) expr(std::move(e), out);
    b = std::move(out);
  }

  /// Moves calls below `t` to `support`, in the order in which they must run.
  void term(ast::Term& t, ast::Body& support) {
    std::visit([&](auto& node) { visit(t, node, support); }, t.node);
  }

 private:
  void list(std::vector<ast::Term>& terms, std::size_t from, ast::Body& support) {
    for (std::size_t i = from; i < terms.size(); ++i) term(terms[i], support);
  }

  void visit(ast::Term& t, ast::Call& node, ast::Body& support) {
    list(node.terms, 1, support);
    ast::Term local = ast::make_var(context_.locals.fresh(), t.span);
    ast::Expr call;
    call.generated = true;
    call.span = t.span;
    node.terms.push_back(local);
    call.node = std::move(node);
    support.push_back(std::move(call));
    t = std::move(local);
  }

  void visit(ast::Term&, ast::Ref& node, ast::Body& support) {
    for (ast::Term& part : node.terms) {
      const auto* call = ast::as<ast::Call>(part);
      std::optional<ast::Term> written = call == nullptr ? std::nullopt : std::optional(part);
      term(part, support);
      if (written) context_.subjects.emplace(ast::as<ast::Var>(part)->name, std::move(*written));
    }
    // `[1, 2][i]`: what is walked must be a variable.
    ast::Term& head = node.terms.front();
    if (ast::as<ast::Var>(head) != nullptr || is_scalar(head)) return;
    ast::Term local = ast::make_var(context_.locals.fresh(), head.span);
    context_.subjects.emplace(ast::as<ast::Var>(local)->name, head);
    ast::Expr eq = make_eq(local, std::move(head), local.span);
    eq.generated = true;
    support.push_back(std::move(eq));
    head = std::move(local);
  }

  void visit(ast::Term&, ast::Array& node, ast::Body& support) { list(node.items, 0, support); }
  void visit(ast::Term&, ast::Set& node, ast::Body& support) { list(node.items, 0, support); }
  void visit(ast::Term&, ast::Object& node, ast::Body& support) {
    for (ast::ObjectItem& item : node.items) {
      term(item.key, support);
      term(item.value, support);
    }
  }

  template <class Comprehension>
    requires requires(Comprehension& c) { c.body; }
  void visit(ast::Term&, Comprehension& node, ast::Body&) {
    ast::Body inner;
    if constexpr (requires { node.term; }) {
      term(*node.term, inner);
    } else {
      term(*node.key, inner);
      term(*node.value, inner);
    }
    append_to_body(node.body, std::move(inner));
    body(node.body);
  }

  template <class Leaf>
    requires(!requires(Leaf& leaf) { leaf.body; })
  void visit(ast::Term&, Leaf&, ast::Body&) {}

  void expr(ast::Expr e, ast::Body& out) {
    for (ast::With& with : e.with) term(with.value, out);
    ast::Body support;
    if (auto* lone = ast::as<ast::Term>(e)) {
      term(*lone, support);
    } else if (auto* call = ast::as<ast::Call>(e)) {
      list(call->terms, 1, support);
    } else if (auto* every = ast::as<ast::Every>(e)) {
      domain(*every, support);
    } else if (auto* negation = ast::as<ast::Not>(e)) {
      body(negation->body);
    } else if (auto* logical = ast::as<ast::Logical>(e)) {
      body(logical->lhs);
      body(logical->rhs);
    }
    for (ast::Expr& extra : support) {
      extra.with = e.with;
      out.push_back(std::move(extra));
    }
    out.push_back(std::move(e));
  }

  /// The domain of `every` becomes a variable.
  void domain(ast::Every& every, ast::Body& support) {
    term(*every.domain, support);
    ast::Term local = ast::make_var(context_.locals.fresh(), every.domain->span);
    ast::Expr eq = make_eq(local, std::move(*every.domain), local.span);
    eq.generated = true;
    support.push_back(std::move(eq));
    *every.domain = std::move(local);
    body(every.body);
  }

  Context& context_;
};

}  // namespace

void expand_calls(Context& context) {
  Expander expander(context);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    ast::Body support;
    for (ast::Term& arg : rule.head.args) expander.term(arg, support);
    if (rule.head.key) expander.term(*rule.head.key, support);
    if (rule.head.value) expander.term(*rule.head.value, support);
    append_to_body(rule.body, std::move(support));
    expander.body(rule.body);
  });
}

void expand_calls_in_query(Context& context, ast::Body& body) {
  Expander(context).body(body);
}

}  // namespace signalbox::policy::check
