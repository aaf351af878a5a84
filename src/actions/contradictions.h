// Actions of one rule that cannot both have an effect. Internal to the room.
#pragma once

#include <span>
#include <vector>

#include "actions/hook.h"
#include "policy/engine.h"

namespace signalbox::actions {

/// Adds a fault for each action that at every one of the hooks another of them excludes or outranks.
void find_contradictions(std::span<const policy::WrittenAction> together, HookSet hooks,
                         std::vector<policy::ActionFault>& faults);

}  // namespace signalbox::actions
