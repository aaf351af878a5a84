// reset: both TCP connections are reset.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

ActionSpec reset() {
  return {.name = "reset",
          .hooks = kOpeningHooks | kTrafficHooks,
          .verdict = Verdict::Reset,
          .summary = "Drop the message and reset both TCP connections.",
          .details = "The strictest verdict. Neither side is told anything.",
          .example = "- reset"};
}

}  // namespace signalbox::actions::catalog
