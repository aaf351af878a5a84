// log: a structured audit line, written beside the traffic.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kLevels[] = {"debug", "info", "notice", "warning", "error", "critical"};
constexpr std::string_view kOnFull[] = {"drop", "sample", "refuse"};
constexpr ParameterSpec kParameters[] = {
    {.name = "message", .summary = "text of the line", .templated = true},
    {.name = "level",
     .type = ParameterType::Name,
     .summary = "severity of the line",
     .fallback = "info",
     .choices = kLevels},
    {.name = "fields",
     .type = ParameterType::TextList,
     .summary = "paths of the input document to put into the line",
     .fallback = "session.id, session.user, session.database, client.address, query.kind, query.fingerprint"},
    {.name = "labels",
     .type = ParameterType::TextMap,
     .summary = "constant or templated fields",
     .templated = true},
    {.name = "on_full",
     .type = ParameterType::Name,
     .summary =
         "when the lane is full: drop the line, take a sample, or refuse the message that cannot be recorded",
     .fallback = "drop",
     .choices = kOnFull}};
}  // namespace

ActionSpec log() {
  return {
      .name = "log",
      .lane = Lane::Async,
      .storage = Storage::Stream,
      .hooks = kEveryHook,
      .parameters = kParameters,
      .summary = "Write a structured audit line.",
      .details =
          "One JSON object a line, numbered, so that a missing line shows; dropped lines leave a gap marker. "
          "Lines go to the segment log first and from there to the file, stdout or syslog of the "
          "configuration.",
      .example =
          "- log: {message: unbounded write, level: warning, fields: [session.user, query.normalized]}"};
}

}  // namespace signalbox::actions::catalog
