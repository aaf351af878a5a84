// The SQL that policies write into actions (`request`: conditions, names of tables), read by PostgreSQL's
// grammar when the policies load.
#pragma once

#include <span>
#include <vector>

#include "policy/engine.h"

namespace signalbox::app {

/// Adds what is wrong with it to what has been found wrong with these actions before.
void judge_sql(std::span<const policy::WrittenAction> together, std::vector<policy::ActionFault>& faults);

}  // namespace signalbox::app
