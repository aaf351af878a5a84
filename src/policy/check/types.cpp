// Types: arguments of built-ins must be able to have the types of their signatures, and the sides of `=` must
// be able to be equal. What is known comes from constants, from the built-ins' results and from what
// variables were used for before; documents and rules may be anything. A type error is always a mistake: what
// is merely unknown passes.
#include <map>

#include "policy/check/passes.h"
#include "policy/check/type.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

using TypeEnv = std::map<std::string, Type>;

class TypeChecker {
 public:
  explicit TypeChecker(Context& context) : context_(context) {}

  void body(const ast::Body& b, TypeEnv env) {
    for (const ast::Expr& e : b) {
      closures(e, env);
      // Values put in by `with` may be of any type, and so may what functions they replace give.
      if (e.with.empty()) expr(e, env);
    }
  }

  /// Comprehensions in a head.
  void head(const ast::RuleHead& h) {
    ast::for_each_term(h, [&](const ast::Term& t) { return closure(t, {}); });
  }

 private:
  bool closure(const ast::Term& t, const TypeEnv& env) {
    if (const auto* array = ast::as<ast::ArrayComprehension>(t)) return body(array->body, env), false;
    if (const auto* set = ast::as<ast::SetComprehension>(t)) return body(set->body, env), false;
    if (const auto* object = ast::as<ast::ObjectComprehension>(t)) return body(object->body, env), false;
    return true;
  }

  /// Comprehensions wherever they are. As OPA does, the expressions of `every`, `not {}`, `and` and `or`
  /// bodies are not checked themselves. Bodies of comprehensions; as in OPA, those of `every`, `not` and
  /// operands are not looked at themselves.
  void closures(const ast::Expr& e, const TypeEnv& env) {
    ast::for_each_term(e, [&](const ast::Term& t) { return closure(t, env); });
  }

  /// What is known of a term; nothing for a variable that has not been seen.
  std::optional<Type> known(const ast::Term& t, const TypeEnv& env) const {
    if (const auto* var = ast::as<ast::Var>(t)) {
      const auto it = env.find(var->name);
      return it == env.end() ? std::nullopt : std::optional(it->second);
    }
    static constexpr TypeKind kKinds[] = {
        TypeKind::Null, TypeKind::Boolean, TypeKind::Number, TypeKind::String, TypeKind::Any,
        TypeKind::Any,  TypeKind::Array,   TypeKind::Object, TypeKind::Set,    TypeKind::Array,
        TypeKind::Set,  TypeKind::Object,  TypeKind::Any,    TypeKind::String};
    Type out = Type::of(kKinds[t.node.index()]);
    if (const auto* array = ast::as<ast::Array>(t)) {
      for (const ast::Term& item : array->items) out.parts.push_back(known(item, env).value_or(Type()));
    } else if (ast::as<ast::ArrayComprehension>(t) != nullptr) {
      out.dynamic.emplace_back();
    } else if (const auto* set = ast::as<ast::Set>(t); set != nullptr && !set->items.empty()) {
      Type members = Type::of(TypeKind::Union);
      for (const ast::Term& item : set->items) members.parts.push_back(known(item, env).value_or(Type()));
      out.dynamic.push_back(std::move(members));
    }
    return out;
  }

  /// May `t` be of type `type`? A variable not seen before takes it on.
  bool fits(const ast::Term& t, const Type& type, TypeEnv& env) const {
    if (const auto* var = ast::as<ast::Var>(t)) {
      const auto [it, fresh] = env.emplace(var->name, type);
      return fresh || unifies(it->second, type);
    }
    if (const auto* array = ast::as<ast::Array>(t); array != nullptr && type.kind == TypeKind::Array) {
      if (type.dynamic.empty() && type.parts.size() != array->items.size()) return false;
      for (std::size_t i = 0; i < array->items.size(); ++i) {
        const Type& part = i < type.parts.size() ? type.parts[i] : type.dynamic.front();
        if (!fits(array->items[i], part, env)) return false;
      }
      return true;
    }
    return unifies(*known(t, env), type);
  }

  void expr(const ast::Expr& e, TypeEnv& env) {
    const auto* call = ast::as<ast::Call>(e);
    if (call == nullptr) return;
    if (is_call_of(e, "eq")) return equality(e, call->terms[1], call->terms[2], env);
    const Builtin* builtin = context_.builtin_named(ast::operator_name(*call));
    if (builtin != nullptr && !builtin->variadic && !builtin->signature.empty())
      arguments(e, *call, *builtin, env);
  }

  void equality(const ast::Expr& e, const ast::Term& a, const ast::Term& b, TypeEnv& env) {
    const auto left = known(a, env);
    const auto right = known(b, env);
    if (left && right) {
      if (!unifies(*left, *right)) {
        context_.error(kTypeError, e.span, "match error");
        context_.errors.back().hint = fmt::format("left: {}, right: {}", to_text(*left), to_text(*right));
      }
      return;
    }
    if (right) fits(a, *right, env);
    if (left) fits(b, *left, env);
  }

  void arguments(const ast::Expr& e, const ast::Call& call, const Builtin& builtin, TypeEnv& env) {
    Signature signature = parse_signature(builtin.signature);
    if (signature.arguments.size() != builtin.arity) return;  // a signature this reader does not know
    std::vector<std::string> have;
    for (std::size_t i = 1; i < call.terms.size(); ++i) {
      const auto type = known(call.terms[i], env);
      have.push_back(type ? to_text(*type) : "???");
    }
    std::vector<std::string> want;
    for (const Type& type : signature.arguments) want.push_back(to_text(type));
    if (signature.result) signature.arguments.push_back(*signature.result);
    for (std::size_t i = 1; i < call.terms.size() && i <= signature.arguments.size(); ++i) {
      if (fits(call.terms[i], signature.arguments[i - 1], env)) continue;
      context_.error(kTypeError, e.span, fmt::format("{}: invalid argument(s)", builtin.name));
      context_.errors.back().hint =
          fmt::format("have: ({}), want: ({})", fmt::join(have, ", "), fmt::join(want, ", "));
      return;
    }
  }

  Context& context_;
};

}  // namespace

void check_types(Context& context) {
  TypeChecker checker(context);
  context.for_each_rule([&](ast::Module&, ast::Rule& rule) {
    checker.head(rule.head);
    checker.body(rule.body, {});
  });
}

void check_types_in_query(Context& context, const ast::Body& body) {
  TypeChecker(context).body(body, {});
}

}  // namespace signalbox::policy::check
