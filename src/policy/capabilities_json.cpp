// Capabilities as OPA's JSON. A built-in's types are read off its signature, as the checker reads them.
#include <fmt/format.h>

#include "policy/builtins/builtin.h"
#include "policy/capabilities.h"
#include "policy/check/type_json.h"
#include "policy/value/json.h"

namespace signalbox::policy {
namespace {

std::string text_json(std::string_view text) {
  std::string out;
  append_json(out, Value::string(text), EscapeHtml::Yes);
  return out;
}

std::string list_json(const auto& words) {
  std::string out = "[";
  for (const std::string& word : words) out += (out.size() > 1 ? "," : "") + text_json(word);
  return out + "]";
}

std::string builtin_json(const Builtin& builtin) {
  std::string out = fmt::format(R"({{"name":{},"decl":{})", text_json(builtin.name),
                                check::to_json(check::function_type(builtin.signature, builtin.variadic)));
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
