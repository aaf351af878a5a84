// The list of resources. Adding one = a file in routes/ and a line here.
#include <vector>

#include "admin/routes/list.h"

namespace signalbox::admin {

std::span<const Route> routes() {
  static const std::vector<Route> all = [] {
    std::vector<Route> rows;
    for (const auto resource : {health_routes, metrics_routes, data_routes, compile_routes, plan_routes,
                                policies_routes, actions_routes, decisions_routes, jobs_routes,
                                sessions_routes, blocks_routes, limits_routes, openapi_routes}) {
      for (auto& row : resource()) rows.push_back(std::move(row));
    }
    return rows;
  }();
  return all;
}

}  // namespace signalbox::admin
