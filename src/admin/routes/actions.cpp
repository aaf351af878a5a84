// /gateway/v1/actions: the catalogue of this build.
#include "actions/vocabulary.h"
#include "admin/reply.h"
#include "admin/routes/list.h"

namespace signalbox::admin {
namespace {

Response list(const Context&, const Request&) {
  return reply_text(actions::actions_json());
}

}  // namespace

std::vector<Route> actions_routes() {
  return {{Method::Get,
           "/gateway/v1/actions",
           Role::Read,
           "Every action: lane, hooks, parameters, example.",
           list,
           {},
           {},
           R"({"type": "array", "items": {"type": "object"}})"}};
}

}  // namespace signalbox::admin
