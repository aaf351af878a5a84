// Carrying out a plan. The surprise: EXPLAIN ANALYZE DELETE is two statements to the policies, and a rule
// about both asks twice; the action is carried out once for each statement that the client sent.
#include "proxy/lane/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "proxy/hooks/event_input.h"

namespace signalbox::proxy {
namespace {

std::uint32_t statement_of(const Event& event) {
  return event.statement != nullptr && event.statement->facts != nullptr ? event.statement->facts->index : 0;
}

bool same_action(const policy::ActionRequest& a, const policy::ActionRequest& b) {
  return a.action == b.action && a.policy == b.policy && a.rule == b.rule &&
         policy::compare(a.parameters, b.parameters) == 0;
}

bool done_before(const LaneReport& report, const policy::ActionRequest& request, std::uint32_t statement) {
  return std::ranges::any_of(report.done, [&](const LaneReport::Done& done) {
    return done.statement == statement && same_action(*done.request, request);
  });
}

std::string said_of(const LaneOutcome& outcome) {
  std::string said = outcome.failed.empty() ? std::string() : "failed: " + outcome.failed;
  if (outcome.refusal) {
    if (!said.empty()) said += "; ";
    return said + "refused " + outcome.refusal->fields.sqlstate;
  }
  if (said.empty()) said = outcome.said.empty() ? "done" : outcome.said;
  return said;
}

Counter counter_of(const LaneOutcome& outcome) {
  if (outcome.late) return Counter::SyncActionsLate;
  if (!outcome.failed.empty()) return Counter::SyncActionsFailed;
  return outcome.refusal ? Counter::SyncActionsRefused : Counter::SyncActionsDone;
}

/// `on_error`: what a failure means.
void settle_failure(const LaneCall& call, LaneOutcome& outcome) {
  if (outcome.failed.empty() || outcome.refusal || call.with.text_or("on_error", "deny") == "continue")
    return;
  Refusal refusal = make_refusal("58000", "permission denied: a required action failed");
  outcome.refusal = std::move(refusal);
}

}  // namespace

Task<> run_lane(LaneHost& host, const Ruling& ruling, const Event& event, LaneReport& report) {
  const EventView view(event);
  const EventInput facts(view, ruling.policies->slots());
  const std::uint32_t statement = statement_of(event);
  for (const actions::PlannedAction& planned : ruling.plan.sync) {
    const Executor run = executor_of(planned, ruling.decision);
    const policy::ActionRequest& request = ruling.decision.actions[planned.request];
    const bool counts_once = planned.spec->phase != actions::Phase::Routing;
    if (run == nullptr || (counts_once && done_before(report, request, statement))) continue;
    report.done.push_back({&request, statement});
    const actions::Parameters with(*planned.spec, request, facts);
    const LaneServices services = host.services();
    const Clock& clock = services.clock;
    const auto own = with.duration("deadline");
    const std::chrono::nanoseconds time = own ? *own : services.deadline;
    const LaneCall call{.host = host,
                        .event = event,
                        .spec = *planned.spec,
                        .request = request,
                        .with = with,
                        .time = time,
                        .deadline = Deadline(clock, time)};
    actions::SyncStep step{.action = planned.spec->name, .outcome = {}, .at_ns = clock.wall_ns()};
    const std::int64_t began_ns = clock.steady_ns();
    LaneOutcome outcome = co_await run(call);
    settle_failure(call, outcome);
    step.took_ns = clock.steady_ns() - began_ns;
    step.outcome = said_of(outcome);
    report.steps.push_back(std::move(step));
    services.metrics.add(counter_of(outcome));
    if (outcome.refusal) {
      report.refusal = std::move(outcome.refusal);
      co_return;
    }
  }
}

std::string LaneReport::outcome() const {
  std::string all;
  for (const actions::SyncStep& step : steps) {
    if (!all.empty()) all += "; ";
    all.append(step.action).append(": ").append(step.outcome);
  }
  return all;
}

void LaneReport::settle(const LaneOutcome& routing) {
  for (actions::SyncStep& step : steps) {
    if (step.outcome == kWished) step.outcome = said_of(routing);
  }
}

LaneOutcome overdue(const LaneCall& call) {
  const std::chrono::duration<double> seconds = call.time;
  return {.failed = fmt::format("not done within {:.3f} s", seconds.count()), .late = true};
}

std::string text_of(const LaneCall& call, std::string_view parameter) {
  if (auto text = call.with.text(parameter)) return std::move(*text);
  const actions::ParameterSpec* described = actions::parameter_named(call.spec, parameter);
  return described != nullptr ? std::string(described->fallback) : std::string();
}

Refusal refusal_for(const LaneCall& call, std::string_view message) {
  Refusal refusal = make_refusal(text_of(call, "sqlstate"), {});
  refusal.fields.message =
      call.with.has("message") || message.empty() ? text_of(call, "message") : std::string(message);
  refusal.fields.detail = call.with.text_or("detail", "");
  refusal.fields.hint = call.with.text_or("hint", "");
  return refusal;
}

std::string shared_key(const LaneCall& call) {
  std::string key = call.with.text_or("name", "");
  if (key.empty()) key = call.request.policy + "/" + call.request.rule;
  key += ':';
  if (const auto given = call.with.text("key")) return key + *given;
  return key + (call.event.session != nullptr ? call.event.session->user : std::string());
}

bool is_opening(const Event& event) {
  return actions::kOpeningHooks.contains(event.hook);
}

}  // namespace signalbox::proxy
