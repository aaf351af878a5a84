// Actions as they stand in the text, before the checker rewrites it: `actions contains {"action": "deny",
// ..}`.
//
// The surprise: the `then` of a YAML policy has become several rules, one an action. They are judged
// together, and known by their heads, which all stand where that YAML rule stands.
#include "policy/action_check.h"

#include <algorithm>

#include "policy/compile/document_tree.h"
#include "policy/compile/rule_reads.h"

namespace signalbox::policy {
namespace {

constexpr std::string_view kOurs[] = {"action", "priority", "final", "shadow"};

/// A text somewhere in `term` has an expression put into it.
bool has_template(const ast::Term& term) {
  if (ast::as<ast::TemplateString>(term) != nullptr) return true;
  if (const auto* array = ast::as<ast::Array>(term)) return std::ranges::any_of(array->items, has_template);
  if (const auto* set = ast::as<ast::Set>(term)) return std::ranges::any_of(set->items, has_template);
  const auto* object = ast::as<ast::Object>(term);
  return object != nullptr && std::ranges::any_of(object->items, [](const ast::ObjectItem& item) {
           return has_template(item.key) || has_template(item.value);
         });
}

/// The action that a rule asks for, with where its parts stand.
struct Asked {
  WrittenAction written;
  ast::Span at;
  std::vector<std::pair<std::string_view, ast::Span>> places;  ///< of parameters
};

std::optional<Asked> asked_by(const ast::Rule& rule, Arena& arena) {
  if (rule.is_default || !rule.head.key || rule.head.ref.terms.size() != 1) return std::nullopt;
  const auto* name = ast::as<ast::Var>(rule.head.ref.terms.front());
  const auto* object = ast::as<ast::Object>(*rule.head.key);
  if (name == nullptr || name->name != "actions" || object == nullptr) return std::nullopt;
  Asked asked;
  for (const ast::ObjectItem& item : object->items) {
    const auto* key = ast::as<ast::String>(item.key);
    if (key == nullptr) {
      asked.written.is_complete = false;
      continue;
    }
    const auto* text = ast::as<ast::String>(item.value);
    if (key->value == "action" && text != nullptr)
      asked.written.action = text->value, asked.at = item.value.span;
    if (std::ranges::find(kOurs, key->value) != std::end(kOurs)) continue;
    asked.written.parameters.push_back(
        {key->value, constant_value(arena, item.value), has_template(item.value)});
    asked.places.emplace_back(key->value, item.key.span);
  }
  if (asked.written.action.empty()) return std::nullopt;
  return asked;
}

class ModuleCheck {
 public:
  ModuleCheck(const ast::Module& module, const Vocabulary& vocabulary, Diagnostics& errors)
      : module_(module), vocabulary_(vocabulary), errors_(errors) {}

  void run() {
    for (std::size_t i = 0; i < module_.rules.size();) {
      const ast::Span at = written_at(module_.rules[i]);
      std::size_t end = i + 1;
      while (end < module_.rules.size() && at.known() && written_at(module_.rules[end]).begin == at.begin)
        ++end;
      judge({module_.rules.data() + i, end - i});
      i = end;
    }
  }

 private:
  static ast::Span written_at(const ast::Rule& rule) {
    return rule.head.ref.terms.empty() ? ast::Span{} : rule.head.ref.terms.front().span;
  }

  void judge(std::span<const ast::Rule> together) {
    Arena arena;
    std::vector<Asked> asked;
    std::vector<WrittenAction> written;
    for (const ast::Rule& rule : together) {
      if (auto one = asked_by(rule, arena)) asked.push_back(std::move(*one));
    }
    if (asked.empty()) return;
    for (const Asked& one : asked) written.push_back(one.written);
    std::vector<std::string> hooks = hooks_of(together.front());
    if (hooks.empty() && !vocabulary_.default_hook.empty()) hooks.push_back(vocabulary_.default_hook);
    for (ActionFault& fault : vocabulary_.judge(written, hooks))
      report(asked.at(fault.action), std::move(fault));
  }

  void report(const Asked& asked, ActionFault fault) {
    ast::Span at = asked.at;
    const auto place =
        std::ranges::find(asked.places, fault.parameter, [](const auto& p) { return p.first; });
    if (place != asked.places.end()) at = place->second;
    const SourcePosition position = ast::position(*module_.source, at);
    errors_.push_back({Severity::Error, std::move(fault.code), std::move(fault.message), position,
                       std::string(line_of(module_.source->text, position.row)), std::move(fault.hint)});
  }

  const ast::Module& module_;
  const Vocabulary& vocabulary_;
  Diagnostics& errors_;
};

}  // namespace

void check_actions(const std::vector<ast::Module>& modules, const Vocabulary& vocabulary,
                   Diagnostics& errors) {
  if (!vocabulary.judge) return;
  for (const ast::Module& module : modules) {
    if (module.source && ast::dotted_name(module.package.path).starts_with("data.policies."))
      ModuleCheck(module, vocabulary, errors).run();
  }
}

}  // namespace signalbox::policy
