// The interlock: from a decision, which may ask for anything, to one plan without contradictions.
// Pure and total; the truth table is docs/interlock.md, the properties are
// tests/actions/interlock_property_test.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "actions/hook.h"
#include "actions/plan.h"

namespace signalbox::policy {
struct Decision;
}

namespace signalbox::actions {

/// What to do where the decision does not settle it. Each default is the one that refuses.
enum class Fallback : std::uint8_t { Refuse, Continue };

struct InterlockOptions {
  Verdict default_verdict = Verdict::Allow;   ///< when no policy asked for one: Allow or Deny
  Fallback on_error = Fallback::Refuse;       ///< evaluation failed
  Fallback on_conflict = Fallback::Continue;  ///< contradiction: Continue = the one with precedence wins
  Fallback on_invalid = Fallback::Refuse;     ///< a sync action that cannot run here
};

/// Makes `plan` the plan of `decision` at `hook`. Reuses the plan's memory: no allocation once its lists have
/// grown. Every request of the decision ends up in exactly one of sync, async, set_aside. The order of the
/// decision's actions does not matter, except that indices refer to it.
void interlock(const policy::Decision& decision, Hook hook, const InterlockOptions& options, Plan& plan);

Plan interlock(const policy::Decision& decision, Hook hook, const InterlockOptions& options);

/// Under a verdict that another action has brought: why an action of this kind does not run; nothing when it
/// does.
std::optional<Fate> fate_under(Verdict verdict, const ActionSpec& spec, Hook hook);

}  // namespace signalbox::actions
