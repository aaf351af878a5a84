// Local variables: each declared one (`:=`, `some`, `every`, arguments) gets a name of its own, so that no
// later stage has to think about scopes. Reports names used before their declaration, declared twice or not
// at all used. The surprise: a variable that is only mentioned (`x = 1`) is not declared; it keeps its name
// and unifies through the whole body.
#include "policy/check/locals.h"

#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::check {
namespace {

bool is_root_document(const ast::Term& term) {
  const auto* ref = ast::as<ast::Ref>(term);
  const auto* head =
      ref != nullptr && ref->terms.size() == 1 ? ast::as<ast::Var>(ref->terms.front()) : nullptr;
  return head != nullptr && reserved_vars().contains(head->name);
}

}  // namespace

/// The new name of a variable that is declared here.
std::optional<std::string> Rewriter::declare(const std::string& name, Occurrence how, const ast::Span& at) {
  const char* problem = nullptr;
  switch (scopes_.here(name)) {
    case Occurrence::Seen: problem = "var {} referenced above"; break;
    case Occurrence::Assigned: problem = "var {} assigned above"; break;
    case Occurrence::Declared: problem = "var {} declared above"; break;
    case Occurrence::Argument: problem = "arg {} redeclared"; break;
    case Occurrence::None: break;
  }
  if (problem != nullptr) {
    context_.error(kCompileError, at, fmt::format(fmt::runtime(problem), name));
    return {};
  }
  std::string fresh = context_.locals.fresh();
  scopes_.insert(name, fresh, how);
  return fresh;
}

void Rewriter::body(ast::Body& b, const VarSet& used) {
  const std::size_t before = context_.errors.size();
  std::vector<std::pair<ast::Span, VarSet>> declarations;
  for (const ast::Expr& expr : b) declarations.emplace_back(expr.span, declared_vars(expr));
  ast::Body rewritten;
  for (ast::Expr& expr : b) {
    if (auto kept = statement(std::move(expr))) rewritten.push_back(std::move(*kept));
  }
  if (rewritten.empty()) rewritten.push_back(make_expr(ast::make_bool(true, declarations.front().first)));
  if (!failed(before) && context_.options.strict) check_unused_assigned(rewritten, used);
  if (!failed(before)) check_unused_declared(rewritten, used, declarations);
  b = std::move(rewritten);
}

/// Declared names that nothing mentions under their new names; reported where they were declared.
void Rewriter::check_unused_declared(const ast::Body& rewritten, const VarSet& used,
                                     const std::vector<std::pair<ast::Span, VarSet>>& declarations) {
  const Scope& scope = scopes_.top();
  if (std::ranges::none_of(scope.occurrence,
                           [](const auto& entry) { return entry.second == Occurrence::Declared; })) {
    return;
  }
  VarSet mentioned = vars_of(rewritten);
  mentioned.add_all(names_now(used));
  for (const auto& [name, how] : scope.occurrence) {
    if (how != Occurrence::Declared || is_generated(name) || mentioned.contains(scope.names.at(name)))
      continue;
    const auto declared =
        std::ranges::find_if(declarations, [&](const auto& entry) { return entry.second.contains(name); });
    const ast::Span& at = declared == declarations.end() ? declarations.front().first : declared->first;
    context_.error(kCompileError, at, fmt::format("declared var {} unused", name));
  }
}

VarSet Rewriter::names_now(const VarSet& used) const {
  VarSet out;
  for (const auto& name : used) {
    const std::string* now = scopes_.declared(name);
    out.add(now == nullptr ? name : *now);
  }
  return out;
}

