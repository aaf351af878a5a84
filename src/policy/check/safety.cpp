// Safety: every variable is bound before it is read. A body's expressions are taken in the order written,
// each as soon as what it needs is bound; what cannot be placed is unsafe. Nested bodies are ordered after
// the body around them, knowing what it binds.
#include <map>
#include <optional>

#include "policy/check/passes.h"
#include "policy/syntax/print.h"
#include "policy/syntax/token.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

/// Unsafe variables of one expression.
struct Unsafe {
  ast::Span at;
  VarSet vars;
};

class Orderer {
 public:
  explicit Orderer(const Arity& arity) : arity_(arity) {}

  /// Orders `body`, in which `globals` are bound. Returns what is unsafe; the body is then left as it was.
  std::vector<Unsafe> order(ast::Body& body, const VarSet& globals);

 private:
  struct Item {
    const ast::Expr* expr;
    VarSet unsafe;
    bool placed = false;
  };

  VarSet mentioned(const ast::Expr& expr) const {
    VarOptions options = kSafetyOptions;
    options.promote_operands = &arity_;
    return vars_of(expr, options);
  }
  bool place(Item& item, const VarSet& body_vars, const VarSet& globals, VarSet& safe);
  void order_inner(ast::Expr& expr, VarSet& globals, std::vector<Unsafe>& unsafe, Unsafe& own);

  const Arity& arity_;
};

/// Variables that the expression's closures read.
VarSet closure_vars(const ast::Expr& expr) {
  struct Visitor {
    VarSet out;
    bool term(const ast::Term& t) {
      if (!is_comprehension(t)) return true;
      collect_vars(t, {}, out);
      return false;
    }
    bool expr(const ast::Expr& e) {
      if (const auto* every = ast::as<ast::Every>(e)) {
        collect_vars(every->body, {}, out);
        ast::walk(*every->domain, *this);
        return false;
      }
      if (const auto* logical = ast::as<ast::Logical>(e)) {
        collect_vars(logical->lhs, {}, out);
        collect_vars(logical->rhs, {}, out);
        return false;
      }
      if (const auto* negation = ast::as<ast::Not>(e)) {
        collect_vars(negation->body, {}, out);
        return false;
      }
      return true;
    }
  } visitor;
  ast::walk(expr, visitor);
  return std::move(visitor.out);
}

/// Tries to put the expression next; false when something it needs is not bound yet.
bool Orderer::place(Item& item, const VarSet& body_vars, const VarSet& globals, VarSet& safe) {
  const VarSet outputs = output_vars(*item.expr, arity_, safe);
  const VarSet closed_over = closure_vars(*item.expr).common_with(body_vars).without(globals);
  if (!closed_over.empty()) {
    if (closed_over == outputs) return false;  // it closes over what it binds itself
    item.unsafe.add_all(closed_over);
  }
  for (const auto& name : VarSet(item.unsafe)) {
    if (outputs.contains(name) || safe.contains(name)) item.unsafe.remove(name);
  }
  if (!item.unsafe.empty()) return false;
  item.placed = true;
  safe.add_all(outputs);
  return true;
}

