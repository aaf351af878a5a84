// Types as OPA's JSON: {"type":"array","dynamic":{"type":"any"}}, members in OPA's order.
#include "policy/check/type_json.h"

#include <fmt/format.h>

#include "policy/syntax/ast_json.h"
#include "policy/value/json.h"

namespace signalbox::policy::check {
namespace {

/// The members of a type's JSON before "type", each with a comma behind it.
std::string array_members(const Type& type) {
  std::string out;
  if (type.rest) out += R"("dynamic":)" + to_json(type.rest) + ",";
  if (!type.parts.empty()) out += R"("static":)" + to_json(type.parts) + ",";
  return out;
}

std::string object_members(const Type& type) {
  std::string out;
  if (type.open)
    out += fmt::format(R"("dynamic":{{"key":{},"value":{}}},)", to_json(type.key), to_json(type.value));
  std::string known;
  for (const Property& one : type.properties) {
    known += fmt::format(R"({}{{"key":{},"value":{}}})", known.empty() ? "" : ",", key_json(one.key),
                         to_json(one.value));
  }
  if (!known.empty()) out += R"("static":[)" + known + "],";
  return out;
}

std::string function_members(const Type& type) {
  std::string out;
  if (!type.parts.empty()) out += R"("args":)" + to_json(type.parts) + ",";
  if (type.rest) out += R"("result":)" + to_json(type.rest) + ",";
  return out;
}

}  // namespace

std::string key_json(const ast::Term& key) {
  static const ast::Source kNowhere;
  if (const auto* text = ast::as<ast::String>(key)) {
    std::string out;
    append_json(out, Value::string(text->value), EscapeHtml::Yes);
    return out;
  }
  if (const auto* number = ast::as<ast::Number>(key)) return number->text;
  if (const auto* boolean = ast::as<ast::Boolean>(key)) return boolean->value ? "true" : "false";
  return ast::as<ast::Null>(key) != nullptr ? "null" : ast::to_ast_json(key, kNowhere);
}

std::string to_json(const std::vector<TypePtr>& types) {
  std::string out = "[";
  for (const TypePtr& type : types) out += (out.size() > 1 ? "," : "") + to_json(type);
  return out + "]";
}

std::string to_json(const TypePtr& type) {
  if (type == nullptr) return "null";
  switch (type->kind) {
    case TypeKind::Null: return R"({"type":"null"})";
    case TypeKind::Boolean: return R"({"type":"boolean"})";
    case TypeKind::Number: return R"({"type":"number"})";
    case TypeKind::String: return R"({"type":"string"})";
    case TypeKind::Array: return "{" + array_members(*type) + R"("type":"array"})";
    case TypeKind::Object: return "{" + object_members(*type) + R"("type":"object"})";
    case TypeKind::Set:
      return "{" + (type->rest ? R"("of":)" + to_json(type->rest) + "," : "") + R"("type":"set"})";
    case TypeKind::Any:
      return "{" + (type->parts.empty() ? "" : R"("of":)" + to_json(type->parts) + ",") + R"("type":"any"})";
    case TypeKind::Function:
      return "{" + function_members(*type) + R"("type":"function")" +
             (type->variadic ? R"(,"variadic":)" + to_json(type->variadic) : "") + "}";
  }
  return "{}";
}

}  // namespace signalbox::policy::check
