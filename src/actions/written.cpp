// Actions as policies write them, judged when the policies load: what can never work is not found out by
// traffic. What a value will be is often not known yet; then nothing is said, and the interlock judges the
// request that it becomes.
#include <fmt/format.h>

#include <algorithm>

#include "actions/contradictions.h"
#include "actions/parameter_check.h"
#include "actions/vocabulary.h"
#include "policy/engine.h"
#include "policy/value/json.h"

namespace signalbox::actions {
std::vector<std::string_view> names_of(HookSet hooks) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kHookCount; ++i) {
    if (hooks.contains(static_cast<Hook>(i))) names.push_back(kHookNames[i]);
  }
  return names;
}

std::string text_of(const policy::Value& value) {
  return value.is_string() ? std::string(value.as_string()) : policy::to_json(value);
}

namespace {

using policy::ActionFault;
using policy::WrittenAction;
using Faults = std::vector<ActionFault>;
using Given = WrittenAction::Parameter;

enum class Truth : std::uint8_t { No, Unknown, Yes };

HookSet hooks_named(std::span<const std::string> names) {
  HookSet hooks;
  for (const std::string& text : names) {
    if (const auto hook = hook_named(text)) hooks.insert(*hook);
  }
  return hooks.empty() ? kEveryHook : hooks;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view near = nearest(word, candidates);
  return near.empty() ? std::string() : fmt::format("did you mean {}?", near);
}

std::string to_text(const Condition& condition) {
  return condition.value.empty() ? std::string(condition.parameter)
                                 : fmt::format("{}: {}", condition.parameter, condition.value);
}

std::string any_of(std::span<const Condition> conditions) {
  std::string all;
  for (const Condition& one : conditions) all += (all.empty() ? "" : " or ") + to_text(one);
  return all;
}

/// One action by itself, at the hooks of its rule.
class Judge {
 public:
  Judge(const ActionSpec& spec, const WrittenAction& action, HookSet hooks, std::size_t number,
        Faults& faults)
      : spec_(spec), action_(action), hooks_(hooks), number_(number), faults_(faults) {}

  void run() {
    check_hooks();
    for (const Given& given : action_.parameters) check(given);
    for (const ParameterSpec& parameter : spec_.parameters) check_missing(parameter);
    check_one_of();
    for (const Exclusion& e : spec_.excludes) {
      if (truth(e.one) == Truth::Yes && truth(e.other) == Truth::Yes)
        fault(e.one.parameter, "policy_bad_parameter",
              fmt::format("action {} cannot have {} with {}", spec_.name, to_text(e.one), to_text(e.other)));
    }
  }

 private:
  void fault(std::string_view parameter, std::string code, std::string message, std::string hint = {}) {
    faults_.push_back(
        {number_, std::string(parameter), std::move(code), std::move(message), std::move(hint)});
  }

  const Given* given(std::string_view name) const {
    const auto found = std::ranges::find(action_.parameters, name, &Given::name);
    return found == action_.parameters.end() ? nullptr : &*found;
  }

  Truth truth(const Condition& condition) const {
    if (!condition.hooks.empty() && (condition.hooks & hooks_).empty()) return Truth::No;
    const Given* parameter = given(condition.parameter);
    if (parameter == nullptr) {
      if (!action_.is_complete) return Truth::Unknown;
      const bool by_default = !condition.value.empty() &&
                              parameter_named(spec_, condition.parameter)->fallback == condition.value;
      return by_default ? Truth::Yes : Truth::No;
    }
    if (condition.value.empty()) return Truth::Yes;
    if (parameter->constant.is_undefined()) return Truth::Unknown;
    return text_of(parameter->constant) == condition.value ? Truth::Yes : Truth::No;
  }

  void check_hooks() {
    for (const std::string_view hook : names_of(hooks_ == kEveryHook ? HookSet{} : hooks_)) {
      if (spec_.hooks.contains(*hook_named(hook))) continue;
      fault({}, "policy_wrong_hook", fmt::format("action {} makes no sense at hook {}", spec_.name, hook),
            fmt::format("it is for: {}", fmt::join(names_of(spec_.hooks), ", ")));
    }
  }

