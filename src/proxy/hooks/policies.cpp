// Binding. A slot that no rule is known to read (the entry itself may read it) counts as read at every hook;
// one that only rules read which their data turns off, at none.
#include "proxy/hooks/policies.h"

#include <algorithm>

#include "actions/spec.h"
#include "actions/template.h"
#include "policy/rule_text.h"

namespace signalbox::proxy {
namespace {

std::string dotted(const policy::InputPath& path) {
  std::string text;
  for (const std::string& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

DependsOn depends_on(const Fact& fact, const BoundPath& path, const policy::SlotRead& read) {
  if (fact.bound_member.empty()) return fact.depends_on;
  const bool elements = dotted(path.path) == fact.path && !read.fields.empty();
  const bool bound = !elements || std::ranges::find(read.fields, fact.bound_member) != read.fields.end();
  return bound ? DependsOn::Parameters : fact.depends_on;
}

constexpr std::string_view kColumns = "response.columns";

/// A path of the input document, or a template with one, that leads to the columns.
bool names_columns(std::string_view text) {
  const auto leads = [](std::string_view path) { return path == "response" || path.starts_with(kColumns); };
  return leads(text) || std::ranges::any_of(actions::template_paths(text), leads);
}

}  // namespace

Policies::Policies(std::shared_ptr<const policy::PolicySet> set, std::uint64_t number)
    : set_(std::move(set)), number_(number) {
  if (!set_) return;
  for (const policy::InputPath& path : set_->input_paths()) slots_.push_back(bind_path(path));
  std::vector<bool> claimed(slots_.size());
  for (const policy::RuleReads& rule : set_->rule_reads()) {
    if (rule.hooks.empty()) {
      for (const policy::SlotRead& read : rule.slots) claimed[read.slot] = true;
    }
    for (const std::string& name : rule.hooks) {
      const auto hook = actions::hook_named(name);
      if (!hook) continue;
      HookReads& reads = hooks_[static_cast<std::size_t>(*hook)];
      reads.subscribed = true;
      for (const policy::SlotRead& read : rule.slots) read_slot(reads, read), claimed[read.slot] = true;
    }
  }
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (claimed[slot]) continue;
    for (HookReads& reads : hooks_) read_slot(reads, {.slot = slot, .fields = {}});
  }
  note_asked();
}

void Policies::read_slot(HookReads& reads, const policy::SlotRead& read) {
  if (std::ranges::find(reads.slots, read.slot) == reads.slots.end()) reads.slots.push_back(read.slot);
  const BoundPath& path = slots_[read.slot];
  for (const Fact* fact : path.rows) {
    const DependsOn on = depends_on(*fact, path, read);
    const bool of_statement = on == DependsOn::Shape || on == DependsOn::Text || on == DependsOn::Parameters;
    reads.query = reads.query || of_statement || fact->path.starts_with("query.");
    switch (on) {
      case DependsOn::Gateway:
      case DependsOn::Shape: break;
      case DependsOn::Parameters: reads.parameters = reads.text = true; break;
      case DependsOn::Text: reads.text = true; break;
      case DependsOn::Transaction: reads.transaction = true; break;
      case DependsOn::Moment: reads.memo = false; break;
      case DependsOn::Session:
        if (std::ranges::find(reads.session_slots, read.slot) == reads.session_slots.end())
          reads.session_slots.push_back(read.slot);
        break;
    }
  }
}

/// Async actions alone need nothing before an answer is over.
void Policies::note_asked() {
  const auto about_answers = [](const policy::RuleReads& rule) {
    return std::ranges::any_of(rule.hooks, [](const std::string& name) {
      const auto hook = actions::hook_named(name);
      return hook && actions::kResponseHooks.contains(*hook);
    });
  };
  if (std::ranges::none_of(set_->rule_reads(), about_answers)) return;
  const policy::RuleTexts texts(*set_);
  for (const policy::RuleReads& rule : set_->rule_reads()) {
    if (!about_answers(rule)) continue;
    for (const policy::RuleText& text : texts.of(rule)) {
      const actions::ActionSpec* spec = actions::find_action(text.action);
      answer_needs_.rows |= spec == nullptr || spec->lane == actions::Lane::Sync;
      answer_needs_.columns |= std::ranges::any_of(text.texts, names_columns);
    }
  }
  for (const auto hook : {actions::Hook::TrafficFromServer, actions::Hook::TrafficToClient}) {
    for (const std::uint32_t slot : reads(hook).slots) {
      for (const Fact* fact : slots_[slot].rows) answer_needs_.columns |= fact->path == kColumns;
    }
  }
}

bool Policies::reads_fact(std::string_view path) const {
  return std::ranges::any_of(hooks_, [&](const HookReads& reads) {
    return std::ranges::any_of(reads.slots, [&](std::uint32_t slot) {
      return std::ranges::any_of(slots_[slot].rows, [&](const Fact* row) { return row->path == path; });
    });
  });
}

std::vector<std::string> Policies::paths(actions::Hook hook) const {
  std::vector<std::string> all;
  for (const std::uint32_t slot : reads(hook).slots) all.push_back(dotted(slots_[slot].path));
  return all;
}

}  // namespace signalbox::proxy
