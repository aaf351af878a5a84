// From a plan's async actions to jobs in the ring: the last thing that the data path does for them.
#pragma once

#include "actions/facts.h"
#include "actions/lanes/async_lane.h"
#include "actions/plan.h"

namespace signalbox::policy {
struct Decision;
}

namespace signalbox::actions {

struct DispatchContext {
  Origin origin;  ///< `origin.decision` is the decision's id
  std::int64_t now_ns = 0;
};

/// Renders and pushes every async action of the plan, in order. Push::Refuse when a fail-closed action (`log`
/// with `on_full: refuse`) found no room: the caller must refuse the message. Other drops are counted by the
/// producer.
Push queue_async(const Plan& plan, const policy::Decision& decision, const Facts& facts,
                 const DispatchContext& context, Producer& producer);

}  // namespace signalbox::actions
