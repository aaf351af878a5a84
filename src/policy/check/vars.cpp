// Which variables a node mentions.
#include "policy/check/vars.h"

#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// Variables of a body without braces that it does not bind for itself: the enclosing body must.
VarSet unsatisfied_in(const ast::Body& body, const Arity& arity);

class Collector {
 public:
  Collector(const VarOptions& options, VarSet& out) : options_(options), out_(out) {}

  void term(const ast::Term& t) {
    std::visit([this, &t](const auto& node) { visit(t, node); }, t.node);
  }

  void ref(const ast::Ref& r) { list(r.terms, options_.skip_ref_head ? 1 : 0); }

  void with(const ast::With& w) {
    if (!options_.skip_call_head) {
      term(w.target);
      term(w.value);
      return;
    }
    if (const auto* target = ast::as<ast::Ref>(w.target)) list(target->terms, 1);
    if (const auto* value = ast::as<ast::Ref>(w.value)) {
      list(value->terms, 1);
    } else {
      term(w.value);
    }
  }

  void expr(const ast::Expr& e) {
    if (const auto* every = ast::as<ast::Every>(e); every != nullptr && options_.skip_closures) {
      return term(*every->domain);
    }
    std::visit([this](const auto& node) { statement(node); }, e.node);
    for (const ast::With& w : e.with) with(w);
  }

  void body(const ast::Body& b) {
    for (const ast::Expr& e : b) expr(e);
  }

 private:
  void list(const std::vector<ast::Term>& terms, std::size_t from) {
    for (std::size_t i = from; i < terms.size(); ++i) term(terms[i]);
  }

  void call(const ast::Call& c) {
    const auto* op = ast::as<ast::Ref>(c.op());
    if (options_.skip_call_head && op != nullptr) {
      list(op->terms, 1);
    } else {
      term(c.op());
    }
    list(c.terms, 1);
  }

  void visit(const ast::Term&, const ast::Var& node) { out_.add(node.name); }
  void visit(const ast::Term&, const ast::Ref& node) { ref(node); }
  void visit(const ast::Term&, const ast::Call& node) { call(node); }
  void visit(const ast::Term&, const ast::Array& node) { list(node.items, 0); }
  void visit(const ast::Term&, const ast::Set& node) {
    if (!options_.skip_sets) list(node.items, 0);
  }
  void visit(const ast::Term&, const ast::Object& node) {
    for (const ast::ObjectItem& item : node.items) {
      if (!options_.skip_object_keys) term(item.key);
      term(item.value);
    }
  }
  template <class Comprehension>
    requires requires(const Comprehension& c) { c.body; }
  void visit(const ast::Term&, const Comprehension& node) {
    if (options_.skip_closures) return;
    if constexpr (requires { node.term; }) {
      term(*node.term);
    } else {
      term(*node.key);
      term(*node.value);
    }
    body(node.body);
  }
  void visit(const ast::Term&, const ast::TemplateString& node) {
    if (options_.skip_closures) return;
    for (const auto& part : node.parts) {
      if (const auto* piece = std::get_if<ast::Box<ast::Term>>(&part)) {
        term(**piece);
      } else {
        expr(*std::get<ast::Box<ast::Expr>>(part));
      }
    }
  }
  template <class Scalar>
    requires std::is_same_v<Scalar, ast::Null> || std::is_same_v<Scalar, ast::Boolean> ||
             std::is_same_v<Scalar, ast::Number> || std::is_same_v<Scalar, ast::String>
  void visit(const ast::Term&, const Scalar&) {}

  void statement(const ast::Term& node) { term(node); }
  void statement(const ast::Call& node) { call(node); }
  void statement(const ast::SomeDecl& node) { list(node.symbols, 0); }
  void statement(const ast::Every& node) {
    if (node.key) term(**node.key);
    term(*node.value);
    term(*node.domain);
    body(node.body);
  }
  void statement(const ast::Not& node) { operand(node.body, node.explicit_body); }
  void statement(const ast::Logical& node) {
    operand(node.lhs, node.explicit_lhs);
    operand(node.rhs, node.explicit_rhs);
  }
  void operand(const ast::Body& b, bool is_explicit) {
    if (!options_.skip_closures) return body(b);
    if (options_.promote_operands == nullptr || is_explicit) return;
    out_.add_all(unsatisfied_in(b, *options_.promote_operands));
  }

  const VarOptions& options_;
  VarSet& out_;
};

