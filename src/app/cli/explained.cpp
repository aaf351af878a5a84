// One section after the other, each a few lines; colours only for the verdict.
#include "app/cli/explained.h"

#include <fmt/format.h>

#include <map>

#include "app/cli/terminal.h"

namespace signalbox::app::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kLongestValue = 100;

std::string shortened(std::string text) {
  if (text.size() > kLongestValue) text = text.substr(0, kLongestValue) + "...";
  return text;
}

// "deny    policies.unbounded_writes: write without WHERE (unbounded_writes.rego:13)  {"message": ...}"
std::string request_line(const Json& request) {
  std::string line = fmt::format("  {:<10} {}", request.value("action", ""), request.value("policy", ""));
  if (request.contains("rule")) line += ": " + request.value("rule", "");
  if (request.contains("file"))
    line += fmt::format(" ({}:{})", request.value("file", ""), request.value("row", 0));
  if (request.value("shadow", false)) line += " [shadow]";
  if (request.contains("parameters")) line += "\n             " + request["parameters"].dump();
  return line + "\n";
}

std::string decision_text(const Json& decision) {
  const std::string verdict = decision["plan"].value("verdict", "");
  std::string out =
      fmt::format("{} ({})\n", painted(verdict, refuses(verdict) ? Colour::Red : Colour::Green, 1),
                  decision["plan"].value("reason", ""));
  if (decision.contains("error")) out += fmt::format("  error: {}\n", decision["error"].value("message", ""));
  for (const auto& request : decision["requests"]) out += request_line(request);
  for (const char* list : {"set_aside", "conflicts"}) {
    for (const auto& aside : decision[list])
      out +=
          fmt::format("  set aside: request {} ({})\n", aside.value("request", 0), aside.value("fate", ""));
  }
  for (const char* lane : {"sync", "async"}) {
    std::string actions;
    for (const auto& one : decision["plan"][lane]) actions += " " + one.value("action", "");
    if (!actions.empty()) out += fmt::format("  {} lane:{}\n", lane, actions);
  }
  return out;
}

std::string signals_text(const Json& input) {
  if (!input.contains("signals") || input["signals"].empty()) return {};
  std::string out = "signals\n";
  for (const auto& [name, signal] : input["signals"].items())
    out += fmt::format("  {:<24} {}\n", name, shortened(signal.dump()));
  return out;
}

std::string read_text(const Json& read) {
  if (read.empty()) return {};
  std::string out = "facts that the rules read\n";
  for (const auto& [path, value] : read.items())
    out += fmt::format("  {:<24} {}\n", path.empty() ? "input" : path,
                       value.is_null() ? "-" : shortened(value.dump()));
  return out;
}

std::string rule_text(const Json& rule) {
  const std::string outcome = rule.value("outcome", "");
  std::string out = fmt::format("  {:<11} {}: {} ({}:{})\n", outcome, rule.value("policy", ""),
                                rule.value("rule", ""), rule.value("file", ""), rule.value("row", 0));
  if (!rule.contains("failed_at")) return out;
  const Json& at = rule["failed_at"];
  const std::string line = at.value("text", "");
  out += fmt::format("              {}:{}{}{}\n", at.value("row", 0), at.value("col", 0),
                     line.empty() ? "" : ": ", line);
  if (rule.contains("compared"))
    out += fmt::format("              compared {}\n", rule.value("compared", ""));
  return out;
}

std::string rules_text(const Json& rules, const ExplainedOptions& options) {
  if (rules.empty()) return {};
  std::string out = "rules\n";
  std::map<std::string, int> passed_over;
  for (const auto& rule : rules) {
    const std::string outcome = rule.value("outcome", "");
    if (!options.every_rule && (outcome == "off" || outcome == "other_hook")) {
      ++passed_over[outcome];
    } else {
      out += rule_text(rule);
    }
  }
  for (const auto& [outcome, count] : passed_over)
    out += fmt::format("  {:<11} {} {} (--all lists them)\n", outcome, count, count == 1 ? "rule" : "rules");
  return out;
}

}  // namespace

bool refuses(const std::string& verdict) {
  return verdict != "allow" && verdict != "fallthrough" && verdict != "transmit";
}

std::string explained(const Json& answer, const ExplainedOptions& options) {
  std::string out = decision_text(answer["decision"]);
  out += signals_text(answer["input"]) + read_text(answer["read"]) + rules_text(answer["rules"], options);
  if (answer["statements"].size() > 1) {
    out += "statements\n";
    for (const auto& one : answer["statements"]) {
      const Json query = one["input"].value("query", Json::object());
      out += fmt::format("  {:<11} {}\n", one["decision"]["plan"].value("verdict", ""),
                         shortened(query.value("text", "")));
    }
  }
  if (options.facts) out += answer["input"].dump(2) + "\n";
  return out;
}

}  // namespace signalbox::app::cli
