// The body of POST /gateway/v1/plan: any bytes are a scene or an error, and a scene can be rehearsed: what
// comes back is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "actions/vocabulary.h"
#include "admin/rehearsal.h"
#include "policy/value/json.h"

using namespace signalbox;

namespace {

constexpr const char* kPolicy = R"(package policies.p

actions contains {"action": "deny", "message": input.query.text} if {
	"delete" in input.query.kinds
	not input.query.has_where
}

actions contains {"action": "log", "message": "x", "fields": ["session.tags", "query.tables"]} if {
	some key, value in input.session.parameters
	key == value
}
)";

std::shared_ptr<const policy::PolicySet> policies() {
  auto set = policy::PolicySet::load({{"p.rego", kPolicy}}, actions::vocabulary());
  if (!set) std::abort();
  return *set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const policy::PolicySet> set = policies();
  static policy::Evaluator evaluator;
  const auto scene = admin::scene_from_json({reinterpret_cast<const char*>(data), size});
  if (!scene) {
    if (scene.error().message.empty()) std::abort();
    return 0;
  }
  const auto said = admin::rehearse(set, evaluator, {}, SystemClock(), *scene);
  policy::Arena arena;
  if (said && !policy::parse_json(arena, *said, {.max_depth = 512})) std::abort();
  return 0;
}
