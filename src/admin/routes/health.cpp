// /health in OPA's form ({} or {"error": ...}), and /health/live and /health/ready for orchestrators.
#include <nlohmann/json.hpp>

#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

using Json = nlohmann::ordered_json;

bool policies_loaded(const Context& context) {
  return context.policies->status().directory.empty() || context.policies->current() != nullptr;
}

Response unhealthy(std::string_view why) {
  return reply({{"error", why}}, 500);
}

Response health(const Context& context, const Request& request) {
  const bool asks_for_policies = request.flag("bundles") || request.flag("bundle");
  if (asks_for_policies && !policies_loaded(context))
    return unhealthy("one or more bundles are not activated");
  if (request.flag("plugins") && !context.accepting()) return unhealthy("one or more plugins are not up");
  return reply(Json::object());
}

Response live(const Context&, const Request&) {
  return reply(Json::object());
}

Response ready(const Context& context, const Request&) {
  if (!policies_loaded(context)) return unhealthy("no policy set has been loaded");
  if (!context.accepting()) return unhealthy("the gateway does not accept connections");
  Json body = Json::object();
  // Still ready: the last good set decides. But whoever looks should know.
  if (context.policies->status().last_failure)
    body["warning"] = "the newest policies have errors; the last good ones are in use";
  return reply(body);
}

constexpr std::string_view kSchema = R"({"type": "object", "properties": {"error": {"type": "string"}}})";

}  // namespace

std::vector<Route> health_routes() {
  return {
      {Method::Get,
       "/health",
       Role::Anyone,
       "Health, as OPA answers it.",
       health,
       {{"bundles", "boolean", "Also unhealthy while no policy set has been loaded."},
        {"plugins", "boolean", "Also unhealthy while no connections are accepted."}},
       {},
       kSchema},
      {Method::Get, "/health/live", Role::Anyone, "Whether the process answers.", live, {}, {}, kSchema},
      {Method::Get,
       "/health/ready",
       Role::Anyone,
       "Whether connections are accepted and policies loaded.",
       ready,
       {},
       {},
       kSchema},
  };
}

}  // namespace signalbox::admin
