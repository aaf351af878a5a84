// References against types. A reference is followed through the tree of rules as far as it goes, then through
// the type found there. Where the tree knows nothing of a document, anything goes.
#include "policy/check/ref_types.h"

#include "policy/check/error_details.h"
#include "policy/check/infer.h"
#include "policy/syntax/print.h"
#include "policy/syntax/visit.h"

namespace signalbox::policy::check {
namespace {

class RefChecker {
 public:
  RefChecker(const Context& context, const std::map<std::string, ast::Term>& moved, TypeEnv& env)
      : context_(context), moved_(moved), env_(env) {}

  // Visiting: see ast::walk.

  bool term(const ast::Term& term) {
    if (is_comprehension(term)) return false;
    if (const auto* ref = ast::as<ast::Ref>(term)) return reference(*ref, term.span);
    return true;
  }
  bool expr(const ast::Expr& expr) {
    // Operators are no references, and what `with` puts in is not looked at.
    if (const auto* call = ast::as<ast::Call>(expr)) {
      for (std::size_t i = 1; i < call->terms.size(); ++i) ast::walk(call->terms[i], *this);
      return false;
    }
    if (const auto* lone = ast::as<ast::Term>(expr)) {
      ast::walk(*lone, *this);
      return false;
    }
    if (const auto* negation = ast::as<ast::Not>(expr)) {
      ast::walk(negation->body, *this);
      return false;
    }
    return true;
  }

  /// Of `every`, `and` and `or`, whose modifiers are looked at: a built-in there is a reference to a
  /// function.
  bool with(const ast::With& with) {
    for (const ast::Term* part : {&with.target, &with.value}) {
      const std::string name = name_of(*part);
      const Builtin* builtin = name.empty() ? nullptr : context_.builtin_named(name);
      if (builtin == nullptr) continue;
      at_ = &part->span;
      const auto* ref = ast::as<ast::Ref>(*part);
      const ast::Ref path = ref != nullptr ? *ref : ast::Ref{{*part}};
      complain(fmt::format("function {} used as reference, not called", name), "",
               unsupported_details(path, path.terms.size() - 1,
                                   function_type(builtin->signature, builtin->variadic)));
    }
    return true;
  }

  Diagnostics take() { return std::move(errors_); }

 private:
  bool reference(const ast::Ref& ref, const ast::Span& at) {
    at_ = &at;
    const TypePtr whole = env_.of(ref);
    if (whole != nullptr && whole->kind == TypeKind::Function) {
      complain(fmt::format("function {} used as reference, not called", function_text(ref)), "",
               unsupported_details(written(ref), ref.terms.size() - 1, whole));
      return false;
    }
    follow(env_, env_.tree(), ref, 0);
    return true;
  }

  static std::string name_of(const ast::Term& term) {
    if (const auto* var = ast::as<ast::Var>(term)) return var->name;
    const auto* ref = ast::as<ast::Ref>(term);
    return ref == nullptr ? "" : ast::dotted_name(*ref);
  }

  /// With the author's names.
  ast::Ref written(ast::Ref ref) const {
    for (ast::Term& part : ref.terms)
      ast::for_each_term(part, [&](ast::Term& t) {
        const auto* var = ast::as<ast::Var>(t);
        if (var == nullptr) return true;
        const auto moved = moved_.find(var->name), subject = context_.subjects.find(var->name);
        if (moved != moved_.end()) {
          t = ast::Term(moved->second);
        } else if (subject != context_.subjects.end()) {
          t = ast::Term(subject->second);
        } else {
          t = ast::make_var(context_.written(var->name), t.span);
        }
        return true;
      });
    return ref;
  }
  std::string shown(const ast::Ref& ref) const { return ast::to_text(written(ref)); }
  std::string function_text(const ast::Ref& ref) const {
    const auto* last = ast::as<ast::Var>(ref.terms.back());
    ast::Ref trimmed = ref;
    if (last != nullptr && ref.terms.size() > 1 && is_generated(context_.written(last->name)))
      trimmed.terms.pop_back();
    return shown(trimmed);
  }

