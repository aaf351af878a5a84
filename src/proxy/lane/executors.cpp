// The list of executors, by the action's name.
#include <algorithm>

#include "proxy/lane/lane.h"

namespace signalbox::proxy {
namespace {

struct Row {
  std::string_view action;
  Executor run;
};

constexpr Row kExecutors[] = {
    {"create", run_create}, {"forward", run_forward}, {"route", run_route},   {"block", run_block},
    {"limit", run_limit},   {"noset", run_noset},     {"police", run_police}, {"reauth", run_reauth},
    {"set", run_set},       {"upgrade", run_upgrade},
};

}  // namespace

Executor executor_of(const actions::ActionSpec& spec) {
  const auto row = std::ranges::find(kExecutors, spec.name, &Row::action);
  return row == std::end(kExecutors) ? nullptr : row->run;
}

bool has_lane_work(const actions::Plan& plan) {
  return std::ranges::any_of(plan.sync, [](const actions::PlannedAction& action) {
    return action.spec->phase < actions::Phase::Rewriting && executor_of(*action.spec) != nullptr;
  });
}

}  // namespace signalbox::proxy
