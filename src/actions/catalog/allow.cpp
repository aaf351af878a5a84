// allow: permits what the event is about.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

ActionSpec allow() {
  return {
      .name = "allow",
      .hooks = kOpeningHooks | kTrafficHooks,
      .verdict = Verdict::Allow,
      .summary = "Permit what the event is about, unless a stricter verdict is asked for.",
      .details =
          "With `final: true` and a priority it is the break-glass permission: everything of lower priority "
          "is set aside. Where the default verdict is deny, this is what permits.",
      .example = "- allow: {final: true, priority: 100}"};
}

}  // namespace signalbox::actions::catalog
