// Type: what is known of a value before evaluation. Parsed from the signatures of built-ins
// ("(any<array[string], set[string]>, string) => string") and printed the same way.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace signalbox::policy::check {

enum class TypeKind : std::uint8_t { Any, Null, Boolean, Number, String, Array, Object, Set, Union };

struct Type {
  TypeKind kind = TypeKind::Any;
  /// Of an array: its first elements. Of a union: its members.
  std::vector<Type> parts;
  /// Of an array: the further elements. Of a set: the members. Empty: none.
  std::vector<Type> dynamic;
  /// Of an object: keys and values, when any; empty: nothing is known of them.
  std::vector<Type> keys;
  std::vector<Type> values;

  static Type of(TypeKind kind) { return {kind, {}, {}, {}, {}}; }
  bool is_any() const { return kind == TypeKind::Any; }
};

struct Signature {
  std::vector<Type> arguments;
  std::optional<Type> result;  ///< none: the function gives no value
};

/// A signature as Builtin::signature has it; unknown parts become any.
Signature parse_signature(std::string_view text);

/// Could a value be of both types? Errs towards yes.
bool unifies(const Type& a, const Type& b);

std::string to_text(const Type& type);

}  // namespace signalbox::policy::check
