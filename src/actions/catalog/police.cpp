// police: so many in so much time, and what happens to more.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kAlgorithms[] = {"token_bucket", "sliding_window"};
constexpr std::string_view kOnExcess[] = {"refuse", "delay", "shed"};
constexpr Condition kBucket[] = {{"algorithm", "token_bucket"}};
constexpr Condition kDelay[] = {{"on_excess", "delay"}};
constexpr Exclusion kExcludes[] = {{{"on_excess", "delay"}, {"algorithm", "sliding_window"}}};
constexpr ParameterSpec kParameters[] = {
    {.name = "rate",
     .type = ParameterType::Number,
     .summary = "how many in each `per`",
     .required = true,
     .min = 0.000'001,
     .max = 1e9},
    {.name = "per",
     .type = ParameterType::Duration,
     .summary = "in how much time",
     .fallback = "1s",
     .min = 0.001,
     .max = 2'592'000},
    {.name = "burst",
     .type = ParameterType::Number,
     .summary = "how many at once after a rest (token bucket)",
     .fallback = "as many as `rate`, at least one",
     .min = 1,
     .max = 1e9,
     .only_if = kBucket},
    {.name = "algorithm",
     .type = ParameterType::Name,
     .summary = "a bucket that refills evenly, or a window that slides",
     .fallback = "token_bucket",
     .choices = kAlgorithms},
    {.name = "cost",
     .type = ParameterType::Number,
     .summary = "how many this one counts for",
     .fallback = "1",
     .min = 0,
     .max = 1e9},
    kKey,
    kSharedName,
    {.name = "on_excess",
     .type = ParameterType::Name,
     .summary = "one too many is refused, made to wait, or ends its session",
     .fallback = "refuse",
     .choices = kOnExcess},
    {.name = "max_delay",
     .type = ParameterType::Duration,
     .summary = "longest wait of `delay`; what would wait longer is refused",
     .fallback = "1s",
     .max = 600,
     .only_if = kDelay},
    {.name = "sqlstate",
     .type = ParameterType::SqlState,
     .summary = "SQLSTATE of the error",
     .fallback = "53400"},
    {.name = "message",
     .summary = "primary message, one line",
     .fallback = "rate limit exceeded",
     .templated = true},
    kDeadline,
    kOnError};
}  // namespace

ActionSpec police() {
  return {
      .name = "police",
      .hooks = kAdmissionHooks,
      .phase = Phase::Limit,
      .parameters = kParameters,
      .excludes = kExcludes,
      .summary = "Let only so many pass in so much time.",
      .details =
          "Counted are connections or statements, depending on the hook, for each value of `key`, by all "
          "event "
          "loops together. A statement counts when it is prepared and each time it is executed; prepared and "
          "executed in one go, it counts once. The error's hint says when to try again: `Retry after 1.250 "
          "s.` "
          "A delayed statement holds up its own session and no other; a cancel request does not end its "
          "wait, "
          "because nothing of it runs yet. `delay` needs the token bucket: with "
          "the "
          "sliding window it refuses.",
      .example = "- police: {rate: 100, per: 1s, burst: 20, key: \"{{ session.user }}\"}"};
}

}  // namespace signalbox::actions::catalog
