// limit: how many at a time, how much, how long.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kOneOf[] = {"concurrency", "rows", "bytes", "columns", "duration"};
constexpr ParameterSpec kParameters[] = {
    {.name = "concurrency",
     .type = ParameterType::Integer,
     .summary = "sessions with a statement of this kind under way (asked for while a session is opened: "
                "sessions that are open) at a time",
     .min = 1,
     .max = 1'000'000},
    {.name = "rows",
     .type = ParameterType::Integer,
     .summary = "rows of one answer",
     .min = 0,
     .hooks = kRequestHooks},
    {.name = "bytes",
     .type = ParameterType::Integer,
     .summary = "bytes of one answer",
     .min = 0,
     .hooks = kRequestHooks},
    {.name = "columns",
     .type = ParameterType::Integer,
     .summary = "columns of one answer with rows",
     .min = 1,
     .max = 1664,
     .hooks = kRequestHooks},
    {.name = "duration",
     .type = ParameterType::Duration,
     .summary = "how long a statement may take before it is cancelled at the server",
     .min = 0.001,
     .max = 2'592'000,
     .hooks = kRequestHooks},
    kKey,
    kSharedName,
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error (`duration`: always 57014)",
     .fallback = "53400"},
    {.name = "message",
     .summary = "primary message, one line",
     .fallback = "what the limit is",
     .templated = true},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec limit() {
  return {
      .name = "limit",
      .hooks = kAdmissionHooks,
      .phase = Phase::Limit,
      .parameters = kParameters,
      .one_of = kOneOf,
      .summary =
          "Bound how many statements run at a time, and how much one may answer or how long it may take.",
      .details =
          "`concurrency` is shared by all who have one `key`; a pipeline holds one place. `rows`, `bytes` "
          "and `columns` "
          "end "
          "the answer with an error when it grows beyond them (what a portal gives in portions is one "
          "answer, "
          "what a FETCH gives is one of its own; of COPY TO STDOUT the HEADER counts as a row; what a "
          "function call of the protocol gives has bytes only), and an open "
          "transaction is aborted; what the "
          "statement has changed outside a transaction stays. `duration` is PostgreSQL's own cancellation: "
          "the "
          "client sees SQLSTATE 57014. In a pipeline it counts from the first statement that is so limited "
          "to "
          "the end of the pipeline. While a session is opened only `concurrency` has a meaning.",
      .example = "- limit: {concurrency: 5, duration: 30s, key: \"{{ session.database }}\"}"};
}

}  // namespace signalbox::actions::catalog
