// /metrics, for Prometheus.
#include "admin/exposition.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

Response metrics(const Context& context, const Request&) {
  return {200, exposition(context), "text/plain; version=0.0.4; charset=utf-8"};
}

}  // namespace

std::vector<Route> metrics_routes() {
  return {{Method::Get,
           "/metrics",
           Role::Read,
           "Metrics in Prometheus' text form.",
           metrics,
           {},
           {},
           R"({"type": "string"})"}};
}

}  // namespace signalbox::admin
