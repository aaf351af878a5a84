// The catalogue in the forms that others read: JSON Schema for the policy engine, JSON and a table for the
// command line, Markdown for docs/actions.md.
#include "actions/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policy/engine.h"

namespace signalbox::actions {

namespace {

using Json = nlohmann::ordered_json;

Json parameter_schema(const ParameterSpec& spec) {
  Json schema;
  switch (spec.type) {
    case ParameterType::Text:
    case ParameterType::SqlState:
    case ParameterType::Url: schema["type"] = "string"; break;
    case ParameterType::Name: schema["type"] = "string", schema["enum"] = spec.choices; break;
    case ParameterType::Integer: schema["type"] = "integer"; break;
    case ParameterType::Number: schema["type"] = "number"; break;
    case ParameterType::Boolean: schema["type"] = "boolean"; break;
    case ParameterType::Duration: schema["anyOf"] = {{{"type", "string"}}, {{"type", "number"}}}; break;
    case ParameterType::TextList: schema = {{"type", "array"}, {"items", {{"type", "string"}}}}; break;
    case ParameterType::TextMap:
      schema = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
      break;
    case ParameterType::Any: break;
  }
  if (spec.type == ParameterType::Integer || spec.type == ParameterType::Number) {
    schema["minimum"] = spec.min;
    if (std::isfinite(spec.max)) schema["maximum"] = spec.max;
  }
  schema["description"] = spec.summary;
  return schema;
}

Json action_schema(const ActionSpec& spec) {
  Json properties = Json::object(), required = Json::array();
  for (const ParameterSpec& parameter : spec.parameters) {
    properties[std::string(parameter.name)] = parameter_schema(parameter);
    if (parameter.required) required.push_back(parameter.name);
  }
  return {{"type", "object"},
          {"properties", properties},
          {"required", required},
          {"additionalProperties", false}};
}

std::vector<std::string> hook_names(HookSet hooks) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kHookCount; ++i) {
    if (hooks.contains(static_cast<Hook>(i))) names.emplace_back(kHookNames[i]);
  }
  return names;
}

std::string hooks_text(HookSet hooks) {
  return hooks == kEveryHook ? std::string("every hook")
                             : fmt::format("{}", fmt::join(hook_names(hooks), ", "));
}

std::string_view lane_text(const ActionSpec& spec) {
  if (spec.lane == Lane::Sync) return "sync";
  return spec.storage == Storage::Stream ? "async, stream" : "async, job";
}

std::string_view type_text(ParameterType type) {
  constexpr std::string_view kNames[] = {"text",     "name", "integer", "number", "boolean", "duration",
                                         "sqlstate", "url",  "list",    "map",    "any"};
  return kNames[static_cast<std::size_t>(type)];
}

/// Markdown tables end a cell at a bar.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_parameters(const ActionSpec& spec, std::string& out) {
  if (spec.parameters.empty()) return;
  if (!spec.one_of.empty())
    out += fmt::format("At least one of {} must be given.\n\n",
                       fmt::format("`{}`", fmt::join(spec.one_of, "`, `")));
  out += "| parameter | type | default | |\n|---|---|---|---|\n";
  for (const ParameterSpec& p : spec.parameters) {
    std::string note = cell(p.summary);
    if (!p.choices.empty()) note += fmt::format(" (`{}`)", fmt::join(p.choices, "`, `"));
    if (!p.hooks.empty() && p.hooks != spec.hooks) note += fmt::format("; at {}", hooks_text(p.hooks));
    if (p.is_code) note += "; no templates in it";
    if (p.templated) note += "; templates";
    const std::string fallback = p.required ? "required" : cell(p.fallback);
    out += fmt::format("| `{}` | {} | {} | {} |\n", p.name, type_text(p.type), fallback, note);
  }
  out += '\n';
}

