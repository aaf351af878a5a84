// fallthrough: no opinion; what others say holds, in the end the default.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kAliases[] = {"passthrough"};
}  // namespace

ActionSpec fallthrough() {
  return {.name = "fallthrough",
          .aliases = kAliases,
          .hooks = kOpeningHooks | kTrafficHooks,
          .verdict = Verdict::Fallthrough,
          .summary = "Say nothing: the next policy decides, in the end the default.",
          .details =
              "The most permissive verdict; a plan in which nobody says more has the verdict of "
              "`policy.default`. Written down, it shows in the decision record that a rule has looked.",
          .example = "- fallthrough"};
}

}  // namespace signalbox::actions::catalog
