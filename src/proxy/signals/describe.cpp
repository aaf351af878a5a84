// docs/signals.md, made of what the detectors say of themselves.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "proxy/signals/list.h"

namespace signalbox::proxy {
namespace {

using Json = nlohmann::ordered_json;

std::string type_of(const Json& schema) {
  std::string type = schema.value("type", "any");
  if (type == "array") return "list of " + type_of(schema["items"]);
  if (!schema.contains("enum")) return type;
  type.clear();
  for (const auto& one : schema["enum"]) type += (type.empty() ? "`" : ", `") + one.get<std::string>() + "`";
  return "one of " + type;
}

void append_members(const Detector& detector, std::string& out) {
  out += "| member | type | |\n|---|---|---|\n";
  const Json schema = Json::parse(detector.schema);
  for (const auto& [name, member] : schema["properties"].items())
    out += fmt::format("| `{}` | {} | {} |\n", name, type_of(member), member.value("description", ""));
  out += '\n';
}

std::string_view memo_text(DependsOn on) {
  switch (on) {
    case DependsOn::Gateway:
    case DependsOn::Session: return "of the session: decisions are remembered";
    case DependsOn::Shape:
      return "of the statement: decisions are remembered for all statements of its shape";
    case DependsOn::Text: return "of the exact text: decisions are remembered for it";
    case DependsOn::Parameters: return "of the text and its bound values";
    case DependsOn::Transaction: return "of the transaction's state";
    case DependsOn::Moment: return "of the moment: a policy set that reads it decides every statement anew";
  }
  return "";
}

void append_detector(const Detector& detector, std::string& out) {
  out += fmt::format("## {}\n\n{}\n\n- raised: {}\n- depends: {}\n", detector.name, detector.summary,
                     detector.raised, memo_text(detector.depends_on));
  if (detector.memory != nullptr) out += fmt::format("- remembers, on each worker: {}\n", detector.bounds);
  out += '\n';
  append_members(detector, out);
}

}  // namespace

std::string signals_markdown() {
  std::string out =
      "# Signals\n\n"
      "<!-- Generated from src/proxy/signals by `signalbox signals -o markdown`; a test compares. -->\n\n"
      "A signal is a named fact that a detector, or a plugin, raises: `input.signals.NAME`, an object with "
      "`value` and "
      "what else is known. One that is not raised is undefined. Signals decide nothing; policies do. The "
      "pack in "
      "[rules/signals](../rules/signals) maps them to actions ([packs.md](packs.md)).\n\n"
      "```rego\n"
      "actions contains {\"action\": \"deny\", \"message\": \"not like this\"} if \"tautology\" in "
      "input.signals.injection.value\n"
      "```\n\n"
      "```yaml\n"
      "match: {signals.rate.value: {range: {above: 500}}}\n"
      "```\n\n"
      "A detector works only while a loaded policy reads its signal, and costs nothing otherwise. What one "
      "remembers, "
      "it remembers on each worker (thread) by itself, within bounds: with four workers a client's sessions "
      "are spread "
      "over four counts, so set limits per worker. A policy that is turned off by its data "
      "(`data.packs.NAME.enabled`) "
      "reads nothing.\n\n"
      "What plugins raise stands under `input.signals.plugin.NAME`, so that no plugin can speak for a "
      "detector. The gateway runs no plugins yet: `explain --signal`, `/gateway/v1/plan` and tests in YAML "
      "raise such "
      "signals, and nothing else does.\n\n"
      "An external OPA is sent the signals that `policy.opa.inputs` names.\n\n";
  for (const Detector* one : detectors()) append_detector(*one, out);
  out +=
      "## Writing one\n\n"
      "A detector is one file in `src/proxy/signals` (`detector.h` says what it consists of), one line in "
      "`list.cpp`, "
      "its schema in `rules/schema/input.json`, and one test. What can be told from the event alone is "
      "computed when it "
      "is read; what must be remembered is a `DetectorMemory`, which names what it wants to see.\n";
  return out;
}

}  // namespace signalbox::proxy
