// Substitution copies the tree and replaces on the way down: terms are small, and clarity is worth more here.
#include "policy/partial/terms.h"

#include "policy/builtins/builtin.h"
#include "policy/syntax/visit.h"
#include "policy/value/number.h"

namespace signalbox::policy::partial {
namespace {

bool is_document(const std::string& name) {
  return name == "data" || name == "input";
}

/// `(a.b).c` is `a.b.c`.
void flatten(ast::Ref& ref) {
  auto* inner = ast::as<ast::Ref>(ref.terms.front());
  if (inner == nullptr) return;
  std::vector<ast::Term> parts = std::move(inner->terms);
  parts.insert(parts.end(), ref.terms.begin() + 1, ref.terms.end());
  ref.terms = std::move(parts);
}

bool is_scalar(const ast::Term& term) {
  return ast::is_constant(term) && ast::as<ast::Array>(term) == nullptr &&
         ast::as<ast::Set>(term) == nullptr && ast::as<ast::Object>(term) == nullptr;
}

struct Substitution {
  const Bindings& bound;
  bool term(ast::Term& t) {
    if (const auto* var = ast::as<ast::Var>(t)) {
      const auto it = bound.find(var->name);
      if (it == bound.end()) return false;
      t = it->second;
      ast::walk(t, *this);  // what it is bound to may hold variables bound since
      return false;
    }
    if (auto* ref = ast::as<ast::Ref>(t)) {
      for (ast::Term& part : ref->terms) ast::walk(part, *this);
      flatten(*ref);
      // There is nothing in a scalar, nor in an empty object, which may be written there.
      if (ref->terms.size() > 1 && is_scalar(ref->terms.front())) ref->terms.front().node = ast::Object{};
      return false;
    }
    return true;
  }
};

/// As in `with upper as lower`.
bool is_builtin(const ast::Term& term) {
  if (const auto* ref = ast::as<ast::Ref>(term)) return find_builtin(ast::dotted_name(*ref)) != nullptr;
  const auto* var = ast::as<ast::Var>(term);
  return var != nullptr && find_builtin(var->name) != nullptr;
}

/// Operators of calls are references whose heads are no variables.
struct Variables {
  std::set<std::string> names = {};

  bool term(const ast::Term& term) {
    const auto* var = ast::as<ast::Var>(term);
    if (var != nullptr && !is_document(var->name)) names.insert(var->name);
    const auto* call = ast::as<ast::Call>(term);
    if (call != nullptr) operands(*call);
    return call == nullptr;
  }
  bool expr(const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr) return true;
    operands(*call);
    for (const ast::With& each : expr.with) with(each);
    return false;
  }
  bool with(const ast::With& with) {
    for (const ast::Term* part : {&with.target, &with.value})
      if (!is_builtin(*part)) ast::walk(*part, *this);
    return false;
  }
  void operands(const ast::Call& call) {
    for (std::size_t i = 1; i < call.terms.size(); ++i) ast::walk(call.terms[i], *this);
  }
};

template <class Node>
std::set<std::string> variables(const Node& node) {
  Variables out;
  ast::walk(node, out);
  return std::move(out.names);
}

constexpr std::string_view kGenerated = "gen__", kRule = "__of";

/// A name that is nobody else's and shows where it comes from: `user` -> `user__3`. Generated names become
/// such as an author might have chosen, since answers of queries leave out generated ones: `__local0__` ->
/// `gen__local0__of3`.
std::string fresh_name(const std::string& name, std::size_t number) {
  const std::string suffix = std::to_string(number);
  if (name.starts_with('$')) return name + "_" + suffix;
  if (!name.starts_with("__") || !name.ends_with("__")) return name + "__" + suffix;
  return std::string(kGenerated) + name.substr(2, name.size() - 4) + std::string(kRule) + suffix;
}

/// The generated name again, told apart by the rule's number: `gen__local0__of3` -> `__local0__3`.
std::string shown_name(const std::string& name) {
  if (!name.starts_with(kGenerated)) return name;
  const auto at = name.rfind(kRule);
  if (at == std::string::npos) return name;
  return "__" + name.substr(kGenerated.size(), at - kGenerated.size()) + "__" +
         name.substr(at + kRule.size());
}

struct Renaming {
  const std::map<std::string, std::string>& names;
  bool term(ast::Term& t) {
    if (auto* var = ast::as<ast::Var>(t)) {
      if (const auto it = names.find(var->name); it != names.end()) var->name = it->second;
    }
    return true;
  }
};

template <class Node>
void show(Node& node) {
  std::map<std::string, std::size_t> seen;
  std::map<std::string, std::string> names;
  ast::for_each_term(node, [&](const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term)) ++seen[var->name];
    return true;
  });
  for (const auto& [name, times] : seen) {
    if (name.starts_with('$') && times > 1) names.emplace(name, "any__" + name.substr(1));
    if (name.starts_with(kGenerated)) names.emplace(name, shown_name(name));
  }
  Renaming visitor{names};
  ast::walk(node, visitor);
  // In answers every comparison is an equality; those in closures have not been through unification.
  ast::for_each_expr(node, [](ast::Expr& expr) {
    expr.generated = false;
    auto* call = ast::as<ast::Call>(expr);
    if (call != nullptr && ast::operator_name(*call) == "equal")
      call->terms.front() = ast::make_operator("eq");
    return true;
  });
}

}  // namespace

