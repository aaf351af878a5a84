// Makes a job's arguments from its request: templates rendered, facts copied, so that the job means the same
// whenever it runs and every attempt sends the same bytes.
#include "actions/lanes/dispatch.h"

#include <algorithm>

#include "actions/json_text.h"
#include "actions/lanes/http_client.h"
#include "actions/parameters.h"
#include "actions/template.h"
#include "policy/decision.h"
#include "policy/value/value.h"

namespace signalbox::actions {

namespace {

constexpr std::string_view kLogFields[] = {"session.id",     "session.user", "session.database",
                                           "client.address", "query.kind",   "query.fingerprint"};
constexpr std::string_view kBodyFacts[] = {"session.id",     "session.user", "session.database",
                                           "client.address", "query.kind",   "query.fingerprint"};

void append_facts(std::span<const std::string_view> paths, const Facts& facts, std::string& out) {
  JsonObject object(out);
  std::string value;
  for (std::string_view path : paths) {
    value.clear();
    if (facts.append_json(path, value)) object.raw(path, value);
  }
}

void append_origin(JsonObject& object, const DispatchContext& context) {
  object.text("decision", context.origin.decision.to_text());
  object.text("hook", name(context.origin.hook));
}

Overflow overflow_of(std::string_view on_full) {
  if (on_full == "refuse") return Overflow::FailClosed;
  return on_full == "sample" ? Overflow::Sample : Overflow::DropNewest;
}

/// The audit line, less what the writer adds (time, id, stream, number).
void log_arguments(const policy::ActionRequest& request, const Parameters& parameters, const Facts& facts,
                   const DispatchContext& context, std::string& out) {
  JsonObject line(out);
  line.text("level", parameters.text_or("level", "info"));
  line.text("message", parameters.text_or("message", ""));
  append_origin(line, context);
  line.text_unless_empty("policy", request.policy);
  line.text_unless_empty("rule", request.rule);
  if (parameters.has("fields")) {
    const auto named = parameters.text_list("fields");
    const std::vector<std::string_view> paths(named.begin(), named.end());
    append_facts(paths, facts, line.key("fields"));
  } else {
    append_facts(kLogFields, facts, line.key("fields"));
  }
  if (parameters.has("labels")) parameters.append_json("labels", line.key("labels"));
}

/// What is sent when the policy names no body.
std::string default_body(const policy::ActionRequest& request, const Facts& facts,
                         const DispatchContext& context) {
  std::string out;
  {
    JsonObject object(out);
    append_origin(object, context);
    object.key("time") += '"';
    append_time(out, context.now_ns);
    out += '"';
    object.text_unless_empty("policy", request.policy);
    object.text_unless_empty("rule", request.rule);
    append_facts(kBodyFacts, facts, object.key("facts"));
  }
  return out;
}

std::string body_of(const policy::ActionRequest& request, const Facts& facts,
                    const DispatchContext& context) {
  const policy::Value body = request.parameters.at("body");
  if (body.is_undefined()) return default_body(request, facts, context);
  if (body.is_string()) return render_template(body.as_string(), facts, Escape::JsonString);
  std::string out;
  append_rendered_json(body, facts, out);
  return out;
}

void webhook_arguments(const policy::ActionRequest& request, const Parameters& parameters, const Facts& facts,
                       const DispatchContext& context, std::string& out) {
  JsonObject object(out);
  object.text("url", parameters.text_or("url", ""));
  object.text("method", parameters.text_or("method", "POST"));
  object.text_unless_empty("secret", parameters.text_or("secret", ""));
  if (parameters.has("headers")) {
    JsonObject headers(object.key("headers"));
    for (const policy::Pair& header : request.parameters.at("headers").as_object()) {
      headers.text(header.key.as_string(),
                   render_template(header.value.as_string(), facts, Escape::HeaderValue));
    }
  }
  object.text("body", body_of(request, facts, context));
}

}  // namespace

Push queue_async(const Plan& plan, const policy::Decision& decision, const Facts& facts,
                 const DispatchContext& context, Producer& producer) {
  Push worst = Push::Taken;
  std::string arguments, sink;
  for (const PlannedAction& action : plan.async) {
    const policy::ActionRequest& request = decision.actions[action.request];
    const Parameters parameters(action, decision, facts);
    JobView job;
    job.id = producer.next_id();
    job.action = action.spec->name;
    job.origin = context.origin;
    job.created_ns = context.now_ns;
    arguments.clear();
    if (action.spec->storage == Storage::Stream) {
      job.overflow = overflow_of(parameters.text_or("on_full", "drop"));
      log_arguments(request, parameters, facts, context, arguments);
    } else {
      sink = origin_of(parameters.text_or("url", ""));
      job.sink = sink;
      const auto timeout = parameters.duration("timeout").value_or(std::chrono::milliseconds(10'000));
      job.timeout_ms = static_cast<std::uint32_t>(timeout.count());
      job.max_attempts = static_cast<std::uint16_t>(parameters.integer("attempts").value_or(10));
      job.wants_result = parameters.boolean_or("result", false);
      webhook_arguments(request, parameters, facts, context, arguments);
    }
    job.arguments = arguments;
    worst = std::max(worst, producer.push(job));
  }
  return worst;
}

}  // namespace signalbox::actions
