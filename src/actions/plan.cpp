// Names of what a plan says, and its reset.
#include "actions/plan.h"

#include <algorithm>

namespace signalbox::actions {

std::string_view name(Reason reason) {
  constexpr std::string_view kNames[] = {"undecided",    "requested", "default",
                                         "policy_error", "conflict",  "invalid"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view name(Fate fate) {
  constexpr std::string_view kNames[] = {"shadow",  "duplicate", "overridden", "outranked",    "conflict",
                                         "skipped", "unknown",   "wrong_hook", "bad_parameter"};
  return kNames[static_cast<std::size_t>(fate)];
}

void Plan::clear() {
  verdict = Verdict::Deny;
  reason = Reason::Undecided;
  decided_by = kNoRequest;
  sync.clear();
  async.clear();
  set_aside.clear();
}

std::size_t count(const Plan& plan, Fate fate) {
  return static_cast<std::size_t>(std::ranges::count(plan.set_aside, fate, &SetAside::fate));
}

}  // namespace signalbox::actions
