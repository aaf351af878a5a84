// create: a fresh server connection in the place of the session's.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kOtherwise[] = {"stay", "refuse"};
constexpr ParameterSpec kParameters[] = {
    {.name = "target",
     .summary = "at the target of this name",
     .fallback = "where the session is",
     .templated = true},
    {.name = "on_unsafe",
     .type = ParameterType::Name,
     .summary = "a transaction is open, or the session has something at its server that it would lose",
     .fallback = "stay",
     .choices = kOtherwise},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec create() {
  return {.name = "create",
          .hooks = kRequestHooks,
          .phase = Phase::Routing,
          .group = {"create", ""},
          .parameters = kParameters,
          .summary = "Open a fresh server connection for this session, and close the one it has.",
          .details =
              "The gateway logs in by itself: with the target's `user` and `password` where it has them, "
              "otherwise "
              "as the session's user, which the server must then accept without a password. The statement "
              "runs on "
              "the new connection; the session goes on there.",
          .example = "- create: {target: reporting}"};
}

}  // namespace signalbox::actions::catalog
