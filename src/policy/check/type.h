// Type: what is known of a value before evaluation. The lattice is OPA's: scalars, arrays with known first
// elements, objects with known members, sets, unions (`any<..>`; `any` alone is every value) and functions.
//
// A null TypePtr means that nothing has been inferred yet: an unknown variable. It is not `any`.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/syntax/ast.h"

namespace signalbox::policy::check {

struct Type;
using TypePtr = std::shared_ptr<const Type>;

/// In the order in which types are sorted.
enum class TypeKind : std::uint8_t { Null, Boolean, Number, String, Array, Object, Set, Any, Function };

/// A member whose key is known.
struct Property {
  ast::Term key;  ///< a constant
  TypePtr value;
};

struct Type {
  TypeKind kind = TypeKind::Any;
  std::vector<TypePtr> parts;        ///< Array: first elements. Any: members, sorted. Function: parameters
  TypePtr rest;                      ///< Array: further elements. Set: members. Function: result
  std::vector<Property> properties;  ///< Object: known members, sorted by key
  bool open = false;                 ///< Object: has other members, of these types:
  TypePtr key, value;
  TypePtr variadic;  ///< Function: type of any number of further arguments

  bool is_any() const { return kind == TypeKind::Any && parts.empty(); }
};

// Making types.
const TypePtr& any_type();
const TypePtr& scalar_type(TypeKind kind);
TypePtr array_type(std::vector<TypePtr> parts, TypePtr rest);
TypePtr set_type(TypePtr members);
TypePtr object_type(std::vector<Property> properties);
TypePtr object_type(std::vector<Property> properties, TypePtr key, TypePtr value);
TypePtr function_type(std::vector<TypePtr> parameters, TypePtr result);
/// A signature as Builtin::signature has it: "(any<array[string], set[string]>, string) => string".
TypePtr function_type(std::string_view signature, bool variadic);

/// The type of a constant.
TypePtr type_of(const ast::Term& constant);

int compare(const TypePtr& a, const TypePtr& b);
/// The union; null is neutral. Functions of different arities have none.
TypePtr either(const TypePtr& a, const TypePtr& b);
/// The type under a constant key; null when there is no such key.
TypePtr select(const TypePtr& type, const ast::Term& key);
/// Of the keys and of the values of a collection; null when the type is none.
TypePtr keys_of(const TypePtr& type);
TypePtr values_of(const TypePtr& type);
/// Something in it has not been inferred.
bool is_unknown(const TypePtr& type);
/// Whether a value can be of both types. False when one is null.
bool unifies(const TypePtr& a, const TypePtr& b);

/// As OPA prints types; "???" for null.
std::string to_text(const TypePtr& type);

}  // namespace signalbox::policy::check