/// What the expressions of a body bind by `=` or by a call's output.
VarSet bindings_in(const ast::Body& body, const Arity& arity) {
  VarSet out;
  for (const ast::Expr& expr : body) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr) continue;
    if (is_call_of(expr, "eq")) {
      out.add_all(output_vars_of_eq(expr, {}));
      continue;
    }
    const auto* op = ast::as<ast::Ref>(call->op());
    const int arguments = op == nullptr ? -1 : arity(*op);
    if (arguments < 0) continue;
    const VarOptions options = {
        .skip_ref_head = true, .skip_object_keys = true, .skip_closures = true, .skip_sets = true};
    for (std::size_t i = static_cast<std::size_t>(arguments) + 1; i < call->terms.size(); ++i) {
      collect_vars(call->terms[i], options, out);
    }
  }
  return out;
}

VarSet unsatisfied_in(const ast::Body& body, const Arity& arity) {
  VarSet seen;
  VarSet repeated;
  for (const ast::Expr& expr : body) {
    for (const auto& name : vars_of(expr, kSafetyOptions)) {
      if (seen.contains(name)) repeated.add(name);
      seen.add(name);
    }
  }
  if (body.size() <= 1) return seen;
  // Bound here and used by another expression here: that is the body's own business.
  return seen.without(repeated.common_with(bindings_in(body, arity)));
}

}  // namespace

VarSet VarSet::without(const VarSet& other) const {
  VarSet out;
  std::ranges::set_difference(names_, other.names_, std::back_inserter(out.names_));
  return out;
}

VarSet VarSet::common_with(const VarSet& other) const {
  VarSet out;
  std::ranges::set_intersection(names_, other.names_, std::back_inserter(out.names_));
  return out;
}

const VarSet& reserved_vars() {
  static const VarSet kReserved = {"data", "input"};
  return kReserved;
}

void collect_vars(const ast::Term& term, const VarOptions& options, VarSet& out) {
  Collector(options, out).term(term);
}
void collect_vars(const ast::Ref& ref, const VarOptions& options, VarSet& out) {
  Collector(options, out).ref(ref);
}
void collect_vars(const ast::With& with, const VarOptions& options, VarSet& out) {
  Collector(options, out).with(with);
}
void collect_vars(const ast::Expr& expr, const VarOptions& options, VarSet& out) {
  Collector(options, out).expr(expr);
}
void collect_vars(const ast::Body& body, const VarOptions& options, VarSet& out) {
  Collector(options, out).body(body);
}

void collect_vars(const ast::RuleHead& head, const VarOptions& options, VarSet& out) {
  Collector collector(options, out);
  for (std::size_t i = 1; i < head.ref.terms.size(); ++i) collector.term(head.ref.terms[i]);
  for (const ast::Term& arg : head.args) collector.term(arg);
  if (head.key) collector.term(*head.key);
  if (head.value) collector.term(*head.value);
}

VarSet argument_vars(const ast::RuleHead& head) {
  VarSet out;
  for (const ast::Term& arg : head.args) collect_vars(arg, {}, out);
  return out;
}

bool is_call_of(const ast::Expr& expr, std::string_view name) {
  const auto* call = ast::as<ast::Call>(expr);
  if (call == nullptr || call->arity() != 2) return false;
  const auto* op = ast::as<ast::Ref>(call->op());
  const auto* head = op != nullptr && op->terms.size() == 1 ? ast::as<ast::Var>(op->terms.front()) : nullptr;
  return head != nullptr && head->name == name;
}

namespace {

struct DeclarationFinder {
  VarSet out;

  // Declarations in comprehensions are theirs.
  bool term(const ast::Term& t) {
    return ast::as<ast::ArrayComprehension>(t) == nullptr && ast::as<ast::SetComprehension>(t) == nullptr &&
           ast::as<ast::ObjectComprehension>(t) == nullptr;
  }

  bool expr(const ast::Expr& e) {
    if (is_call_of(e, "assign")) {
      collect_vars(ast::as<ast::Call>(e)->terms[1], {}, out);
    } else if (const auto* decl = ast::as<ast::SomeDecl>(e)) {
      for (const ast::Term& symbol : decl->symbols) {
        const auto* member = ast::as<ast::Call>(symbol);
        if (member == nullptr) {
          collect_vars(symbol, {}, out);
        } else {
          for (std::size_t i = 1; i < member->arity(); ++i) collect_vars(member->terms[i], {}, out);
        }
      }
    }
    return true;
  }
};

}  // namespace

VarSet declared_vars(const ast::Body& body) {
  DeclarationFinder finder;
  ast::walk(body, finder);
  return std::move(finder.out);
}

VarSet declared_vars(const ast::Expr& expr) {
  DeclarationFinder finder;
  ast::walk(expr, finder);
  return std::move(finder.out);
}

}  // namespace signalbox::policy::check
