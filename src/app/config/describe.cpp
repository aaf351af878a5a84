// The configuration described: walks the same tables as load(). Dotted keys become nested maps again, which
// is why printing keeps the prefix that it has already opened.
#include "app/config/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "app/config/slot.h"

namespace signalbox::app {
namespace {

using Json = nlohmann::ordered_json;

// Prints the keys of one element. `first` replaces the indent of the first line ("  - " in a list).
void print_keys(std::string& out, const Keys& keys, const std::string& indent, std::string first) {
  std::string open;
  for (const auto& key : keys) {
    const auto dot = key.name.find('.');
    const std::string group(dot == std::string_view::npos ? "" : key.name.substr(0, dot));
    if (!group.empty() && group != open) out += std::exchange(first, indent) + group + ":\n";
    open = group;
    const std::string_view name = group.empty() ? key.name : key.name.substr(dot + 1);
    const std::string at = group.empty() ? std::exchange(first, indent) : indent + "  ";
    out += fmt::format("{}{}: {}\n", at, name, written(key.slot));
  }
}

struct SchemaType {
  Json operator()(const std::string*) const { return {{"type", "string"}}; }
  Json operator()(const bool*) const { return {{"type", "boolean"}}; }
  Json operator()(const std::uint64_t*) const { return {{"type", "integer"}, {"minimum", 0}}; }
  Json operator()(const Duration*) const {
    return {{"type", Json::array({"string", "integer"})},
            {"pattern", R"(^(0|[0-9]+(\.[0-9]+)? ?(ns|us|ms|s|m|h|d))$)"}};
  }
  Json operator()(const Size*) const {
    return {{"type", Json::array({"string", "integer"})},
            {"pattern", R"(^(0|[0-9]+(\.[0-9]+)? ?([KMGT]iB|[kMGT]?B))$)"}};
  }
  Json operator()(const Secret*) const { return {{"type", "string"}, {"writeOnly", true}}; }
  Json operator()(const std::filesystem::path*) const { return {{"type", "string"}}; }
  Json operator()(const Words*) const { return {{"type", "array"}, {"items", {{"type", "string"}}}}; }
  Json operator()(const Labels*) const {
    return {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
  }
  Json operator()(const Secrets*) const {
    return {{"type", "object"}, {"additionalProperties", {{"type", "string"}, {"writeOnly", true}}}};
  }
};

Json schema_of(const Key& key) {
  Json schema = std::visit(SchemaType{}, key.slot);
  schema["description"] = key.doc;
  if (!key.choices.empty()) schema["enum"] = key.choices;
  if (!std::holds_alternative<Words*>(key.slot) && !std::holds_alternative<Labels*>(key.slot) &&
      !std::holds_alternative<Secrets*>(key.slot)) {
    schema["default"] = key.fallback;
    if (std::holds_alternative<bool*>(key.slot)) schema["default"] = key.fallback == "true";
    if (std::holds_alternative<std::uint64_t*>(key.slot))
      schema["default"] = std::stoull(std::string(key.fallback));
  }
  return schema;
}

Json schema_of(const Keys& keys) {
  Json object{{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  for (const auto& key : keys) {
    const auto dot = key.name.find('.');
    if (dot == std::string_view::npos) {
      object["properties"][key.name] = schema_of(key);
      continue;
    }
    auto& group = object["properties"][key.name.substr(0, dot)];
    if (group.is_null()) group = {{"type", "object"}, {"additionalProperties", false}};
    group["properties"][key.name.substr(dot + 1)] = schema_of(key);
  }
  return object;
}

// A configuration with one element in every list, so that every key can be seen.
Config one_of_each() {
  Config config = defaults();
  for (const auto& section : sections()) {
    if (section.shape != Shape::List) continue;
    section.append(config);
    set_defaults(section.elements(config).back());
  }
  return config;
}

std::string fallback_text(const Key& key) {
  return key.fallback.empty() ? "" : fmt::format("`{}`", key.fallback);
}

std::string type_text(const Key& key) {
  if (key.choices.empty()) return std::string(type_name(key.slot));
  return fmt::format("`{}`", fmt::join(key.choices, "`, `"));
}

}  // namespace

std::string as_yaml(Config& config) {
  std::string out;
  for (const auto& section : sections()) {
    const auto elements = section.elements(config);
    out += fmt::format("{}:{}\n", section.name, elements.empty() ? " []" : "");
    const bool list = section.shape == Shape::List;
    for (const auto& keys : elements) print_keys(out, keys, list ? "    " : "  ", list ? "  - " : "  ");
  }
  return out;
}

std::string json_schema() {
  Json root{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
            {"title", "signalbox.yaml"},
            {"type", "object"},
            {"additionalProperties", false},
            {"properties", Json::object()}};
  Config config = one_of_each();
  for (const auto& section : sections()) {
    const auto elements = section.elements(config);
    Json schema = schema_of(elements.front());
    if (section.shape == Shape::List) schema = {{"type", "array"}, {"items", std::move(schema)}};
    schema["description"] = section.doc;
    root["properties"][section.name] = std::move(schema);
  }
  return root.dump(2) + "\n";
}

std::string as_markdown() {
  std::string out =
      "# Configuration\n\n"
      "Generated by `signalbox config schema -o markdown`; do not edit.\n\n"
      "One file, `signalbox.yaml`. Every key has a default; a key that does not exist is an error. Any value "
      "may hold\n"
      "`${NAME}` or `${NAME:-default}` from the environment (`$$` is a dollar); a secret may also be "
      "`file:PATH`. Paths,\n"
      "those of logs too, are relative to the file, wherever the gateway is started from. Durations need a "
      "unit\n"
      "(`250ms`, `30s`, `5m`, `1h`, `7d`), and so do sizes (`64KiB`, `1GB`). `signalbox config check`, "
      "`schema` and\n"
      "`print` check a file with those that it names, describe it, and show what is in effect.\n\n"
      "\"Live\" keys take effect on reload (SIGHUP); a change of another is logged and waits for a "
      "restart.\n";
  Config config = one_of_each();
  for (const auto& section : sections()) {
    out += fmt::format("\n## {}{}\n\n{}\n\n", section.name, section.shape == Shape::List ? "[]" : "",
                       section.doc);
    out += "| key | type | default | reload | |\n|---|---|---|---|---|\n";
    const auto elements = section.elements(config);
    for (const auto& key : elements.front()) {
      out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, type_text(key), fallback_text(key),
                         key.reload == Reload::Live ? "live" : "restart", key.doc);
    }
  }
  return out;
}

}  // namespace signalbox::app
