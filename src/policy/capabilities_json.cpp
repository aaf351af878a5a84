// Capabilities as OPA's JSON. A built-in's types are read off its signature, as the checker reads them.
#include <fmt/format.h>

#include "policy/builtins/builtin.h"
#include "policy/capabilities.h"
#include "policy/check/type.h"
#include "policy/syntax/ast_json.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

using check::Type;
using check::TypeKind;
using check::TypePtr;

std::string type_json(const TypePtr& type);

std::string text_json(std::string_view text) {
  std::string out;
  append_json(out, Value::string(text), EscapeHtml::Yes);
  return out;
}

std::string list_json(const std::vector<TypePtr>& types) {
  std::string out = "[";
  for (const TypePtr& type : types) out += (out.size() > 1 ? "," : "") + type_json(type);
  return out + "]";
}

std::string list_json(const auto& words) {
  std::string out = "[";
  for (const std::string& word : words) out += (out.size() > 1 ? "," : "") + text_json(word);
  return out + "]";
}

/// The members of a type's JSON before "type", each with a comma behind it.
std::string array_members(const Type& type) {
  std::string out;
  if (type.rest) out += R"("dynamic":)" + type_json(type.rest) + ",";
  if (!type.parts.empty()) out += R"("static":)" + list_json(type.parts) + ",";
  return out;
}

std::string object_members(const Type& type) {
  std::string out;
  if (type.open)
    out += fmt::format(R"("dynamic":{{"key":{},"value":{}}},)", type_json(type.key), type_json(type.value));
  std::string known;
  for (const check::Property& one : type.properties) {
    const auto* key = ast::as<ast::String>(one.key);
    known += fmt::format(R"({}{{"key":{},"value":{}}})", known.empty() ? "" : ",",
                         text_json(key != nullptr ? key->value : ""), type_json(one.value));
  }
  if (!known.empty()) out += R"("static":[)" + known + "],";
  return out;
}

std::string function_members(const Type& type) {
  std::string out;
  if (!type.parts.empty()) out += R"("args":)" + list_json(type.parts) + ",";
  if (type.rest) out += R"("result":)" + type_json(type.rest) + ",";
  return out;
}

std::string type_json(const TypePtr& type) {
  switch (type->kind) {
    case TypeKind::Null: return R"({"type":"null"})";
    case TypeKind::Boolean: return R"({"type":"boolean"})";
    case TypeKind::Number: return R"({"type":"number"})";
    case TypeKind::String: return R"({"type":"string"})";
    case TypeKind::Array: return "{" + array_members(*type) + R"("type":"array"})";
    case TypeKind::Object: return "{" + object_members(*type) + R"("type":"object"})";
    case TypeKind::Set:
      return "{" + (type->rest ? R"("of":)" + type_json(type->rest) + "," : "") + R"("type":"set"})";
    case TypeKind::Any:
      return "{" + (type->parts.empty() ? "" : R"("of":)" + list_json(type->parts) + ",") +
             R"("type":"any"})";
    case TypeKind::Function:
      return "{" + function_members(*type) + R"("type":"function")" +
             (type->variadic ? R"(,"variadic":)" + type_json(type->variadic) : "") + "}";
  }
  return "{}";
}

std::string builtin_json(const Builtin& builtin) {
  std::string out = fmt::format(R"({{"name":{},"decl":{})", text_json(builtin.name),
                                type_json(check::function_type(builtin.signature, builtin.variadic)));
  if (!builtin.infix.empty()) out += R"(,"infix":)" + text_json(builtin.infix);
  if (builtin.relation) out += R"(,"relation":true)";
  if (builtin.deprecated) out += R"(,"deprecated":true)";
  if (builtin.nondeterministic) out += R"(,"nondeterministic":true)";
  return out + "}";
}

}  // namespace

std::string to_json(const Capabilities& capabilities) {
  std::string builtins;
  for (const std::string& name : capabilities.builtins) {
    const Builtin* builtin = find_builtin(name);
    if (builtin != nullptr) builtins += (builtins.empty() ? "" : ",") + builtin_json(*builtin);
  }
  std::string out = "{";
  const auto add = [&](std::string_view name, const std::string& list) {
    out += fmt::format(R"({}"{}":{})", out.size() > 1 ? "," : "", name, list);
  };
  if (!builtins.empty()) add("builtins", "[" + builtins + "]");
  if (!capabilities.future_keywords.empty()) add("future_keywords", list_json(capabilities.future_keywords));
  if (!capabilities.features.empty()) add("features", list_json(capabilities.features));
  if (capabilities.allow_net) add("allow_net", list_json(*capabilities.allow_net));
  return out + "}";
}

}  // namespace signalbox::policy