  void check(const Given& one) {
    const ParameterSpec* parameter = parameter_named(spec_, one.name);
    if (parameter == nullptr) return unknown(one.name);
    if (!one.constant.is_undefined()) {
      if (const Fault wrong = fault_of(*parameter, one.constant); wrong != Fault::None)
        return fault(
            one.name, "policy_bad_parameter",
            fmt::format("parameter {} of action {} {}", one.name, spec_.name, wording(*parameter, wrong)));
      if (text_of(one.constant) == parameter->fallback) return;  // says what holds anyway
    }
    if (parameter->is_code && one.has_template)
      return fault(one.name, "policy_bad_parameter",
                   fmt::format("parameter {} of action {} is read as code: no fact may be put into it",
                               one.name, spec_.name),
                   parameter_named(spec_, "values") != nullptr ? "write $1 and give the fact in values" : "");
    const HookSet meant = hooks_of(spec_, *parameter);
    if ((meant & hooks_).empty())
      return fault(one.name, "policy_bad_parameter",
                   fmt::format("parameter {} of action {} has no meaning at {}", one.name, spec_.name,
                               fmt::join(names_of(hooks_), ", ")),
                   fmt::format("it is for: {}", fmt::join(names_of(meant), ", ")));
    const auto& conditions = parameter->only_if;
    if (!conditions.empty() &&
        std::ranges::all_of(conditions, [&](const Condition& c) { return truth(c) == Truth::No; }))
      fault(one.name, "policy_bad_parameter",
            fmt::format("parameter {} of action {} has no meaning without {}", one.name, spec_.name,
                        any_of(conditions)));
  }

  void unknown(std::string_view name) {
    std::vector<std::string_view> names;
    for (const ParameterSpec& parameter : spec_.parameters) names.push_back(parameter.name);
    std::string hint = did_you_mean(name, names);
    if (hint.empty())
      hint = names.empty() ? "it has no parameters"
                           : fmt::format("its parameters are {}", fmt::join(names, ", "));
    fault(name, "policy_unknown_parameter", fmt::format("action {} has no parameter {}", spec_.name, name),
          hint);
  }

  void check_missing(const ParameterSpec& parameter) {
    if (!action_.is_complete || given(parameter.name) != nullptr) return;
    if (parameter.required)
      return fault({}, "policy_missing_parameter",
                   fmt::format("action {} needs the parameter {}", spec_.name, parameter.name),
                   fmt::format("for example: {}", spec_.example));
    for (const Condition& condition : parameter.needed_if) {
      if (truth(condition) != Truth::Yes) continue;
      const HookSet where = condition.hooks & hooks_;
      return fault({}, "policy_missing_parameter",
                   fmt::format("action {} with {} needs the parameter {}{}", spec_.name, to_text(condition),
                               parameter.name,
                               where.empty() ? "" : fmt::format(" at {}", fmt::join(names_of(where), ", "))));
    }
  }

  void check_one_of() {
    if (!action_.is_complete || spec_.one_of.empty()) return;
    for (const std::string_view hook : names_of(hooks_ & spec_.hooks)) {
      std::vector<std::string_view> possible;
      for (const std::string_view name : spec_.one_of) {
        if (hooks_of(spec_, *parameter_named(spec_, name)).contains(*hook_named(hook)))
          possible.push_back(name);
      }
      if (std::ranges::any_of(possible, [&](std::string_view name) { return given(name) != nullptr; }))
        continue;
      return fault(
          {}, "policy_missing_parameter",
          fmt::format("action {} at {} says nothing of {}", spec_.name, hook, fmt::join(possible, ", ")),
          possible.size() == 1 ? "" : "one of them at least is needed");
    }
  }

  const ActionSpec& spec_;
  const WrittenAction& action_;
  const HookSet hooks_;
  const std::size_t number_;
  Faults& faults_;
};

}  // namespace

std::vector<ActionFault> judge(std::span<const WrittenAction> together,
                               std::span<const std::string> hook_names) {
  Faults faults;
  const HookSet hooks = hooks_named(hook_names);
  for (std::size_t i = 0; i < together.size(); ++i) {
    if (const ActionSpec* spec = find_action(together[i].action)) {
      Judge(*spec, together[i], hooks, i, faults).run();
      continue;
    }
    std::vector<std::string_view> names;
    for (const ActionSpec& spec : catalogue()) names.push_back(spec.name);
    faults.push_back({i,
                      {},
                      "policy_unknown_action",
                      fmt::format("there is no action {}", together[i].action),
                      did_you_mean(together[i].action, names)});
  }
  if (together.size() > 1) find_contradictions(together, hooks, faults);
  return faults;
}

}  // namespace signalbox::actions
