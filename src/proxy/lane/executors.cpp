// The list of executors, by the action's name.
#include <algorithm>

#include "proxy/lane/lane.h"

namespace signalbox::proxy {
namespace {

struct Row {
  std::string_view action;
  Executor run;
  std::string_view only_with = {};  ///< a parameter; without it there is nothing to carry out
};

constexpr Row kExecutors[] = {
    {"create", run_create}, {"forward", run_forward}, {"route", run_route},
    {"block", run_block},   {"limit", run_limit},     {"noset", run_noset},
    {"police", run_police}, {"reauth", run_reauth},   {"request", run_request, "timeout"},
    {"set", run_set},       {"tag", run_tag},         {"upgrade", run_upgrade},
};

}  // namespace

Executor executor_of(const actions::PlannedAction& planned, const policy::Decision& decision) {
  const auto row = std::ranges::find(kExecutors, planned.spec->name, &Row::action);
  if (row == std::end(kExecutors)) return nullptr;
  const policy::Value& given = decision.actions[planned.request].parameters;
  return row->only_with.empty() || given.at(row->only_with) ? row->run : nullptr;
}

bool has_lane_work(const actions::Plan& plan, const policy::Decision& decision) {
  return std::ranges::any_of(plan.sync, [&](const actions::PlannedAction& planned) {
    return executor_of(planned, decision) != nullptr;
  });
}

}  // namespace signalbox::proxy
