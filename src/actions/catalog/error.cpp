// error: an ErrorResponse of the policy's own, every field of it.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kSeverities[] = {"ERROR", "FATAL"};
constexpr ParameterSpec kParameters[] = {
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error",
     .required = true},
    {.name = "message", .summary = "primary message, one line", .required = true, .templated = true},
    {.name = "severity",
     .type = ParameterType::Name,
     .summary = "FATAL also ends the session",
     .fallback = "ERROR",
     .choices = kSeverities},
    kDetail,
    kHint,
    {.name = "position",
     .type = ParameterType::Integer,
     .summary = "character of the statement, from 1",
     .min = 1,
     .max = 2147483647},
    {.name = "where", .summary = "context of the error", .templated = true},
    {.name = "schema", .summary = "name of the schema concerned", .templated = true},
    {.name = "table", .summary = "name of the table concerned", .templated = true},
    {.name = "column", .summary = "name of the column concerned", .templated = true},
    {.name = "datatype", .summary = "name of the data type concerned", .templated = true},
    {.name = "constraint", .summary = "name of the constraint concerned", .templated = true}};
}  // namespace

ActionSpec error() {
  return {.name = "error",
          .hooks = kAnswerableHooks,
          .verdict = Verdict::Error,
          .parameters = kParameters,
          .summary = "Refuse with an ErrorResponse of your own, every field.",
          .details =
              "The conversation goes on as after `deny`. Fields are those of the protocol's ErrorResponse.",
          .example = "- error: {sqlstate: \"54000\", message: too many rows asked for, hint: add a LIMIT}"};
}

}  // namespace signalbox::actions::catalog
