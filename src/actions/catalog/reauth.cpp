// reauth: the client has to authenticate again.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kWhen[] = {"idle", "now"};
constexpr ParameterSpec kParameters[] = {
    {.name = "when",
     .type = ParameterType::Name,
     .summary = "when the transaction has ended, or before the statement at hand",
     .fallback = "idle",
     .choices = kWhen},
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error",
     .fallback = "57P01"},
    {.name = "message",
     .summary = "primary message, one line",
     .fallback = "terminating connection: authentication must be renewed",
     .templated = true},
    {.name = "hint", .summary = "what to do about it", .fallback = "Connect again.", .templated = true},
    kOnError};
}  // namespace

ActionSpec reauth() {
  return {
      .name = "reauth",
      .hooks = kRequestHooks,
      .phase = Phase::Session,
      .group = {"reauth", ""},
      .parameters = kParameters,
      .summary = "Make the client authenticate again.",
      .details =
          "PostgreSQL's protocol authenticates when a connection begins and never after, so the session ends "
          "with a FATAL error that drivers and pools take for a restart, and the client logs in anew. With "
          "`when: idle` the statement at hand and its transaction are finished first.",
      .example = "- reauth: {when: idle}"};
}

}  // namespace signalbox::actions::catalog
