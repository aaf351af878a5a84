// forward: to a server that is not in the configuration.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kBy[] = {"session", "transaction", "statement"};
constexpr std::string_view kOtherwise[] = {"stay", "refuse"};
constexpr std::string_view kTls[] = {"disable", "prefer", "require", "verify-full"};
constexpr ParameterSpec kParameters[] = {
    {.name = "address", .summary = "`address:port`, a numeric address", .required = true, .templated = true},
    {.name = "tls",
     .type = ParameterType::Name,
     .summary = "as libpq's sslmode",
     .fallback = "prefer",
     .choices = kTls},
    {.name = "by",
     .type = ParameterType::Name,
     .summary = "for the rest of the session, for one transaction, for one statement",
     .fallback = "session",
     .choices = kBy,
     .hooks = kRequestHooks},
    {.name = "on_unsafe",
     .type = ParameterType::Name,
     .summary = "the session has something at its server that it would lose",
     .fallback = "refuse",
     .choices = kOtherwise,
     .hooks = kRequestHooks},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec forward() {
  return {.name = "forward",
          .hooks = kRequestHooks | HookSet{Hook::Connecting, Hook::Startup},
          .phase = Phase::Routing,
          .verdict = Verdict::Route,
          .group = {"route", ""},
          .parameters = kParameters,
          .summary = "Send it to a server that is not in the configuration.",
          .details =
              "Only to networks that `gateway.forward_networks` allows; none by default. The address is "
              "numeric, so "
              "that what is checked is what is connected to. As `route` otherwise.",
          .example = "- forward: {address: \"10.0.0.7:5432\", tls: require}"};
}

}  // namespace signalbox::actions::catalog