std::vector<Unsafe> Orderer::order(ast::Body& body, const VarSet& globals) {
  VarSet body_vars;
  std::vector<Item> items;
  for (const ast::Expr& expr : body) {
    items.push_back({&expr, mentioned(expr), false});
    body_vars.add_all(items.back().unsafe);
  }
  VarSet safe = body_vars.common_with(globals);
  for (Item& item : items) item.unsafe = item.unsafe.without(safe);

  std::vector<std::size_t> order;
  for (bool progress = true; progress;) {
    progress = false;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (items[i].placed || !place(items[i], body_vars, globals, safe)) continue;
      order.push_back(i);
      progress = true;
    }
  }
  // `p[[x | true]]`, which closes over what it seems to bind itself, needs nothing else. OPA loses it.
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].placed || !items[i].unsafe.without(safe).empty()) continue;
    items[i].placed = true;
    order.push_back(i);
  }
  std::vector<Unsafe> unsafe;
  for (const Item& item : items) {
    if (!item.placed) unsafe.push_back({item.expr->span, item.unsafe});
  }

  // Nested bodies, in the order found; they see what was bound before their expression.
  VarSet known = globals;
  for (std::size_t k = 0; k < order.size(); ++k) {
    if (k > 0) known.add_all(mentioned(body[order[k - 1]]));
    Unsafe own{body[order[k]].span, {}};
    order_inner(body[order[k]], known, unsafe, own);
    if (!own.vars.empty()) unsafe.push_back(std::move(own));
  }
  if (!unsafe.empty()) return unsafe;
  ast::Body ordered;
  ordered.reserve(body.size());
  for (const std::size_t i : order) ordered.push_back(std::move(body[i]));
  body = std::move(ordered);
  return {};
}

void Orderer::order_inner(ast::Expr& expr, VarSet& globals, std::vector<Unsafe>& unsafe, Unsafe& own) {
  struct Visitor {
    Orderer& orderer;
    VarSet& globals;
    std::vector<Unsafe>& unsafe;
    Unsafe& own;

    void close(ast::Body& body, const VarSet& head_vars) {
      VarOptions options = kSafetyOptions;
      options.promote_operands = &orderer.arity_;
      VarSet bound = vars_of(body, options);
      bound.add_all(globals);
      own.vars.add_all(head_vars.without(bound));
      for (Unsafe& inner : orderer.order(body, globals)) unsafe.push_back(std::move(inner));
    }
    bool term(ast::Term& t) {
      if (auto* array = ast::as<ast::ArrayComprehension>(t))
        return close(array->body, vars_of(*array->term)), false;
      if (auto* set = ast::as<ast::SetComprehension>(t)) return close(set->body, vars_of(*set->term)), false;
      if (auto* object = ast::as<ast::ObjectComprehension>(t)) {
        VarSet head = vars_of(*object->key);
        collect_vars(*object->value, {}, head);
        return close(object->body, head), false;
      }
      return true;
    }
    bool expr(ast::Expr& e) {
      if (auto* every = ast::as<ast::Every>(e)) {
        if (every->key) collect_vars(**every->key, {}, globals);
        collect_vars(*every->value, {}, globals);
        return close(every->body, {}), false;
      }
      if (auto* negation = ast::as<ast::Not>(e)) return close(negation->body, {}), false;
      if (auto* logical = ast::as<ast::Logical>(e)) {
        close(logical->lhs, {});
        close(logical->rhs, {});
        return false;
      }
      return true;
    }
  } visitor{*this, globals, unsafe, own};
  ast::walk(expr, visitor);
}

bool is_future_word(std::string_view name) {
  return ast::future_keyword(name) != 0;
}

/// One error for each unsafe variable, at the first expression that has it; generated ones only when there
/// are no others, and then the expressions are named.
void report(Context& context, const std::vector<Unsafe>& unsafe, const std::string& scope) {
  std::map<std::string, ast::Span> first;
  const auto before = [](const ast::Span& a, const ast::Span& b) {
    return std::pair(a.row, a.col) < std::pair(b.row, b.col);
  };
  for (const Unsafe& one : unsafe) {
    for (const auto& name : one.vars) {
      const auto [it, fresh] = first.emplace(name, one.at);
      if (!fresh && before(one.at, it->second)) it->second = one.at;
    }
  }
  bool any = false;
  for (const auto& [name, at] : first) {
    const std::string& written = context.written(name);
    if (is_generated(written)) continue;
    any = true;
    const std::string hint =
        is_future_word(written)
            ? fmt::format(" (hint: `import future.keywords.{}` to import a future keyword)", written)
            : std::string();
    const std::string shown = written.starts_with('$') ? "_" : written;
    context.error(kUnsafeError, at, fmt::format("var {} is unsafe{}{}", shown, scope, hint));
  }
  if (any) return;
  std::vector<const Unsafe*> sorted;
  for (const Unsafe& one : unsafe) sorted.push_back(&one);
  std::ranges::sort(sorted, [&](const Unsafe* a, const Unsafe* b) { return before(a->at, b->at); });
  VarSet seen;
  for (const Unsafe* one : sorted) {
    const std::size_t known = seen.size();
    for (const auto& name : one->vars) seen.add(name);
    if (seen.size() > known) context.error(kUnsafeError, one->at, "expression is unsafe" + scope);
  }
}

