// is_*() and type_name().
#include "policy/builtins/declare.h"
#include "policy/builtins/list.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

template <Kind K>
BuiltinResult is_kind(BuiltinContext&, Value value) {
  return Value::boolean(value.kind() == K);
}

BuiltinResult type_name(BuiltinContext&, Value value) {
  return Value::string(kind_name(value.kind()));
}

constexpr Builtin row(std::string_view name, BuiltinFn fn) {
  return declare("types", name, "(any) => boolean", fn);
}

constexpr Builtin kTable[] = {
    row("is_array", typed<is_kind<Kind::Array>>),
    row("is_boolean", typed<is_kind<Kind::Boolean>>),
    row("is_null", typed<is_kind<Kind::Null>>),
    row("is_number", typed<is_kind<Kind::Number>>),
    row("is_object", typed<is_kind<Kind::Object>>),
    row("is_set", typed<is_kind<Kind::Set>>),
    row("is_string", typed<is_kind<Kind::String>>),
    declare("types", "type_name", "(any) => string", typed<type_name>),
};

}  // namespace

std::span<const Builtin> types() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
