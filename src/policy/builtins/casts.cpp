// to_number, and the deprecated cast_* functions.
#include "policy/builtins/declare.h"
#include "policy/builtins/go/number.h"
#include "policy/builtins/go/text.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

BuiltinResult number_from_text(BuiltinContext& context, Value value) {
  std::string_view text = value.as_string();
  std::string name = go::to_lower(text.substr(std::min(text.find_first_not_of("+-"), text.size())));
  if (name == "inf" || name == "infinity" || name == "nan")
    return operand_error(1, "valid number string", value);
  const std::string plain = go::without_underscores(text);
  if (auto problem = go::parse_float_problem(plain))
    return builtin_failure("strconv.ParseFloat: parsing " + go::quote(text) + ": " + std::string(*problem));
  // ParseFloat takes more spellings than JSON: "+1", ".5", "1.", "1_000", "0x1p-2".
  Value number = parse_number(context.arena, go::json_spelling(plain));
  if (!number)
    return builtin_failure("strconv.ParseFloat: parsing " + go::quote(text) + ": value out of range");
  return number;
}

BuiltinResult to_number(BuiltinContext& context, Value value) {
  static constexpr std::string_view kConvertible[] = {"null", "boolean", "number", "string"};
  switch (value.kind()) {
    case Kind::Null: return Value::integer(0);
    case Kind::Boolean: return Value::integer(value.as_boolean());
    case Kind::Number: return value;
    case Kind::String: return number_from_text(context, value);
    default: return operand_error(1, kConvertible, value);
  }
}

constexpr std::string_view kArrayOrSet[] = {"array", "set"};

BuiltinResult cast_array(BuiltinContext&, Value value) {
  if (value.is_array()) return value;
  if (value.is_set()) return Value::array(value.as_set());
  return operand_error(1, kArrayOrSet, value);
}

BuiltinResult cast_set(BuiltinContext& context, Value value) {
  if (value.is_set()) return value;
  if (!value.is_array()) return operand_error(1, kArrayOrSet, value);
  if (!context.meter.charge(1 + value.size())) return limit_failure();
  return make_set(context.arena, value.as_array());
}

template <Kind K>
BuiltinResult cast(BuiltinContext&, Value value) {
  if (value.kind() != K) return operand_error(1, kind_name(K), value);
  return value;
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn) {
  return declare("conversions", name, signature, fn, {.deprecated = true});
}

constexpr Builtin kTable[] = {
    row("cast_array", "(any) => array[any]", typed<cast_array>),
    row("cast_boolean", "(any) => boolean", typed<cast<Kind::Boolean>>),
    row("cast_null", "(any) => null", typed<cast<Kind::Null>>),
    row("cast_object", "(any) => object[any: any]", typed<cast<Kind::Object>>),
    row("cast_set", "(any) => set[any]", typed<cast_set>),
    row("cast_string", "(any) => string", typed<cast<Kind::String>>),
    declare("conversions", "to_number", "(any<null, boolean, number, string>) => number", typed<to_number>),
};

}  // namespace

std::span<const Builtin> casts() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