void Rewriter::check_unused_assigned(const ast::Body& rewritten, const VarSet& used) {
  const VarSet kept = names_now(used);
  std::map<std::string, std::string> unused;  // new name -> written name
  for (const auto& [name, how] : scopes_.top().occurrence) {
    if (how != Occurrence::Assigned || name.starts_with('$') || scopes_.count(name) > 1) continue;
    const std::string& now = scopes_.top().names[name];
    if (!kept.contains(now)) unused.emplace(now, name);
  }
  for (const auto& [now, name] : unused) {
    ast::Span at = rewritten.front().span;
    for (const ast::Expr& expr : rewritten) {
      if (!vars_of(expr).contains(now)) continue;
      at = expr.span;
      break;
    }
    context_.error(kCompileError, at, fmt::format("assigned var {} unused", name));
  }
}

std::optional<ast::Expr> Rewriter::statement(ast::Expr expr) {
  if (is_call_of(expr, "assign")) {
    assignment(expr);
  } else if (ast::as<ast::SomeDecl>(expr) != nullptr) {
    return some(std::move(expr));
  } else if (ast::as<ast::Every>(expr) != nullptr) {
    if (!every(expr)) return {};
  } else if (ast::as<ast::Not>(expr) != nullptr) {
    negation(expr);
  } else if (ast::as<ast::Logical>(expr) != nullptr) {
    logical(expr);
  } else {
    rewrite(expr);
  }
  return expr;
}

void Rewriter::assignment(ast::Expr& expr) {
  if (expr.negated)
    return context_.error(kCompileError, expr.span, "cannot assign vars inside negated expression");
  const std::size_t before = context_.errors.size();
  auto* call = ast::as<ast::Call>(expr);
  // The right side first: it sees the names from before the declaration.
  rewrite(call->terms[2]);
  for (ast::With& with : expr.with) rewrite(with.value);
  assign_to(call->terms[1]);
  if (failed(before)) return;
  call->terms[0] = ast::make_operator("eq", call->terms[0].span);
  expr.from_assignment = true;
}

void Rewriter::assign_to(ast::Term& target) {
  if (const auto* var = ast::as<ast::Var>(target)) {
    if (auto fresh = declare(var->name, Occurrence::Assigned, target.span))
      target.node = ast::Var{std::move(*fresh)};
  } else if (auto* array = ast::as<ast::Array>(target)) {
    for (ast::Term& item : array->items) assign_to(item);
  } else if (auto* object = ast::as<ast::Object>(target)) {
    for (ast::ObjectItem& item : object->items) assign_to(item.value);
  } else if (is_root_document(target)) {
    const std::string name = ast::as<ast::Var>(ast::as<ast::Ref>(target)->terms.front())->name;
    if (auto fresh = declare(name, Occurrence::Assigned, target.span))
      target.node = ast::Var{std::move(*fresh)};
  } else {
    context_.error(kCompileError, target.span, fmt::format("cannot assign to {}", ast::kind_name(target)));
  }
}

std::optional<ast::Expr> Rewriter::some(ast::Expr expr) {
  auto* decl = ast::as<ast::SomeDecl>(expr);
  const auto* member = ast::as<ast::Call>(decl->symbols.front());
  if (member == nullptr) {
    for (const ast::Term& symbol : decl->symbols) {
      const auto* var = ast::as<ast::Var>(symbol);
      if (var == nullptr || !declare(var->name, Occurrence::Declared, decl->span)) return {};
    }
    return {};
  }
  const ast::Call copy = *member;
  bool ok = true;
  ast::Expr out = some_in(std::move(expr), copy, ok);
  if (!ok) return {};
  return out;
}

/// `some k, v in xs` is `v = xs[k]`, with the variables of k and v declared.
ast::Expr Rewriter::some_in(ast::Expr expr, const ast::Call& member, bool& ok) {
  const ast::Span at = ast::as<ast::SomeDecl>(expr)->span;
  const bool keyed = member.arity() == 3;
  ast::Term key = keyed ? member.terms[1] : ast::make_var(context_.locals.fresh());
  const ast::Term& value = member.terms[keyed ? 2 : 1];
  const ast::Term& container = member.terms.back();
  ast::Ref into;
  if (const auto* ref = ast::as<ast::Ref>(container)) {
    into = *ref;
  } else {
    into.terms.push_back(container);
  }
  into.terms.push_back(std::move(key));
  ast::Expr out = make_eq(value, ast::Term{std::move(into), container.span}, expr.span);
  out.with = std::move(expr.with);
  for (const auto& name : output_vars_of_eq(out, vars_of(container))) {
    if (!declare(name, Occurrence::Declared, at)) {
      ok = false;
      return out;
    }
  }
  rewrite(out);
  return out;
}

