// transmit: the message is relayed as it is, past the later hooks.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kAliases[] = {"tx"};
}  // namespace

ActionSpec transmit() {
  return {.name = "transmit",
          .aliases = kAliases,
          .hooks = kRequestHooks,
          .verdict = Verdict::Transmit,
          .summary = "Relay the request as it is, past plugins and later traffic hooks.",
          .details =
              "`traffic_to_server` is not raised for it. Of a query with several statements all must ask for "
              "it. It permits, also where the default verdict "
              "is deny.",
          .example = "- transmit"};
}

}  // namespace signalbox::actions::catalog
