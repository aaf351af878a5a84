// Values in templates: their names, truth and printed form.
#include "policy/builtins/go/template/datum.h"

#include "policy/builtins/go/number.h"
#include "policy/value/number.h"

namespace signalbox::policy::go::tmpl {

Datum Datum::of(const Value& value, bool boxed) {
  Datum out{.boxed = boxed};
  switch (value.kind()) {
    case policy::Kind::Boolean:
      out.kind = Kind::Bool;
      out.flag = value.as_boolean();
      break;
    case policy::Kind::Number:
      out.kind = Kind::Number;
      out.value = value;
      if (!value.is_integer()) out.text = value.as_decimal()->view();
      break;
    case policy::Kind::String:
      out.kind = Kind::String;
      out.text = value.as_string();
      break;
    case policy::Kind::Array:
      out.kind = Kind::List;
      out.value = value;
      break;
    case policy::Kind::Object:
      out.kind = Kind::Map;
      out.value = value;
      break;
    default: out.kind = Kind::Nil; break;
  }
  return out;
}

bool Datum::truth() const {
  switch (kind) {
    case Kind::Bool: return flag;
    case Kind::Int:
    case Kind::Byte: return integer != 0;
    case Kind::Float: return real != 0;
    case Kind::String: return !text.empty();
    case Kind::Number: return true;
    case Kind::List:
    case Kind::Map: return value.size() != 0;
    default: return false;
  }
}

std::size_t Datum::size() const {
  return kind == Kind::List || kind == Kind::Map ? value.size() : text.size();
}

Datum Datum::unboxed() const {
  if (!boxed) return *this;
  Datum out = *this;
  out.boxed = false;
  if (kind == Kind::Nil) out.kind = Kind::Invalid;
  return out;
}

std::string_view Datum::type_name() const {
  switch (kind) {
    case Kind::Bool: return "bool";
    case Kind::Int: return "int";
    case Kind::Byte: return "uint8";
    case Kind::Float: return "float64";
    case Kind::String: return "string";
    case Kind::Number: return "json.Number";
    case Kind::List: return "[]interface {}";
    case Kind::Map: return "map[string]interface {}";
    default: return "interface {}";
  }
}

void Datum::print(std::string& out) const {
  switch (kind) {
    case Kind::Bool: out += flag ? "true" : "false"; break;
    case Kind::Int:
    case Kind::Byte: out += std::to_string(integer); break;
    case Kind::Float: out += format_float(real, 'g', -1); break;
    case Kind::String: out += text; break;
    case Kind::Number: append_number(out, value); break;
    case Kind::List:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i != 0) out += ' ';
        of(value.as_array()[i], false).print(out);
      }
      out += ']';
      break;
    case Kind::Map:
      out += "map[";
      for (std::size_t i = 0; i < value.size(); ++i) {
        const Pair& pair = value.as_object()[i];
        if (i != 0) out += ' ';
        out.append(pair.key.as_string()).append(":");
        of(pair.value, false).print(out);
      }
      out += ']';
      break;
    default: out += "<nil>"; break;
  }
}

}  // namespace signalbox::policy::go::tmpl
