// typed<F>: turns a function of typed operands into a BuiltinFn. Operands are checked in order, with OPA's
// messages; the function is then called only with what it can use.
//   BuiltinResult contains(BuiltinContext&, std::string_view text, std::string_view part);   ->
//   typed<contains>
// Parameter types: std::string_view (string), Int (integer number), Number, Array, Set, Object, Value (any).
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "policy/builtins/builtin.h"
#include "policy/builtins/plain_integer.h"
#include "policy/value/builder.h"
#include "policy/value/number.h"
#include "policy/value/value.h"

namespace signalbox::policy::builtins {

/// An integer operand. OPA takes only numbers spelled as plain integers within 64 bits here: not 1.0, not
/// 1e2.
struct Int {
  std::int64_t value;
};
struct Number {
  Value value;
};
struct Array {
  Value value;
  std::span<const Value> elements() const { return value.as_array(); }
};
struct Set {
  Value value;
  std::span<const Value> elements() const { return value.as_set(); }
};
struct Object {
  Value value;
  std::span<const Pair> pairs() const { return value.as_object(); }
};

template <class T>
using Operand = std::expected<T, BuiltinError>;

template <class T>
Operand<T> operand(const Value& value, int position);

template <>
inline Operand<Value> operand<Value>(const Value& value, int) {
  return value;
}
template <>
inline Operand<std::string_view> operand<std::string_view>(const Value& value, int position) {
  if (!value.is_string()) return operand_error(position, "string", value);
  return value.as_string();
}
template <>
inline Operand<Number> operand<Number>(const Value& value, int position) {
  if (!value.is_number()) return operand_error(position, "number", value);
  return Number{value};
}
template <>
inline Operand<Int> operand<Int>(const Value& value, int position) {
  if (!value.is_number()) return operand_error(position, "number", value);
  if (auto integer = plain_integer(value)) return Int{*integer};
  return operand_complaint(position, "must be integer number but got floating-point number");
}
template <>
inline Operand<Array> operand<Array>(const Value& value, int position) {
  if (!value.is_array()) return operand_error(position, "array", value);
  return Array{value};
}
template <>
inline Operand<Set> operand<Set>(const Value& value, int position) {
  if (!value.is_set()) return operand_error(position, "set", value);
  return Set{value};
}
template <>
inline Operand<Object> operand<Object>(const Value& value, int position) {
  if (!value.is_object()) return operand_error(position, "object", value);
  return Object{value};
}

namespace internal {

template <class... Parameters>
struct Adapter {
  template <BuiltinResult (*F)(BuiltinContext&, Parameters...), std::size_t... I>
  static BuiltinResult call(BuiltinContext& context, std::span<const Value> args, std::index_sequence<I...>) {
    std::tuple<Operand<Parameters>...> operands;
    BuiltinError* error = nullptr;
    // In order, stopping at the first that does not fit.
    (void)((std::get<I>(operands) = operand<Parameters>(args[I], static_cast<int>(I) + 1),
            std::get<I>(operands) ? true : (error = &std::get<I>(operands).error(), false)) &&
           ...);
    if (error != nullptr) return std::unexpected(std::move(*error));
    return F(context, *std::get<I>(operands)...);
  }
};

template <class... Parameters>
Adapter<Parameters...> adapter_for(BuiltinResult (*)(BuiltinContext&, Parameters...));
template <class... Parameters>
std::index_sequence_for<Parameters...> indexes_for(BuiltinResult (*)(BuiltinContext&, Parameters...));

}  // namespace internal

template <auto F>
BuiltinResult typed(BuiltinContext& context, std::span<const Value> args) {
  return decltype(internal::adapter_for(F))::template call<F>(context, args,
                                                              decltype(internal::indexes_for(F)){});
}

/// The elements of an array or set; nothing for other kinds.
inline std::span<const Value> elements_of(const Value& collection) {
  if (collection.is_array()) return collection.as_array();
  if (collection.is_set()) return collection.as_set();
  return {};
}

}  // namespace signalbox::policy::builtins