  void complain(std::string message, std::string hint, std::string details = {}) {
    Diagnostic out;
    out.code = kTypeError;
    out.message = std::move(message);
    out.at = position(*context_.source, *at_);
    out.source_line = line_of(context_.source->text, at_->row);
    out.hint = std::move(hint);
    out.details = std::move(details);
    errors_.push_back(std::move(out));
  }
  /// "did you mean tables? ", where a property has nearly that name.
  static std::string guess(const ast::Term& part, const Type& want) {
    const auto* name = ast::as<ast::String>(part);
    if (name == nullptr) return "";
    std::vector<std::string_view> names;
    for (const Property& property : want.properties) {
      if (const auto* key = ast::as<ast::String>(property.key)) names.push_back(key->value);
    }
    const std::string_view near = nearest(name->value, names);
    return near.empty() ? "" : fmt::format("did you mean {}? ", near);
  }
  /// `one_of`: the type whose known keys it might have been.
  void undefined(const ast::Ref& ref, std::size_t at, const TypePtr& have, const TypePtr& want,
                 const TypePtr& one_of) {
    std::string hint = "have: " + (have != nullptr ? to_text(have) : ast::to_text(ref.terms[at]));
    if (want != nullptr && want->kind == TypeKind::Object && !want->properties.empty()) {
      hint = guess(ref.terms[at], *want) + hint + ", want one of:";
      for (const Property& property : want->properties) hint += " " + ast::to_text(property.key);
    } else {
      hint += ", want: " + to_text(keys_of(want));
    }
    complain("undefined ref: " + shown(ref), std::move(hint),
             undefined_details(written(ref), at, have, keys_of(want), one_of));
  }

  /// Through the tree of rules of one layer; false when the reference is undefined.
  bool follow(const TypeEnv& layer, const TypeNode& node, const ast::Ref& ref, std::size_t at) {
    if (at == ref.terms.size()) return true;
    const ast::Term& part = ref.terms[at];
    const bool variable = ast::as<ast::Var>(part) != nullptr;
    // The shortest path of a rule is data.a.b: its package's parts are names.
    if ((at == 1 || at == 2) && !variable && ast::as<ast::String>(part) == nullptr)
      return undefined(ref, at, env_.of(part), object_type({}, scalar_type(TypeKind::String), any_type()),
                       env_.extent(node)),
             false;
    if (variable && at != 0 && !learn_key(ref, at, env_.extent(node))) return false;
    const TypeNode* child = node.child(part);
    if (child != nullptr) {
      if (child->type != nullptr) return through(child->type, ref, at + 1);
      return follow(layer, *child, ref, at + 1);
    }
    if (layer.below() != nullptr) return follow(*layer.below(), layer.below()->tree(), ref, 0);
    const auto* head = ast::as<ast::Var>(ref.terms.front());
    if (head == nullptr || (head->name != "data" && head->name != "input"))
      return through(any_type(), ref, 0);
    if (at == 0) return through(any_type(), ref, 1);
    // Under any name: what is learnt of variables stays, complaints do not.
    Diagnostics before = errors_;
    for (const auto& [key, one] : node.children) follow(layer, *one, ref, at + 1);
    errors_ = std::move(before);
    return true;
  }

  bool learn_key(const ast::Ref& ref, std::size_t at, const TypePtr& collection) {
    const ast::Term& part = ref.terms[at];
    const TypePtr keys = keys_of(collection);
    if (const TypePtr known = env_.of(part)) {
      if (unifies(keys, known)) return true;
      return undefined(ref, at, known, collection, collection), false;
    }
    env_.set_variable(part, keys);
    return true;
  }

  /// Through a type.
  bool through(TypePtr type, const ast::Ref& ref, std::size_t at) {
    for (; at < ref.terms.size(); ++at) {
      const ast::Term& part = ref.terms[at];
      const TypePtr keys = keys_of(type);
      if (keys == nullptr) {
        const bool function = type != nullptr && type->kind == TypeKind::Function;
        complain(function ? fmt::format("function {} used as reference, not called", function_text(ref))
                          : "undefined ref: " + shown(ref),
                 "have: " + to_text(type), unsupported_details(written(ref), at - 1, type));
        return false;
      }
      if (ast::as<ast::Var>(part) != nullptr) {
        if (!learn_key(ref, at, type)) return false;
      } else if (!is_scalar(part)) {
        if (!infer(env_, part, keys)) return undefined(ref, at, env_.of(part), type, nullptr), false;
      } else {
        const TypePtr next = select(type, part);
        if (next == nullptr) return undefined(ref, at, nullptr, type, type), false;
        type = next;
        continue;
      }
      type = values_of(type);
    }
    return true;
  }

  const Context& context_;
  const std::map<std::string, ast::Term>& moved_;
  TypeEnv& env_;
  const ast::Span* at_ = nullptr;
  Diagnostics errors_;
};

}  // namespace

Diagnostics check_refs(const Context& context, const std::map<std::string, ast::Term>& moved, TypeEnv& env,
                       const ast::Expr& expr) {
  RefChecker checker(context, moved, env);
  ast::walk(expr, checker);
  return checker.take();
}

}  // namespace signalbox::policy::check