ast::Term substitute(const ast::Term& term, const Bindings& bound) {
  ast::Term out = term;
  Substitution visitor{bound};
  ast::walk(out, visitor);
  return out;
}

ast::Expr substitute(const ast::Expr& expr, const Bindings& bound) {
  ast::Expr out = expr;
  Substitution visitor{bound};
  ast::walk(out, visitor);
  return out;
}

std::set<std::string> variables_in(const ast::Term& term) {
  return variables(term);
}

std::set<std::string> variables_in(const ast::Expr& expr) {
  return variables(expr);
}

ast::Rule renamed_apart(const ast::Rule& rule, std::size_t& next) {
  ast::Rule out = rule;
  std::set<std::string> all;
  std::set<std::string> operators;
  ast::for_each_expr(rule, [&](const ast::Expr& expr) {
    if (const auto* call = ast::as<ast::Call>(expr)) {
      if (const auto* op = ast::as<ast::Ref>(call->terms.front())) operators.insert(head_of(*op));
    }
    // `with upper as lower`: functions, not variables.
    for (const ast::With& with : expr.with) {
      for (const ast::Term* part : {&with.target, &with.value}) {
        if (!is_builtin(*part)) continue;
        const auto* ref = ast::as<ast::Ref>(*part);
        operators.insert(ref != nullptr ? head_of(*ref) : ast::as<ast::Var>(*part)->name);
      }
    }
    return true;
  });
  ast::for_each_term(rule, [&](const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term); var != nullptr && !is_document(var->name))
      all.insert(var->name);
    return true;
  });
  ++next;
  std::map<std::string, std::string> names;
  for (const std::string& name : all) {
    if (!operators.contains(name)) names.emplace(name, fresh_name(name, next));
  }
  Renaming visitor{names};
  ast::walk(out, visitor);
  return out;
}

void rename(ast::Body& body, std::map<std::string, std::string> names) {
  ast::for_each_term(body, [&](const ast::Term& term) {
    const auto* var = ast::as<ast::Var>(term);
    if (var != nullptr && (var->name.starts_with("__local") || var->name.starts_with('$')))
      names.try_emplace(var->name, fresh_name(var->name, 0));
    return true;
  });
  Renaming visitor{names};
  ast::walk(body, visitor);
}

void show_names(ast::Body& body) {
  show(body);
}

void show_names(ast::Rule& rule) {
  show(rule);
}

ast::Expr equality(ast::Term a, ast::Term b) {
  ast::Expr out;
  out.node = ast::Call{{ast::make_operator("eq"), std::move(a), std::move(b)}};
  return out;
}

ast::Term term_of(const Value& value) {
  switch (value.kind()) {
    case Kind::Undefined:
    case Kind::Null: return ast::make_null();
    case Kind::Boolean: return ast::make_bool(value.as_boolean());
    case Kind::Number: return ast::make_number(number_text(value));
    case Kind::String: return ast::make_string(std::string(value.as_string()));
    case Kind::Array: {
      ast::Array out;
      for (const Value& item : value.as_array()) out.items.push_back(term_of(item));
      return {std::move(out), {}};
    }
    case Kind::Set: {
      ast::Set out;
      for (const Value& item : value.as_set()) out.items.push_back(term_of(item));
      return {std::move(out), {}};
    }
    case Kind::Object: {
      ast::Object out;
      for (const Pair& pair : value.as_object())
        out.items.push_back({term_of(pair.key), term_of(pair.value)});
      return {std::move(out), {}};
    }
  }
  return ast::make_null();
}

std::string head_of(const ast::Ref& ref) {
  const auto* var = ast::as<ast::Var>(ref.terms.front());
  return var != nullptr ? var->name : std::string();
}

}  // namespace signalbox::policy::partial
