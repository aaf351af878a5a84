// Types and what can be asked of them. Compare, union, selection and unification are OPA's to the letter: a
// type that is narrower or wider than OPA's would find mistakes that are none, or miss some.
#include "policy/check/type.h"

#include <algorithm>
#include <array>

#include "policy/syntax/compare.h"
#include "policy/syntax/print.h"

namespace signalbox::policy::check {
namespace {

TypePtr make(Type type) {
  return std::make_shared<const Type>(std::move(type));
}

Type of_kind(TypeKind kind) {
  Type out;
  out.kind = kind;
  return out;
}

int compare_lists(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (const int c = compare(a[i], b[i]); c != 0) return c;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

int compare_arrays(const Type& a, const Type& b) {
  if ((a.rest == nullptr) != (b.rest == nullptr)) return a.rest != nullptr ? 1 : -1;
  if (a.rest != nullptr)
    if (const int c = compare(a.rest, b.rest); c != 0) return c;
  return compare_lists(a.parts, b.parts);
}

int compare_objects(const Type& a, const Type& b) {
  if (a.open != b.open) return a.open ? 1 : -1;
  if (a.open) {
    if (const int c = compare(a.key, b.key); c != 0) return c;
    if (const int c = compare(a.value, b.value); c != 0) return c;
  }
  for (std::size_t i = 0; i < std::min(a.properties.size(), b.properties.size()); ++i) {
    if (const int c = ast::compare(a.properties[i].key, b.properties[i].key); c != 0) return c;
    if (const int c = compare(a.properties[i].value, b.properties[i].value); c != 0) return c;
  }
  return a.properties.size() < b.properties.size() ? -1 : a.properties.size() > b.properties.size() ? 1 : 0;
}

int compare_functions(const Type& a, const Type& b) {
  if (a.parts.size() != b.parts.size()) return a.parts.size() < b.parts.size() ? -1 : 1;
  if (const int c = compare_lists(a.parts, b.parts); c != 0) return c;
  if (const int c = compare(a.rest, b.rest); c != 0) return c;
  return compare(a.variadic, b.variadic);
}

struct Less {
  bool operator()(const TypePtr& a, const TypePtr& b) const { return compare(a, b) < 0; }
};

TypePtr union_of(std::vector<TypePtr> members) {
  Type out = of_kind(TypeKind::Any);
  std::ranges::sort(members, Less{});
  out.parts = std::move(members);
  return make(std::move(out));
}

/// `any` with one more member, or another `any`.
TypePtr merged(const TypePtr& any, const TypePtr& other) {
  if (other->kind == TypeKind::Function) return any;
  if (any->is_any()) return any;
  if (other->is_any()) return other;
  std::vector<TypePtr> members = any->parts;
  for (const TypePtr& one : other->kind == TypeKind::Any ? other->parts : std::vector{other}) {
    const auto at = std::lower_bound(members.begin(), members.end(), one, Less{});
    if (at == members.end() || compare(*at, one) != 0) members.insert(at, one);
  }
  Type out = of_kind(TypeKind::Any);
  out.parts = std::move(members);
  return make(std::move(out));
}

TypePtr either_function(const TypePtr& a, const TypePtr& b) {
  if (a->kind != b->kind || a->parts.size() != b->parts.size()) return nullptr;
  if ((a->variadic == nullptr) != (b->variadic == nullptr)) return nullptr;
  Type out = of_kind(TypeKind::Function);
  for (std::size_t i = 0; i < a->parts.size(); ++i) out.parts.push_back(either(a->parts[i], b->parts[i]));
  out.rest = either(a->rest, b->rest);
  out.variadic = either(a->variadic, b->variadic);
  return make(std::move(out));
}

bool contains(const TypePtr& type, const TypePtr& other) {
  if (type == nullptr || type->kind != TypeKind::Any) return compare(type, other) == 0;
  if (other != nullptr && other->kind == TypeKind::Function) return false;
  return type->parts.empty() || std::binary_search(type->parts.begin(), type->parts.end(), other, Less{});
}

TypePtr element(const Type& array, std::size_t position) {
  return position < array.parts.size() ? array.parts[position] : array.rest;
}

bool unifies_with_any(const TypePtr& any, const TypePtr& other) {
  if (other->kind == TypeKind::Function) return false;
  return any->parts.empty() ||
         std::ranges::any_of(any->parts, [&](const TypePtr& one) { return unifies(one, other); });
}

bool unifies_elements(const Type& a, const Type& b) {
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (!unifies(a.parts[i], element(b, i))) return false;
  return true;
}

bool unifies_members(const Type& a, const TypePtr& b) {
  for (const Property& property : a.properties) {
    const TypePtr other = select(b, property.key);
    if (other == nullptr) {
      // OPA asks whether there is a type of other values, not whether there may be others.
      if (a.value != nullptr || b->value != nullptr) continue;
      return false;
    }
    if (!unifies(property.value, other)) return false;
  }
  return true;
}

bool unifies_functions(const Type& a, const Type& b) {
  if (a.parts.size() != b.parts.size()) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i)
    if (!unifies(a.parts[i], b.parts[i])) return false;
  return true;
}

std::string joined(const std::vector<TypePtr>& types) {
  std::string out;
  for (const TypePtr& one : types) out += (out.empty() ? "" : ", ") + to_text(one);
  return out;
}

/// A key as Go's %v prints it.
std::string key_text(const ast::Term& key) {
  const auto* text = ast::as<ast::String>(key);
  return text == nullptr ? ast::to_text(key) : text->value;
}

std::string object_text(const Type& type) {
  std::string members;
  for (const Property& property : type.properties)
    members += (members.empty() ? "" : ", ") + key_text(property.key) + ": " + to_text(property.value);
  std::string out = "object";
  if (!members.empty()) out += "<" + members + ">";
  return type.open ? out + "[" + to_text(type.key) + ": " + to_text(type.value) + "]" : out;
}

}  // namespace

const TypePtr& any_type() {
  static const TypePtr any = make(of_kind(TypeKind::Any));
  return any;
}

const TypePtr& scalar_type(TypeKind kind) {
  static const std::array<TypePtr, 4> scalars = {
      make(of_kind(TypeKind::Null)), make(of_kind(TypeKind::Boolean)), make(of_kind(TypeKind::Number)),
      make(of_kind(TypeKind::String))};
  return scalars.at(static_cast<std::size_t>(kind));
}

namespace {

/// Types of more parts than this, written out, are not told apart from `any`: `x1 := [x0, x0]`,
/// `x2 := [x1, x1]` and so on would make types that are small in memory and endless to compare.
constexpr std::size_t kMostParts = 16'384;

/// Counts the parts; stops soon after the limit.
void count_parts(const TypePtr& type, std::size_t& count) {
  if (type == nullptr || ++count > kMostParts) return;
  for (const TypePtr& part : type->parts)
    if (count_parts(part, count); count > kMostParts) return;
  for (const Property& property : type->properties)
    if (count_parts(property.value, count); count > kMostParts) return;
  for (const TypePtr* more : {&type->rest, &type->key, &type->value}) count_parts(*more, count);
}

TypePtr bounded(TypePtr type) {
  std::size_t count = 0;
  count_parts(type, count);
  return count > kMostParts ? any_type() : std::move(type);
}

}  // namespace

TypePtr array_type(std::vector<TypePtr> parts, TypePtr rest) {
  Type out = of_kind(TypeKind::Array);
  for (TypePtr& part : parts) part = bounded(std::move(part));
  out.parts = std::move(parts);
  out.rest = bounded(std::move(rest));
  return make(std::move(out));
}

TypePtr set_type(TypePtr members) {
  Type out = of_kind(TypeKind::Set);
  out.rest = bounded(std::move(members));
  return make(std::move(out));
}

TypePtr object_type(std::vector<Property> properties) {
  Type out = of_kind(TypeKind::Object);
  std::ranges::stable_sort(
      properties, [](const Property& a, const Property& b) { return ast::compare(a.key, b.key) < 0; });
  for (Property& property : properties) property.value = bounded(std::move(property.value));
  out.properties = std::move(properties);
  return make(std::move(out));
}

TypePtr object_type(std::vector<Property> properties, TypePtr key, TypePtr value) {
  Type out = *object_type(std::move(properties));
  out.open = true;
  out.key = bounded(std::move(key));
  out.value = bounded(std::move(value));
  return make(std::move(out));
}

TypePtr function_type(std::vector<TypePtr> parameters, TypePtr result) {
  Type out = of_kind(TypeKind::Function);
  out.parts = std::move(parameters);
  out.rest = std::move(result);
  return make(std::move(out));
}

TypePtr type_of(const ast::Term& constant) {
  return std::visit(
      []<class T>(const T& node) -> TypePtr {
        if constexpr (std::is_same_v<T, ast::Null>)
          return scalar_type(TypeKind::Null);
        else if constexpr (std::is_same_v<T, ast::Boolean>)
          return scalar_type(TypeKind::Boolean);
        else if constexpr (std::is_same_v<T, ast::Number>)
          return scalar_type(TypeKind::Number);
        else if constexpr (std::is_same_v<T, ast::String>)
          return scalar_type(TypeKind::String);
        else if constexpr (std::is_same_v<T, ast::Array> || std::is_same_v<T, ast::Set>) {
          std::vector<TypePtr> parts;
          for (const ast::Term& item : node.items) parts.push_back(type_of(item));
          return array_type(std::move(parts), nullptr);
        } else if constexpr (std::is_same_v<T, ast::Object>) {
          std::vector<Property> properties;
          for (const ast::ObjectItem& item : node.items)
            properties.push_back({item.key, type_of(item.value)});
          return object_type(std::move(properties));
        } else {
          return any_type();
        }
      },
      constant.node);
}

int compare(const TypePtr& a, const TypePtr& b) {
  if (a == b) return 0;
  if (a == nullptr || b == nullptr) return a == nullptr ? -1 : 1;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  switch (a->kind) {
    case TypeKind::Array: return compare_arrays(*a, *b);
    case TypeKind::Object: return compare_objects(*a, *b);
    case TypeKind::Set: return compare(a->rest, b->rest);
    case TypeKind::Any: return compare_lists(a->parts, b->parts);
    case TypeKind::Function: return compare_functions(*a, *b);
    default: return 0;
  }
}

TypePtr either(const TypePtr& a, const TypePtr& b) {
  if (a == nullptr) return b;
  if (b == nullptr) return a;
  if (a->kind == TypeKind::Function || b->kind == TypeKind::Function) return either_function(a, b);
  if (a->kind == TypeKind::Any) return merged(a, b);
  if (b->kind == TypeKind::Any) return merged(b, a);
  return compare(a, b) == 0 ? a : union_of({a, b});
}

TypePtr select(const TypePtr& type, const ast::Term& key) {
  if (type == nullptr) return nullptr;
  switch (type->kind) {
    case TypeKind::Array: {
      const auto* number = ast::as<ast::Number>(key);
      const bool plain = number != nullptr && number->text.size() <= 9 &&
                         number->text.find_first_not_of("0123456789") == std::string::npos;
      if (number != nullptr && number->text == "-0") return element(*type, 0);
      return plain ? element(*type, std::stoul(number->text)) : nullptr;
    }
    case TypeKind::Object: {
      for (const Property& property : type->properties)
        if (ast::compare(property.key, key) == 0) return property.value;
      return type->open && contains(type->key, type_of(key)) ? type->value : nullptr;
    }
    case TypeKind::Set: {
      const TypePtr own = type_of(key);
      if (compare(type->rest, own) == 0) return type->rest;
      return type->rest != nullptr && type->rest->kind == TypeKind::Any && contains(type->rest, own)
                 ? own
                 : nullptr;
    }
    case TypeKind::Any: {
      if (type->is_any()) return type;
      TypePtr out;
      for (const TypePtr& one : type->parts) out = either(select(one, key), out);
      return out;
    }
    default: return nullptr;
  }
}

TypePtr keys_of(const TypePtr& type) {
  if (type == nullptr) return nullptr;
  TypePtr out;
  switch (type->kind) {
    case TypeKind::Array: return scalar_type(TypeKind::Number);
    case TypeKind::Object:
      for (const Property& property : type->properties) out = either(out, type_of(property.key));
      return type->open ? either(out, type->key) : out;
    case TypeKind::Set: return type->rest;
    case TypeKind::Any:
      if (type->is_any()) return type;
      for (const TypePtr& one : type->parts) out = either(keys_of(one), out);
      return out;
    default: return nullptr;
  }
}

TypePtr values_of(const TypePtr& type) {
  if (type == nullptr) return nullptr;
  TypePtr out;
  switch (type->kind) {
    case TypeKind::Array:
      for (const TypePtr& part : type->parts) out = either(out, part);
      return either(out, type->rest);
    case TypeKind::Object:
      for (const Property& property : type->properties) out = either(out, property.value);
      return type->open ? either(out, type->value) : out;
    case TypeKind::Set: return type->rest;
    case TypeKind::Any:
      if (type->is_any()) return type;
      for (const TypePtr& one : type->parts) out = either(values_of(one), out);
      return out;
    default: return nullptr;
  }
}

bool is_unknown(const TypePtr& type) {
  if (type == nullptr) return true;
  switch (type->kind) {
    case TypeKind::Function: return std::ranges::any_of(type->parts, is_unknown) || is_unknown(type->rest);
    case TypeKind::Array:
      return std::ranges::any_of(type->parts, is_unknown) ||
             (type->rest != nullptr && is_unknown(type->rest));
    case TypeKind::Object:
      for (const Property& property : type->properties)
        if (is_unknown(property.value)) return true;
      return type->open && (is_unknown(type->key) || is_unknown(type->value));
    case TypeKind::Set: return is_unknown(type->rest);
    default: return false;
  }
}

bool unifies(const TypePtr& a, const TypePtr& b) {
  if (a == nullptr || b == nullptr) return false;
  if (a->kind == TypeKind::Any && unifies_with_any(a, b)) return true;
  if (b->kind == TypeKind::Any && unifies_with_any(b, a)) return true;
  if (a->kind != b->kind || a->kind == TypeKind::Any) return false;
  switch (a->kind) {
    case TypeKind::Array:
      return unifies_elements(*a, *b) && unifies_elements(*b, *a) &&
             (a->rest == nullptr || b->rest == nullptr || unifies(a->rest, b->rest));
    case TypeKind::Object:
      return unifies_members(*a, b) && unifies_members(*b, a) &&
             (a->value == nullptr || b->value == nullptr || unifies(a->value, b->value));
    case TypeKind::Set: return unifies(a->rest, b->rest);
    case TypeKind::Function: return unifies_functions(*a, *b);
    default: return true;
  }
}

std::string to_text(const TypePtr& type) {
  if (type == nullptr) return "???";
  switch (type->kind) {
    case TypeKind::Null: return "null";
    case TypeKind::Boolean: return "boolean";
    case TypeKind::Number: return "number";
    case TypeKind::String: return "string";
    case TypeKind::Set: return "set[" + to_text(type->rest) + "]";
    case TypeKind::Object: return object_text(*type);
    case TypeKind::Any: return type->parts.empty() ? "any" : "any<" + joined(type->parts) + ">";
    case TypeKind::Array: {
      const std::string first = type->parts.empty() ? "" : "<" + joined(type->parts) + ">";
      return "array" + first + (type->rest == nullptr ? "" : "[" + to_text(type->rest) + "]");
    }
    case TypeKind::Function: break;
  }
  std::string parameters = joined(type->parts);
  if (type->variadic != nullptr)
    parameters += (parameters.empty() ? "" : ", ") + to_text(type->variadic) + "...";
  return "(" + parameters + ") => " + to_text(type->rest);
}

}  // namespace signalbox::policy::check
