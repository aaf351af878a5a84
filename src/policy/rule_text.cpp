// The text of a gateway rule, `actions contains {"action": "log", ..}`, says which action it can ask for,
// unless it builds its member elsewhere. That holds of what the gateway is asked for as long as the entry
// only hands members on: `actions contains action if { .. some action in data.policies[name].actions .. }`.
#include "policy/rule_text.h"

#include <algorithm>
#include <string>

#include "policy/syntax/visit.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kEntry = "data.gateway.actions";
constexpr std::string_view kPolicies = "data.policies.";

/// data.policies, any names, actions, any member.
bool is_policies_action(const ast::Ref& ref) {
  const auto& terms = ref.terms;
  const auto is = [&](std::size_t i, std::string_view text) {
    const auto* key = ast::as<ast::String>(terms[i]);
    return key != nullptr && key->value == text;
  };
  const auto* head = terms.size() < 5 ? nullptr : ast::as<ast::Var>(terms.front());
  return head != nullptr && head->name == "data" && is(1, "policies") && is(terms.size() - 2, "actions");
}

/// `name` is one of data.policies' actions wherever the body holds.
bool takes_from_policies(const ast::Body& body, std::string_view name) {
  return std::ranges::any_of(body, [&](const ast::Expr& expr) {
    const auto* call = ast::as<ast::Call>(expr);
    if (call == nullptr || expr.negated || !expr.with.empty() || call->arity() != 2) return false;
    const std::string what = ast::operator_name(*call);
    if (what != "eq" && what != "equal") return false;
    const auto matches = [&](const ast::Term& variable, const ast::Term& value) {
      const auto* var = ast::as<ast::Var>(variable);
      const auto* ref = ast::as<ast::Ref>(value);
      return var != nullptr && var->name == name && ref != nullptr && is_policies_action(*ref);
    };
    return matches(call->terms[1], call->terms[2]) || matches(call->terms[2], call->terms[1]);
  });
}

bool hands_on(const ast::Rule& rule) {
  if (rule.kind() != ast::RuleKind::MultiValue || rule.otherwise) return false;
  const auto* member = ast::as<ast::Var>(*rule.head.key);
  return member != nullptr && takes_from_policies(rule.body, member->name);
}

/// The rule may say what the entry's value is: its reference and the entry's are the same as far as they go.
bool may_define(const ast::Rule& rule, std::string_view entry) {
  std::string name;
  for (const ast::Term& term : rule.head.ref.terms) {
    const auto* key = ast::as<ast::String>(term);
    if (key == nullptr && !name.empty()) break;
    name += name.empty() ? "data" : "." + key->value;
  }
  const std::string_view shorter = name.size() < entry.size() ? std::string_view(name) : entry;
  const std::string_view longer = name.size() < entry.size() ? entry : std::string_view(name);
  return longer.starts_with(shorter) && (longer.size() == shorter.size() || longer[shorter.size()] == '.');
}

/// What the object that a head is says under "action"; "" when it cannot be seen.
std::string_view action_in(const ast::Object& head) {
  std::string_view action;
  for (const ast::ObjectItem& item : head.items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key == nullptr) return {};  // it may be "action"
    const auto* value = ast::as<ast::String>(item.value);
    if (key->value == "action" && value != nullptr) action = value->value;
  }
  return action;
}

/// Every member that the rules of the entry give is one of data.policies' `actions`, as it is.
bool passes_on(std::span<const ast::Module> modules, std::string_view entry) {
  bool found = false;
  for (const ast::Module& module : modules) {
    for (const ast::Rule& rule : module.rules) {
      if (!may_define(rule, entry)) continue;
      if (rule.is_default || ast::dotted_name(rule.head.ref) != entry || !hands_on(rule)) return false;
      found = true;
    }
  }
  return found;
}

RuleText text_of(const ast::Rule& rule) {
  RuleText text;
  const auto* object = rule.head.key ? ast::as<ast::Object>(*rule.head.key) : nullptr;
  if (object != nullptr) text.action = action_in(*object);
  ast::for_each_term(rule, [&](const ast::Term& term) {
    if (const auto* constant = ast::as<ast::String>(term)) text.texts.push_back(constant->value);
    return ast::as<ast::Ref>(term) == nullptr;  // its keys are names
  });
  return text;
}

}  // namespace

RuleTexts::RuleTexts(const PolicySet& set) : passes_on_(passes_on(set.modules(), kEntry)) {
  for (const ast::Module& module : set.modules()) {
    const std::string package = ast::dotted_name(module.package.path);
    if (!package.starts_with(kPolicies)) continue;
    for (const ast::Rule& rule : module.rules) {
      if (rule.is_default || rule.kind() != ast::RuleKind::MultiValue) continue;
      rules_.emplace(Place{package.substr(kPolicies.size()), rule.span.row, rule.span.col}, &rule);
    }
  }
}

std::vector<RuleText> RuleTexts::of(const RuleReads& rule) const {
  std::vector<RuleText> texts;
  const auto [begin, end] = rules_.equal_range(Place{rule.policy, rule.at.row, rule.at.col});
  for (auto at = begin; at != end; ++at) {
    texts.push_back(text_of(*at->second));
    if (!passes_on_) texts.back().action = {};
  }
  if (texts.empty()) texts.emplace_back();  // not seen: it may be any
  return texts;
}

}  // namespace signalbox::policy
