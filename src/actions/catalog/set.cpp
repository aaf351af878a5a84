// set: gives a session parameter a value at the server.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kScopes[] = {"session", "transaction"};
constexpr ParameterSpec kParameters[] = {
    {.name = "name", .summary = "the parameter, as in SHOW", .required = true},
    {.name = "value", .summary = "what it becomes, as SHOW prints it", .required = true, .templated = true},
    {.name = "scope",
     .type = ParameterType::Name,
     .summary = "as SET, or as SET LOCAL: until the end of the transaction that is open",
     .fallback = "session",
     .choices = kScopes,
     .hooks = kRequestHooks},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec set() {
  return {
      .name = "set",
      .hooks = {Hook::Startup, Hook::Authenticated, Hook::TrafficFromClient, Hook::TrafficToServer},
      .phase = Phase::Session,
      .group = {"set", "name"},
      .parameters = kParameters,
      .summary = "Give a session parameter a value at the server, before the statement runs.",
      .details =
          "At `startup` the parameter goes into the startup packet and is the session's default: RESET and "
          "DISCARD ALL go back to it. Later it is a SET that the gateway runs in front of the statement, in "
          "whatever transaction or pipeline that is in, at the cost of one round trip each time. In a "
          "transaction that has failed nothing is set. What the server refuses to set, refuses the "
          "statement.",
      .example = "- set: {name: statement_timeout, value: 5s}"};
}

}  // namespace signalbox::actions::catalog
