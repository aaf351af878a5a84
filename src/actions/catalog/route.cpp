// route: to which of the configured servers.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kBy[] = {"session", "transaction", "statement"};
constexpr std::string_view kOtherwise[] = {"stay", "refuse"};
constexpr std::string_view kOneOf[] = {"target", "role", "tags"};
constexpr ParameterSpec kParameters[] = {
    {.name = "target", .summary = "the target of this name", .templated = true},
    {.name = "role", .summary = "targets with this role: `primary`, `replica`", .templated = true},
    {.name = "tags",
     .type = ParameterType::TextMap,
     .summary = "targets with all these tags",
     .templated = true},
    {.name = "by",
     .type = ParameterType::Name,
     .summary = "for the rest of the session, for one transaction, for one statement",
     .fallback = "session",
     .choices = kBy,
     .hooks = kRequestHooks},
    {.name = "max_lag",
     .type = ParameterType::Duration,
     .summary = "a replica that may be further behind the primary is left out"},
    {.name = "read_your_writes",
     .type = ParameterType::Boolean,
     .summary = "leave out a replica that may not have what this session has written",
     .fallback = "false",
     .hooks = kRequestHooks},
    {.name = "on_unsafe",
     .type = ParameterType::Name,
     .summary = "the session has something at its server that it would lose",
     .fallback = "stay",
     .choices = kOtherwise,
     .hooks = kRequestHooks},
    {.name = "on_unavailable",
     .type = ParameterType::Name,
     .summary = "no target fits, is up, fresh enough, and reached before the deadline",
     .fallback = "stay",
     .choices = kOtherwise},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec route() {
  return {
      .name = "route",
      .hooks = kRequestHooks | HookSet{Hook::Connecting, Hook::Startup},
      .phase = Phase::Routing,
      .verdict = Verdict::Route,
      .group = {"route", ""},
      .parameters = kParameters,
      .one_of = kOneOf,
      .summary = "Send a session, a transaction or a statement to one of the configured servers.",
      .details =
          "Of several targets that fit, one is drawn by `weight`. While a session is opened the choice is "
          "for "
          "the session, and a server that cannot be reached is followed by the next. Later the session moves "
          "between transactions only, and only when it has nothing at its server (docs/routing.md); all "
          "statements of a query must ask for the same. Statements that no rule routes run at the session's "
          "own "
          "server.",
      .example = "- route: {role: replica, by: statement, max_lag: 2s, read_your_writes: true}"};
}

}  // namespace signalbox::actions::catalog
