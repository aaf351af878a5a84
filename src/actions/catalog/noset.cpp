// noset: a session parameter that the client cannot change.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kOnSet[] = {"refuse", "ignore"};
constexpr std::string_view kOnHidden[] = {"refuse", "pass"};
constexpr ParameterSpec kParameters[] = {
    {.name = "name", .summary = "the parameter, as in SHOW", .required = true},
    {.name = "on_set",
     .type = ParameterType::Name,
     .summary = "an attempt to change it is refused, or answered and not carried out",
     .fallback = "refuse",
     .choices = kOnSet},
    {.name = "on_hidden",
     .type = ParameterType::Name,
     .summary = "a statement whose text hides what it sets (DO, dynamic SQL, a text that cannot be parsed)",
     .fallback = "refuse",
     .choices = kOnHidden},
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error",
     .fallback = "55P02"},
    {.name = "message",
     .summary = "primary message, one line",
     .fallback = "parameter \"NAME\" cannot be changed",
     .templated = true},
    kOnError};
}  // namespace

ActionSpec noset() {
  return {
      .name = "noset",
      .hooks = {Hook::Startup, Hook::Authenticated, Hook::TrafficFromClient, Hook::TrafficToServer},
      .phase = Phase::Session,
      .group = {"noset", "name"},
      .parameters = kParameters,
      .summary = "Pin a session parameter: from now on the client cannot change it in this session.",
      .details =
          "It holds for SET, SET LOCAL, set_config(), RESET, RESET ALL, DISCARD ALL, and asked for at "
          "`startup` "
          "also for the startup packet and its `options`. Pinned at `startup`, a parameter may be RESET: "
          "that "
          "goes back to the pinned value. `ignore` answers SET and RESET as if they had run; what cannot be "
          "ignored by itself (set_config() inside a query) is refused. What functions set that the server "
          "stores is not seen.",
      .example = "- noset: {name: search_path}"};
}

}  // namespace signalbox::actions::catalog
