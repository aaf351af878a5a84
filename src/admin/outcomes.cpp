// The explanation's rules stand in the order of the set's rule_reads(), which know their hooks.
#include "admin/outcomes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/source_lines.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

std::string_view outcome_of(const policy::RuleOutcome& rule, const policy::RuleReads* reads,
                            std::string_view hook) {
  if (rule.fired) return "fired";
  if (reads != nullptr && reads->hooks.empty()) return "off";
  if (reads != nullptr && std::ranges::find(reads->hooks, hook) == reads->hooks.end()) return "other_hook";
  return rule.failed_at.row != 0 ? "failed" : "not_tried";
}

Json place(const SourcePosition& at, SourceLines& lines) {
  Json out = {{"file", at.file}, {"row", at.row}, {"col", at.col}};
  if (const std::string_view text = lines.at(at); !text.empty()) out["text"] = text;
  return out;
}

}  // namespace

void append_outcomes(const policy::Explanation& why, const policy::PolicySet* set, std::string_view hook,
                     std::string& out) {
  Json rules = Json::array(), read = Json::object();
  SourceLines lines(set);
  for (std::size_t i = 0; i < why.rules.size(); ++i) {
    const policy::RuleOutcome& rule = why.rules[i];
    const auto* reads = set != nullptr && i < set->rule_reads().size() ? &set->rule_reads()[i] : nullptr;
    const std::string_view outcome = outcome_of(rule, reads, hook);
    Json one = {{"policy", rule.policy},
                {"rule", rule.rule},
                {"file", rule.at.file},
                {"row", rule.at.row},
                {"outcome", outcome}};
    if (outcome == "failed") {
      one["failed_at"] = place(rule.failed_at, lines);
      if (!rule.compared.empty()) one["compared"] = rule.compared;
    }
    rules.push_back(std::move(one));
  }
  for (const policy::ReadFact& fact : why.facts) {
    std::string path;
    for (const std::string& key : fact.path) path += (path.empty() ? "" : ".") + key;
    read[path] = fact.value.empty() ? Json() : Json::parse(fact.value, nullptr, false);
  }
  const auto text = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  out += R"(,"rules":)" + text(rules) + R"(,"read":)" + text(read);
}

}  // namespace signalbox::admin
