// tag: notes something about the session, for policies to read later.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr ParameterSpec kParameters[] = {
    {.name = "name", .summary = "under which it is read: `session.tags.NAME`", .required = true},
    {.name = "value",
     .summary = "what is noted; a later one takes its place",
     .fallback = "true",
     .templated = true},
    kOnError};
}  // namespace

ActionSpec tag() {
  return {
      .name = "tag",
      .hooks = kAdmissionHooks,
      .phase = Phase::Guard,
      .group = {"tag", "name"},
      .parameters = kParameters,
      .summary = "Note something about the session, for policies to read later as `session.tags`.",
      .details =
          "So a decision can stand on what came before: what the session has read, how it came in, what was "
          "refused. It holds as soon as the statement has been run or refused, and until the session ends, "
          "whatever becomes of the transaction; what has only been prepared leaves none. Several statements "
          "of one query are decided with each other's tags, and what was prepared before is decided again. "
          "Texts of at most 1,024 bytes, and at most 64 in a session.",
      .example = "- tag: {name: has_read, value: \"{{ query.kind }}\"}"};
}

}  // namespace signalbox::actions::catalog
