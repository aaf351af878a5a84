// Planner, fans: `data.policies[p].actions[x]` over packages that are all known when planning. Instead of
// walking lazy documents key by key, the machine goes through a list of rule sets, and an index over the
// rules of all of them leaves out those that cannot have elements. So a thousand policies cost what the few
// that apply cost.
#include "policy/compile/planner.h"

namespace signalbox::policy {

/// The members, when rules alone define the documents below: no base document, no rule in between.
std::optional<Fan> Planner::fan_of(std::uint32_t node, const Value& member) {
  Fan fan;
  const Value base = program_.nodes[node].base;
  if (base.is_object()) {
    for (const Pair& pair : base.as_object()) {
      if (!pair.value.at(member).is_undefined()) return std::nullopt;
    }
  } else if (base) {
    return std::nullopt;
  }
  for (const auto& [key, child] : program_.nodes[node].children) {
    if (program_.nodes[child].rule_set != kNone || program_.nodes[child].function) return std::nullopt;
    const auto found = program_.nodes[child].by_key.find(member);
    if (found == program_.nodes[child].by_key.end()) continue;
    const DocumentNode& document = program_.nodes[found->second];
    const RuleGroup* group = tree_.nodes[found->second].group.get();
    if (document.function) continue;
    if (document.rule_set == kNone || group == nullptr || group->kind != GroupKind::Set) return std::nullopt;
    fan.members.emplace_back(key, document.rule_set);
  }
  return fan;
}

std::optional<Code::Operand> Planner::plan_fan(const ast::Ref& ref, std::uint32_t node, std::size_t at) {
  // data. ... [unbound] . "member" [unbound]
  if (target_ == nullptr || !program_.optimised || at + 2 >= ref.terms.size()) return std::nullopt;
  const Value member = constant_value(*memory_, ref.terms[at + 1]);
  if (!member || unbound_variable(ref.terms[at]) == nullptr ||
      unbound_variable(ref.terms[at + 2]) == nullptr) {
    return std::nullopt;
  }
  auto fan = fan_of(node, member);
  if (!fan || target_->fans.size() > UINT16_MAX) return std::nullopt;
  std::vector<std::vector<IndexTest>> tests;
  for (std::uint32_t number = 0; number < fan->members.size(); ++number) {
    const std::uint32_t package = program_.nodes[node].by_key.at(fan->members[number].first);
    const RuleGroup& group = *tree_.nodes[program_.nodes[package].by_key.at(member)].group;
    for (const SourceRule& source : group.rules) {
      tests.push_back(tests_of(group, source));
      fan->member_of_rule.push_back(number);
    }
  }
  if (tests.size() >= kIndexFromRules) fan->index = build_index(tests);
  const auto number = static_cast<std::uint16_t>(target_->fans.size());
  target_->fans.push_back(std::move(*fan));
  const Register iterator = code_->fresh(2), key = code_->fresh(), document = code_->fresh();
  const Label next = code_->label();
  code_->emit(Opcode::FanBegin, iterator, number);
  code_->bind(next);
  code_->emit_or_fail(Opcode::FanNext, iterator, key, document, number);
  code_->fail = next;
  ++code_->loops;
  plan_match(ref.terms[at], key);
  return plan_steps(document, ref, at + 2);
}

}  // namespace signalbox::policy