void append_action(const ActionSpec& spec, std::string& out) {
  out += fmt::format("## {}\n\n{}\n\n", spec.name, spec.summary);
  if (!spec.details.empty()) out += fmt::format("{}\n\n", spec.details);
  if (!spec.aliases.empty()) out += fmt::format("- also written: `{}`\n", fmt::join(spec.aliases, "`, `"));
  out += fmt::format("- lane: {}\n- hooks: {}\n", lane_text(spec), hooks_text(spec.hooks));
  if (spec.verdict) out += fmt::format("- verdict: `{}`\n", name(*spec.verdict));
  if (!spec.group.name.empty()) {
    out += fmt::format("- exclusive group: `{}`", spec.group.name);
    out += spec.group.by.empty() ? "\n" : fmt::format(", per `{}`\n", spec.group.by);
  }
  out += '\n';
  append_parameters(spec, out);
  out += fmt::format("```yaml\n{}\n```\n\n", spec.example);
}

}  // namespace

policy::Vocabulary vocabulary() {
  policy::Vocabulary words;
  for (std::string_view hook : kHookNames) words.hooks.emplace_back(hook);
  words.default_hook = name(Hook::TrafficFromClient);
  for (const ActionSpec& spec : catalogue()) {
    policy::Vocabulary::Action action;
    action.name = spec.name;
    action.aliases.assign(spec.aliases.begin(), spec.aliases.end());
    action.parameter_schema = action_schema(spec).dump();
    if (spec.hooks != kEveryHook) action.hooks = hook_names(spec.hooks);
    words.actions.push_back(std::move(action));
  }
  words.judge = judge;
  return words;
}

std::string actions_markdown() {
  std::string out =
      "# Actions\n\n"
      "<!-- Generated from src/actions/catalog by `signalbox actions -o markdown`. -->\n\n"
      "What a policy can ask for. A sync action runs on the message at hand; an async one is queued, also "
      "when the "
      "verdict refuses. Verdicts are ranked, the strictest wins (docs/interlock.md): reset, reject, "
      "disconnect, terminate, "
      "deny, error, discard, response, request, route, transmit, allow, fallthrough. Every action also takes "
      "`priority` (an "
      "integer, 0) and `final` (false). In parameters marked \"templates\", `{{ path }}` is replaced by that "
      "fact of the "
      "input document.\n\n"
      "| action | lane | what it does |\n|---|---|---|\n";
  for (const ActionSpec& spec : catalogue()) {
    out += fmt::format("| [`{0}`](#{0}) | {1} | {2} |\n", spec.name, lane_text(spec), cell(spec.summary));
  }
  out += '\n';
  for (const ActionSpec& spec : catalogue()) append_action(spec, out);
  out.pop_back();
  return out;
}

std::string actions_text() {
  std::string out;
  for (const ActionSpec& spec : catalogue()) {
    out += fmt::format("{:<14}{:<15}{}\n", spec.name, lane_text(spec), spec.summary);
    for (const ParameterSpec& p : spec.parameters) {
      const std::string fallback = p.required ? "required" : std::string(p.fallback);
      out += fmt::format("  {:<12}{:<15}{}{}\n", p.name, type_text(p.type), p.summary,
                         fallback.empty() ? "" : fmt::format(" [{}]", fallback));
    }
  }
  return out;
}

std::string actions_json() {
  Json list = Json::array();
  for (const ActionSpec& spec : catalogue()) {
    Json action = {{"name", spec.name},
                   {"aliases", spec.aliases},
                   {"lane", spec.lane == Lane::Sync ? "sync" : "async"},
                   {"hooks", hook_names(spec.hooks)},
                   {"summary", spec.summary},
                   {"details", spec.details},
                   {"example", spec.example},
                   {"parameters", action_schema(spec)}};
    if (spec.verdict) action["verdict"] = name(*spec.verdict);
    if (!spec.group.name.empty()) action["exclusive_group"] = spec.group.name;
    list.push_back(std::move(action));
  }
  return list.dump(2) + "\n";
}

}  // namespace signalbox::actions
