// Machine, input and contexts: a slot is asked for once per evaluation; under `with input` the replaced parts
// are laid over what the surrounding context sees.
#include "policy/compile/planner.h"
#include "policy/vm/machine_parts.h"

namespace signalbox::policy {

const InputPath& Machine::path_of(std::uint32_t slot) const {
  const std::size_t own = program_->slots.size();
  return slot < own ? program_->slots[slot] : evaluation_.query->slots[slot - own];
}

Value Machine::input_slot(std::uint32_t slot) {
  if (context_->outermost) {
    const MemoEntry& known = slots_[slot];
    if (known.epoch == epoch_) return known.value;
  }
  return input_slot_in(*context_, slot);
}

Value Machine::input_slot_in(const Context& context, std::uint32_t slot) {
  if (context.outermost) {
    MemoEntry& entry = slots_[slot];
    if (entry.epoch != epoch_) {
      entry.epoch = epoch_;
      entry.value = slot < program_->slots.size() ? evaluation_.input->at(slot, arena_)
                                                  : evaluation_.input->at_path(path_of(slot), arena_);
    }
    return entry.value;
  }
  if (!context.input_overridden) return input_slot_in(*context.parent, slot);
  if (const Value* known = context.slots.find(slot)) return *known;
  const InputPath& path = path_of(slot);
  const auto overlap = [&](const Override& o) {
    std::size_t common = 0;
    while (common < o.path.size() && common < path.size() && o.path[common].is_string() &&
           o.path[common].as_string() == path[common])
      ++common;
    return common;
  };
  const auto covers = [&](const Override& o) {
    return o.kind == Override::Kind::Input && overlap(o) == o.path.size();
  };
  const auto goes_below = [&](const Override& o) {
    return o.kind == Override::Kind::Input && overlap(o) == path.size() && o.path.size() > path.size();
  };
  std::size_t from = context.overrides.size();
  while (from > 0 && !covers(context.overrides[from - 1])) --from;
  Value value;
  if (from == 0) {
    value = input_slot_in(*context.parent, slot);
    from = context.parent->overrides.size();
  } else {
    const Override& base = context.overrides[from - 1];
    value = base.value;
    for (std::size_t i = base.path.size(); i < path.size(); ++i) value = value.at(std::string_view(path[i]));
  }
  for (std::size_t i = from; i < context.overrides.size(); ++i) {
    const Override& o = context.overrides[i];
    if (goes_below(o)) value = merge_at(arena_, value, o.path.subspan(path.size()), o.value);
  }
  context.slots.insert(arena_, slot, value);
  return value;
}

Context* Machine::new_context() {
  auto* context = new (arena_.allocate(sizeof(Context), alignof(Context))) Context;
  context->parent = context_;
  context->overrides = context_->overrides;
  context->input_overridden = context_->input_overridden;
  context->data_overridden = context_->data_overridden;
  return context;
}

void Machine::add_override(Context& context, Override added) {
  auto* all = arena_.allocate_array<Override>(context.overrides.size() + 1);
  std::copy(context.overrides.begin(), context.overrides.end(), all);
  all[context.overrides.size()] = added;
  context.overrides = {all, context.overrides.size() + 1};
  context.input_overridden = context.input_overridden || added.kind == Override::Kind::Input;
  context.data_overridden = context.data_overridden || added.kind == Override::Kind::Data;
}

}  // namespace signalbox::policy
