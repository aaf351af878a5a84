// By the hooks that rules have come to be known by: a rule that its data turns off has none, and is no news.
#include "policy/silent_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace signalbox::policy {
namespace {

bool is_in(const std::vector<std::string>& hooks, const std::string& hook) {
  return std::ranges::find(hooks, hook) != hooks.end();
}

std::string line_at(const PolicySet::Loaded& loaded, const SourcePosition& at) {
  for (const ast::Module& module : loaded.checked.modules) {
    if (module.source && module.source->name == at.file)
      return std::string(line_of(module.source->text, at.row));
  }
  return {};
}

std::string raised_hooks(const Vocabulary& vocabulary) {
  std::vector<std::string> raised;
  for (const std::string& hook : vocabulary.hooks) {
    if (!is_in(vocabulary.silent_hooks, hook)) raised.push_back(hook);
  }
  return fmt::format("{}", fmt::join(raised, ", "));
}

}  // namespace

Diagnostics silent_rules(const PolicySet::Loaded& loaded) {
  Diagnostics out;
  const std::vector<std::string>& silent = loaded.vocabulary.silent_hooks;
  for (const RuleReads& rule : loaded.reads) {
    const bool fires = rule.hooks.empty() || std::ranges::any_of(rule.hooks, [&](const auto& hook) {
                         return !is_in(silent, hook);
                       });
    if (fires) continue;
    out.push_back({Severity::Warning, "policy_silent_hook",
                   fmt::format("nothing raises {}: the rule never fires", fmt::join(rule.hooks, ", ")),
                   rule.at, line_at(loaded, rule.at),
                   fmt::format("hooks that are raised: {}", raised_hooks(loaded.vocabulary))});
  }
  sort_by_position(out);
  return out;
}

}  // namespace signalbox::policy