bool Rewriter::every(ast::Expr& expr) {
  auto& node = *ast::as<ast::Every>(expr);
  rewrite(*node.domain);
  scopes_.push();
  const auto rename = [&](ast::Term& t) {
    auto* var = ast::as<ast::Var>(t);
    if (var == nullptr || var->is_wildcard()) return true;
    auto fresh = declare(var->name, Occurrence::Declared, node.span);
    if (fresh) var->name = std::move(*fresh);
    return fresh.has_value();
  };
  bool ok = true;
  if (node.key) {
    ok = rename(**node.key);
  } else {
    node.key = ast::make_var(context_.locals.fresh());
  }
  ok = ok && rename(*node.value);
  if (ok) {
    body(node.body, {});
    for (ast::With& with : expr.with) rewrite_with(with);
  }
  scopes_.pop();
  return ok;
}

void Rewriter::scoped_body(ast::Body& b) {
  scopes_.push();
  body(b, {});
  scopes_.pop();
}

void Rewriter::negation(ast::Expr& expr) {
  auto& node = *ast::as<ast::Not>(expr);
  if (!node.explicit_body) {
    const std::size_t before = context_.errors.size();
    implicit_operand(node.body, "cannot assign vars inside negated expression");
    if (!failed(before)) rewrite(expr);
    return;
  }
  scopes_.push();
  body(node.body, {});
  rewrite(expr);
  scopes_.pop();
}

void Rewriter::logical(ast::Expr& expr) {
  auto& node = *ast::as<ast::Logical>(expr);
  const std::size_t before = context_.errors.size();
  const std::string_view complaint = node.op == ast::LogicalOp::And
                                         ? "cannot assign vars inside implicit and operand"
                                         : "cannot assign vars inside implicit or operand";
  node.explicit_lhs ? scoped_body(node.lhs) : implicit_operand(node.lhs, complaint);
  node.explicit_rhs ? scoped_body(node.rhs) : implicit_operand(node.rhs, complaint);
  if (!failed(before)) rewrite(expr);
}

/// An operand without braces is part of the enclosing body's scope and may declare nothing.
void Rewriter::implicit_operand(ast::Body& b, std::string_view complaint) {
  for (ast::Expr& expr : b) {
    if (is_call_of(expr, "assign")) {
      context_.error(kCompileError, expr.span, std::string(complaint));
    } else if (ast::as<ast::Not>(expr) != nullptr) {
      negation(expr);
    } else if (ast::as<ast::Logical>(expr) != nullptr) {
      logical(expr);
    }
  }
}

/// `with input as`: the target is the document, also where a local variable hides the name.
void Rewriter::rewrite_with(ast::With& with) {
  rewrite(with.target);
  if (const std::string* hidden = scopes_.declared("input")) {
    if (const auto* var = ast::as<ast::Var>(with.target); var != nullptr && var->name == *hidden) {
      with.target = ast::make_ref({ast::make_var("input", with.target.span)}, with.target.span);
    } else if (auto* ref = ast::as<ast::Ref>(with.target)) {
      auto* head = ast::as<ast::Var>(ref->terms.front());
      if (head != nullptr && head->name == *hidden) head->name = "input";
    }
  }
  rewrite(with.value);
}

template <class Comprehension>
void Rewriter::comprehension(Comprehension& c) {
  VarSet used;
  const auto each_term = [&](auto&& f) {
    if constexpr (requires { c.term; }) {
      f(*c.term);
    } else {
      f(*c.key);
      f(*c.value);
    }
  };
  each_term([&](ast::Term& t) { collect_vars(t, {}, used); });
  scopes_.push();
  body(c.body, used);
  each_term([&](ast::Term& t) { rewrite(t); });
  scopes_.pop();
}

