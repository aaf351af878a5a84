// Inference, as OPA's unify1 and unify2 do it.
#include "policy/check/infer.h"

#include <algorithm>

#include "policy/syntax/compare.h"

namespace signalbox::policy::check {
namespace {

bool infer_array(TypeEnv& env, const ast::Array& array, const Type& type, Trying trying) {
  if (array.items.size() != type.parts.size() && type.rest == nullptr) return false;
  for (std::size_t i = 0; i < array.items.size(); ++i)
    if (!infer(env, array.items[i], i < type.parts.size() ? type.parts[i] : type.rest, trying)) return false;
  return true;
}

bool infer_object(TypeEnv& env, const ast::Object& object, const TypePtr& type, Trying trying) {
  const auto items = ast::sorted_items(object);
  if (items.size() != type->properties.size() && type->value == nullptr) return false;
  for (const ast::ObjectItem* item : items) {
    if (!ast::is_constant(item->key)) {
      infer(env, item->value, any_type(), trying);
      continue;
    }
    const TypePtr value = select(type, item->key);
    if (value == nullptr || !infer(env, item->value, value, trying)) return false;
  }
  return true;
}

bool infer_set(TypeEnv& env, const ast::Set& set, const TypePtr& type, Trying trying) {
  return std::ranges::all_of(set.items,
                             [&](const ast::Term& item) { return infer(env, item, type->rest, trying); });
}

/// A composite used as `any<..>`: as each of its members that fits.
bool infer_any(TypeEnv& env, const ast::Term& term, const Type& any) {
  if (any.parts.empty()) {
    const auto each = [&](const ast::Term& part) { infer(env, part, any_type(), Trying::Several); };
    if (const auto* array = ast::as<ast::Array>(term)) std::ranges::for_each(array->items, each);
    if (const auto* set = ast::as<ast::Set>(term)) std::ranges::for_each(set->items, each);
    if (const auto* object = ast::as<ast::Object>(term))
      for (const ast::ObjectItem& item : object->items) each(item.key), each(item.value);
    return true;
  }
  bool fits = false;
  for (const TypePtr& one : any.parts) fits = infer(env, term, one, Trying::Several) || fits;
  return fits;
}

bool infer_variable(TypeEnv& env, const ast::Term& variable, const TypePtr& type, Trying trying) {
  const TypePtr known = env.of(variable);
  if (trying == Trying::Several) {
    env.set_variable(variable, either(known, type));
    return true;
  }
  if (known != nullptr) return unifies(known, type);
  env.set_variable(variable, type);
  return true;
}

bool equal_arrays(TypeEnv& env, const ast::Array& a, const ast::Term& term_a, const ast::Term& b) {
  if (const auto* other = ast::as<ast::Array>(b)) {
    if (a.items.size() != other->items.size()) return false;
    for (std::size_t i = 0; i < a.items.size(); ++i)
      if (!infer_equal(env, a.items[i], env.of(a.items[i]), other->items[i], env.of(other->items[i])))
        return false;
    return true;
  }
  return ast::as<ast::Var>(b) != nullptr && infer(env, term_a, any_type()) && infer(env, b, env.of(term_a));
}

bool equal_objects(TypeEnv& env, const ast::Object& a, const ast::Term& term_a, const ast::Term& b) {
  if (const auto* other = ast::as<ast::Object>(b)) {
    const auto left = ast::sorted_items(a), right = ast::sorted_items(*other);
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (ast::compare(left[i]->key, right[i]->key) != 0) return false;
      const ast::Term &x = left[i]->value, &y = right[i]->value;
      if (!infer_equal(env, x, env.of(x), y, env.of(y))) return false;
    }
    return true;
  }
  return ast::as<ast::Var>(b) != nullptr && infer(env, term_a, any_type()) && infer(env, b, env.of(term_a));
}

}  // namespace

bool infer(TypeEnv& env, const ast::Term& term, const TypePtr& type, Trying trying) {
  const bool array = ast::as<ast::Array>(term) != nullptr, set = ast::as<ast::Set>(term) != nullptr;
  if (array || set || ast::as<ast::Object>(term) != nullptr) {
    if (type == nullptr) return false;
    if (type->kind == TypeKind::Any) return infer_any(env, term, *type);
    if (array)
      return type->kind == TypeKind::Array && infer_array(env, *ast::as<ast::Array>(term), *type, trying);
    if (set) return type->kind == TypeKind::Set && infer_set(env, *ast::as<ast::Set>(term), type, trying);
    return type->kind == TypeKind::Object && infer_object(env, *ast::as<ast::Object>(term), type, trying);
  }
  if (ast::as<ast::Var>(term) != nullptr) return infer_variable(env, term, type, trying);
  return unifies(env.of(term), type);
}

bool infer_equal(TypeEnv& env, const ast::Term& a, const TypePtr& type_a, const ast::Term& b,
                 const TypePtr& type_b) {
  const bool unknown_a = is_unknown(type_a), unknown_b = is_unknown(type_b);
  if (unknown_a && !unknown_b) return infer(env, a, type_b);
  if (unknown_b && !unknown_a) return infer(env, b, type_a);
  if (!unknown_a) return unifies(type_a, type_b);
  const bool var_a = ast::as<ast::Var>(a) != nullptr, var_b = ast::as<ast::Var>(b) != nullptr;
  if (const auto* array = ast::as<ast::Array>(a)) return equal_arrays(env, *array, a, b);
  if (const auto* object = ast::as<ast::Object>(a)) return equal_objects(env, *object, a, b);
  if (var_a) {
    if (var_b) return infer(env, a, any_type()) && infer(env, b, env.of(a));
    if (const auto* array = ast::as<ast::Array>(b)) return equal_arrays(env, *array, b, a);
    if (const auto* object = ast::as<ast::Object>(b)) return equal_objects(env, *object, b, a);
  }
  // One side is a variable, the other is known in part: a comprehension, say.
  if (var_a && type_a == nullptr && type_b != nullptr) return infer(env, a, type_b);
  if (var_b && type_b == nullptr && type_a != nullptr) return infer(env, b, type_a);
  return false;
}

}  // namespace signalbox::policy::check