/// " in rule p" for rules on a row that holds rules of several names: there the position does not say which.
class RuleScopes {
 public:
  explicit RuleScopes(const ast::Module& module) {
    std::map<std::uint32_t, std::string> first;
    const auto visit = [&](const ast::Rule& top) {
      for (const ast::Rule* rule = &top; rule != nullptr;
           rule = rule->otherwise ? &**rule->otherwise : nullptr) {
        const auto [it, fresh] = first.emplace(rule->span.row, name(*rule));
        if (!fresh && it->second != name(*rule)) shared_.push_back(rule->span.row);
      }
    };
    for (const ast::Rule& rule : module.rules) visit(rule);
  }
  std::string of(const ast::Rule& rule) const {
    return std::ranges::find(shared_, rule.span.row) == shared_.end() ? "" : " in rule " + name(rule);
  }

 private:
  static std::string name(const ast::Rule& rule) { return ast::to_text(ground_prefix(rule.head.ref)); }
  std::vector<std::uint32_t> shared_;
};

/// Where in the head a variable stands.
ast::Span place_of(const ast::RuleHead& head, const std::string& name) {
  std::optional<ast::Span> found;
  const auto look = [&](const ast::Term& root) {
    ast::for_each_term(root, [&](const ast::Term& t) {
      const auto* var = ast::as<ast::Var>(t);
      if (!found && var != nullptr && var->name == name) found = t.span;
      return !found;
    });
  };
  for (std::size_t i = 1; i < head.ref.terms.size(); ++i) look(head.ref.terms[i]);
  for (const ast::Term& arg : head.args) look(arg);
  if (head.key) look(*head.key);
  if (head.value) look(*head.value);
  return found.value_or(head.span);
}

}  // namespace

void check_head_safety(Context& context) {
  std::optional<RuleScopes> scopes;
  const ast::Module* current = nullptr;
  context.for_each_rule([&](ast::Module& module, ast::Rule& rule) {
    VarSet bound = vars_of(rule.body, kSafetyOptions);
    bound.add_all(argument_vars(rule.head));
    const VarSet unsafe = vars_of(rule.head).without(bound);
    if (unsafe.empty()) return;
    if (current != &module) scopes.emplace(module), current = &module;
    for (const auto& name : unsafe) {
      const std::string& written = context.written(name);
      if (is_generated(written)) continue;
      context.error(
          kUnsafeError, place_of(rule.head, name),
          fmt::format("var {} is unsafe{}", written.starts_with('$') ? "_" : written, scopes->of(rule)));
    }
  });
}

void check_body_safety(Context& context) {
  const Arity arity = context.arity();
  Orderer orderer(arity);
  std::optional<RuleScopes> scopes;
  const ast::Module* current = nullptr;
  context.for_each_rule([&](ast::Module& module, ast::Rule& rule) {
    VarSet safe = reserved_vars();
    safe.add_all(argument_vars(rule.head));
    const auto unsafe = orderer.order(rule.body, safe);
    if (unsafe.empty()) return;
    if (current != &module) scopes.emplace(module), current = &module;
    report(context, unsafe, scopes->of(rule));
  });
}

void check_safety_in_query(Context& context, ast::Body& body) {
  const Arity arity = context.arity();
  const auto unsafe = Orderer(arity).order(body, reserved_vars());
  if (!unsafe.empty()) report(context, unsafe, "");
}

}  // namespace signalbox::policy::check
