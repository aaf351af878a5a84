// webhook: a signed HTTP request, sent beside the traffic, with retries and a dead letter.
#include "actions/catalog/specs.h"

namespace signalbox::actions::catalog {

namespace {
constexpr std::string_view kMethods[] = {"POST", "PUT", "PATCH"};
constexpr ParameterSpec kParameters[] = {
    {.name = "url", .type = ParameterType::Url, .summary = "where to", .required = true},
    {.name = "method",
     .type = ParameterType::Name,
     .summary = "HTTP method",
     .fallback = "POST",
     .choices = kMethods},
    {.name = "headers", .type = ParameterType::TextMap, .summary = "additional headers", .templated = true},
    {.name = "body",
     .type = ParameterType::Any,
     .summary = "what to send, as JSON; a string is sent as it is",
     .fallback = "an object with decision, time, hook, session, client and query",
     .templated = true},
    {.name = "secret",
     .summary = "name of the signing secret in the configuration (actions.webhook.secrets), never the secret "
                "itself"},
    {.name = "timeout",
     .type = ParameterType::Duration,
     .summary = "for one attempt",
     .fallback = "10s",
     .min = 0.1,
     .max = 120},
    {.name = "attempts",
     .type = ParameterType::Integer,
     .summary = "at most",
     .fallback = "10",
     .min = 1,
     .max = 100},
    {.name = "result",
     .type = ParameterType::Boolean,
     .summary = "deliver the answer to the session's hook action_result",
     .fallback = "false"}};
}  // namespace

ActionSpec webhook() {
  return {
      .name = "webhook",
      .lane = Lane::Async,
      .storage = Storage::Job,
      .hooks = kEveryHook,
      .parameters = kParameters,
      .summary = "Send a signed HTTP request, with retries and a dead letter.",
      .details =
          "Headers: `webhook-id` and `Idempotency-Key` (the job's id, the same at every attempt), "
          "`webhook-timestamp`, and with a secret `webhook-signature: v1,` followed by the base64 "
          "HMAC-SHA256 of "
          "`id.timestamp.body`. 2xx is success; 408, 425, 429 and 5xx, time-outs and connection failures are "
          "tried again (Retry-After is honoured); anything else is a dead letter at once.",
      .example =
          "- webhook: {url: \"https://hooks.example/deny\", secret: soc, body: {user: \"{{ session.user "
          "}}\"}}"};
}

}  // namespace signalbox::actions::catalog
