// The resources, one function each, defined in the file of its name.
#pragma once

#include <vector>

#include "admin/route.h"

namespace signalbox::admin {

std::vector<Route> actions_routes();
std::vector<Route> blocks_routes();
std::vector<Route> compile_routes();
std::vector<Route> data_routes();
std::vector<Route> decisions_routes();
std::vector<Route> health_routes();
std::vector<Route> jobs_routes();
std::vector<Route> limits_routes();
std::vector<Route> metrics_routes();
std::vector<Route> openapi_routes();
std::vector<Route> plan_routes();
std::vector<Route> policies_routes();
std::vector<Route> sessions_routes();

}  // namespace signalbox::admin