/// Returns whether the walk goes on below `t`.
bool Rewriter::visit_term(ast::Term& t) {
  if (auto* var = ast::as<ast::Var>(t)) {
    if (const std::string* now = scopes_.declared(var->name)) {
      const std::string before = var->name;
      var->name = *now;
      scopes_.seen(before);
    } else if (scopes_.here(var->name) == Occurrence::None) {
      scopes_.insert(var->name, var->name, Occurrence::Seen);
    }
    return false;
  }
  if (is_root_document(t)) {
    const std::string name = ast::as<ast::Var>(ast::as<ast::Ref>(t)->terms.front())->name;
    const Occurrence how = scopes_.anywhere(name);
    if (how != Occurrence::None && how != Occurrence::Seen) t.node = ast::Var{*scopes_.declared(name)};
    return false;
  }
  if (const auto* call = ast::as<ast::Call>(t)) {
    for (const auto& name : vars_of(call->op())) {
      const std::string* now = scopes_.declared(name);
      if (now == nullptr || *now == name) continue;
      context_.error(kCompileError, t.span,
                     fmt::format("called function {} shadowed", ast::to_text(call->op())));
    }
    return true;
  }
  if (auto* array = ast::as<ast::ArrayComprehension>(t)) return comprehension(*array), false;
  if (auto* set = ast::as<ast::SetComprehension>(t)) return comprehension(*set), false;
  if (auto* object = ast::as<ast::ObjectComprehension>(t)) return comprehension(*object), false;
  return true;
}

