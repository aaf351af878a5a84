// Actions of one rule are always asked for together, so one that another always undoes is a mistake. What
// undoes what is the interlock's to say (fate_under), so that the two cannot disagree.
#include "actions/contradictions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "actions/interlock.h"
#include "actions/parameter_check.h"

namespace signalbox::actions {
namespace {

using policy::WrittenAction;
using Given = WrittenAction::Parameter;

bool equal_parameters(const WrittenAction& a, const WrittenAction& b) {
  return a.parameters.size() == b.parameters.size() &&
         std::ranges::all_of(a.parameters, [&](const Given& one) {
           const auto other = std::ranges::find(b.parameters, one.name, &Given::name);
           return other != b.parameters.end() && !one.constant.is_undefined() &&
                  policy::compare(one.constant, other->constant) == 0;
         });
}

class Company {
 public:
  Company(std::span<const WrittenAction> together, HookSet hooks, std::vector<policy::ActionFault>& faults)
      : together_(together), hooks_(hooks), faults_(faults) {
    for (const WrittenAction& action : together) specs_.push_back(find_action(action.action));
  }

  void run() {
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      if (specs_[i] == nullptr) continue;
      if (const auto other = excluded_by(i)) {
        fault(i, *other, "contradicts");
      } else if (const auto stronger = undone_by(i)) {
        fault(i, *stronger, "never has an effect beside");
      }
    }
  }

 private:
  void fault(std::size_t i, std::size_t other, std::string_view relation) {
    const std::string_view which = specs_[i] == specs_[other] ? "the other " : "";
    faults_.push_back(
        {i,
         {},
         "policy_contradiction",
         fmt::format("action {} {} {}{} in one rule", specs_[i]->name, relation, which, specs_[other]->name),
         "leave one out, or ask for them in rules with different conditions"});
  }

  /// An earlier action of the same exclusive group that asks for something else.
  std::optional<std::size_t> excluded_by(std::size_t i) const {
    const ExclusiveGroup& group = specs_[i]->group;
    for (std::size_t j = 0; j < i; ++j) {
      if (group.name.empty() || specs_[j] == nullptr || specs_[j]->group.name != group.name) continue;
      const bool same = specs_[i] == specs_[j] && equal_parameters(together_[i], together_[j]);
      if (!same && same_divider(group.by, i, j)) return j;
    }
    return std::nullopt;
  }

  bool same_divider(std::string_view by, std::size_t i, std::size_t j) const {
    if (by.empty()) return true;
    const auto value = [&](std::size_t n) {
      const auto found = std::ranges::find(together_[n].parameters, by, &Given::name);
      if (found != together_[n].parameters.end())
        return found->constant.is_undefined() ? "" : text_of(found->constant);
      return std::string(parameter_named(*specs_[n], by)->fallback);
    };
    return !value(i).empty() && value(i) == value(j);
  }

  /// At every hook of the rule, the strictest of the others leaves nothing for this one to do.
  std::optional<std::size_t> undone_by(std::size_t i) const {
    std::optional<std::size_t> by;
    for (const std::string_view name : names_of(hooks_ & specs_[i]->hooks)) {
      by = strictest_at(*hook_named(name));
      if (!by || *by == i || !is_undone(i, *by, *hook_named(name))) return std::nullopt;
    }
    return by;
  }

  bool is_undone(std::size_t i, std::size_t by, Hook hook) const {
    const Verdict verdict = *specs_[by]->verdict;
    if (specs_[i] == specs_[by] && equal_parameters(together_[i], together_[by])) return false;
    // A route or an edit is no permission: `allow` and `transmit` beside it are.
    const bool permits = specs_[i]->verdict == Verdict::Allow || specs_[i]->verdict == Verdict::Transmit;
    const bool ends = kResponseHooks.contains(hook) ? refuses(verdict) : ends_message(verdict);
    if (permits && !ends && verdict < Verdict::Transmit) return false;
    return fate_under(verdict, *specs_[i], hook).has_value();
  }

  std::optional<std::size_t> strictest_at(Hook hook) const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < specs_.size(); ++i) {
      if (specs_[i] == nullptr || !specs_[i]->verdict || !specs_[i]->hooks.contains(hook)) continue;
      // Of equal ones, the one that has an effect beside its verdict.
      const bool as_strict = found && specs_[i]->verdict == specs_[*found]->verdict;
      if (!found || stricter(*specs_[i]->verdict, *specs_[*found]->verdict) ||
          (as_strict && specs_[i]->phase == Phase::Guard))
        found = i;
    }
    return found;
  }

  std::span<const WrittenAction> together_;
  const HookSet hooks_;
  std::vector<policy::ActionFault>& faults_;
  std::vector<const ActionSpec*> specs_;
};

}  // namespace

void find_contradictions(std::span<const WrittenAction> together, HookSet hooks,
                         std::vector<policy::ActionFault>& faults) {
  Company(together, hooks, faults).run();
}

}  // namespace signalbox::actions
