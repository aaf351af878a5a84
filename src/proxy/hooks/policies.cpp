// Binding. A slot that no rule is known to read (the entry itself may read it) counts as read at every hook.
#include "proxy/hooks/policies.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

std::string dotted(const policy::InputPath& path) {
  std::string text;
  for (const std::string& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

}  // namespace

Policies::Policies(std::shared_ptr<const policy::PolicySet> set, std::uint64_t number)
    : set_(std::move(set)), number_(number) {
  if (!set_) return;
  for (const policy::InputPath& path : set_->input_paths()) slots_.push_back(bind_path(path));
  std::vector<bool> claimed(slots_.size());
  for (const policy::RuleReads& rule : set_->rule_reads()) {
    for (const std::string& name : rule.hooks) {
      const auto hook = actions::hook_named(name);
      if (!hook) continue;
      HookReads& reads = hooks_[static_cast<std::size_t>(*hook)];
      reads.subscribed = true;
      for (const std::uint32_t slot : rule.slots) read_slot(reads, slot), claimed[slot] = true;
    }
  }
  for (std::uint32_t slot = 0; slot < slots_.size(); ++slot) {
    if (claimed[slot]) continue;
    for (HookReads& reads : hooks_) read_slot(reads, slot);
  }
}

void Policies::read_slot(HookReads& reads, std::uint32_t slot) {
  if (std::ranges::find(reads.slots, slot) != reads.slots.end()) return;
  reads.slots.push_back(slot);
  for (const Fact* fact : slots_[slot].rows) {
    reads.query = reads.query || fact->path.starts_with("query.");
    switch (fact->depends_on) {
      case DependsOn::Gateway:
      case DependsOn::Text: break;
      case DependsOn::Transaction: reads.transaction = true; break;
      case DependsOn::Parameters: reads.parameters = true; break;
      case DependsOn::Moment: reads.memo = false; break;
      case DependsOn::Session:
        if (reads.session_slots.empty() || reads.session_slots.back() != slot)
          reads.session_slots.push_back(slot);
        break;
    }
  }
}

std::vector<std::string> Policies::paths(actions::Hook hook) const {
  std::vector<std::string> all;
  for (const std::uint32_t slot : reads(hook).slots) all.push_back(dotted(slots_[slot].path));
  return all;
}

}  // namespace signalbox::proxy