namespace {

/// Arguments are local variables, wherever a pattern can bind them.
void declare_arguments(Context& context, Scopes& scopes, ast::Term& term) {
  if (auto* var = ast::as<ast::Var>(term)) {
    if (const std::string* now = scopes.declared(var->name)) {
      const std::string before = var->name;
      var->name = *now;
      scopes.seen(before);
    } else {
      std::string fresh = context.locals.fresh();
      scopes.insert(var->name, fresh, Occurrence::Argument);
      var->name = std::move(fresh);
    }
  } else if (auto* object = ast::as<ast::Object>(term)) {
    for (ast::ObjectItem& item : object->items) declare_arguments(context, scopes, item.value);
  } else if (auto* array = ast::as<ast::Array>(term)) {
    for (ast::Term& item : array->items) declare_arguments(context, scopes, item);
  } else if (auto* ref = ast::as<ast::Ref>(term)) {
    for (ast::Term& part : ref->terms) declare_arguments(context, scopes, part);
  } else if (ast::as<ast::Call>(term) != nullptr) {
    context.error(kCompileError, term.span, "rule arguments cannot contain calls");
  }
}

bool head_may_have_vars(const ast::RuleHead& head) {
  const auto composite = [](const ast::Term& t) { return !is_scalar(t); };
  return std::ranges::any_of(head.args, composite) || (head.key && composite(*head.key)) ||
         (head.value && composite(*head.value)) ||
         std::any_of(head.ref.terms.begin() + 1, head.ref.terms.end(), composite);
}

/// Comprehensions and template strings in the head have scopes of their own, and are done before the body.
struct HeadClosures {
  Context& context;
  bool term(ast::Term& t) {
    Scopes scopes(context.original_names);
    Rewriter rewriter(context, scopes);
    if (auto* array = ast::as<ast::ArrayComprehension>(t)) return rewriter.comprehension(*array), false;
    if (auto* set = ast::as<ast::SetComprehension>(t)) return rewriter.comprehension(*set), false;
    if (auto* object = ast::as<ast::ObjectComprehension>(t)) return rewriter.comprehension(*object), false;
    auto* text = ast::as<ast::TemplateString>(t);
    if (text == nullptr) return true;
    for (auto& part : text->parts) {
      if (auto* expr = std::get_if<ast::Box<ast::Expr>>(&part)) {
        scopes.push();
        rewriter.rewrite(**expr);
        scopes.pop();
      }
    }
    return false;
  }
};

/// Variables in the head that the body (or the arguments) declare get their new names.
void rename_in_head(ast::RuleHead& head, const std::map<std::string, std::string>& names) {
  const auto rename = [&](ast::Term& root) {
    ast::for_each_term(root, [&](ast::Term& t) {
      if (auto* var = ast::as<ast::Var>(t)) {
        if (const auto it = names.find(var->name); it != names.end()) var->name = it->second;
      }
      return true;
    });
  };
  for (ast::Term& arg : head.args) rename(arg);
  for (std::size_t i = 1; i < head.ref.terms.size(); ++i) rename(head.ref.terms[i]);
  if (head.key) rename(*head.key);
  if (head.value) rename(*head.value);
}

/// A variable with the name of a built-in, bound in the body, would be mistaken for it later: it gets a new
/// name.
void hide_builtin_names(Context& context, const ast::Rule& rule, Scopes& scopes) {
  const VarSet declared = declared_vars(rule.body);
  VarSet replaced;  // names in `with` may stand for functions
  ast::for_each_expr(rule.body, [&](const ast::Expr& expr) {
    for (const ast::With& with : expr.with) collect_vars(with, {}, replaced);
    return true;
  });
  for (const auto& name : vars_of(rule.body, kSafetyOptions)) {
    if (declared.contains(name) || replaced.contains(name) || scopes.declared(name) != nullptr) continue;
    if (find_builtin(name) != nullptr) scopes.insert(name, context.locals.fresh(), Occurrence::Seen);
  }
}

/// Returns the scopes after the body, in which uses are counted.
Scopes rewrite_rule(Context& context, ast::Rule& rule, const Scopes& arguments, VarSet& unused_arguments) {
  const bool composite = head_may_have_vars(rule.head);
  VarSet used;
  if (composite) {
    HeadClosures closures{context};
    ast::walk(rule.head, closures);
    for (std::size_t i = 1; i < rule.head.ref.terms.size(); ++i)
      collect_vars(rule.head.ref.terms[i], {}, used);
    if (rule.head.key) collect_vars(*rule.head.key, {}, used);
    if (rule.head.value) {
      const VarSet in_value = vars_of(*rule.head.value);
      used.add_all(in_value);
      unused_arguments = unused_arguments.without(in_value);
    }
  }
  Scopes scopes = arguments;
  hide_builtin_names(context, rule, scopes);
  Rewriter rewriter(context, scopes);
  rewriter.body(rule.body, used);
  if (composite) rename_in_head(rule.head, scopes.top().names);
  return scopes;
}

}  // namespace

void rewrite_locals(Context& context) {
  for (ast::Module& module : context.modules) {
    context.source = module.source.get();
    for (ast::Rule& top : module.rules) {
      VarSet unused = argument_vars(top.head);
      Scopes arguments(context.original_names);
      for (ast::Term& arg : top.head.args) declare_arguments(context, arguments, arg);
      for (ast::Rule* rule = &top; rule != nullptr; rule = rule->otherwise ? &**rule->otherwise : nullptr) {
        const Scopes after = rewrite_rule(context, *rule, arguments, unused);
        for (const auto& name : VarSet(unused)) {
          if (after.count(name) > 1) unused.remove(name);
        }
      }
      if (!context.options.strict) continue;
      for (const auto& name : unused) {
        if (name.starts_with('$')) continue;
        context.error(kCompileError, top.head.span,
                      fmt::format("unused argument {}. (hint: use _ (wildcard variable) instead)", name));
      }
    }
  }
}

void rewrite_locals_in_query(Context& context, ast::Body& body) {
  Scopes scopes(context.original_names);
  Rewriter(context, scopes).body(body, {});
}

}  // namespace signalbox::policy::check
