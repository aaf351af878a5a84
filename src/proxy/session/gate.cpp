// Hooks without a message: asked, acted upon, carried out.
#include "proxy/session/gate.h"

#include "proxy/lane/lane.h"

namespace signalbox::proxy {

/// What is asked for beside the verdict is queued, and all of it recorded.
std::optional<Refusal> Gate::judge(const Event& event, const Ruling& ruling, std::string_view outcome) {
  const bool recorded = ends_.decider().dispatch(ruling, event, false, outcome);
  if (recorded && !actions::ends_message(ruling.plan.verdict)) return std::nullopt;
  ends_.metrics().add(Counter::StatementsRefused);
  if (!recorded) return log_is_full();
  return refusal_of(ruling, event);
}

Task<std::optional<Refusal>> Gate::ask(actions::Hook hook) {
  if (!ends_.decider().wants(hook)) co_return std::nullopt;
  Event event = dialogue_.event_of(hook);
  const RulingPtr ruling = co_await ruling_on(ends_.decider(), event);
  LaneReport report;
  if (has_lane_work(ruling->plan, ruling->decision)) co_await run_lane(host_, *ruling, event, report);
  event.steps = &report.steps;
  auto refusal = judge(event, *ruling, report.outcome());
  std::optional<Refusal>& acted = report.refusal;
  if (acted && (!refusal || actions::stricter(acted->verdict, refusal->verdict))) refusal = std::move(acted);
  if (refusal) ends_.metrics().add(Counter::ConnectionsRefused);
  co_return refusal;
}

Task<bool> Gate::passes(actions::Hook hook) {
  auto refusal = co_await ask(hook);
  if (!refusal) co_return true;
  if (!ends_.breaks(*refusal)) co_await turn_away(std::move(*refusal));
  co_return false;
}

Task<> Gate::turn_away(Refusal refusal) {
  refusal.fields.severity = "FATAL";
  co_await ends_.refuse(std::move(refusal.fields));
}

Task<> Gate::notify(actions::Hook hook) {
  if (!ends_.decider().wants(hook)) co_return;
  Event event = dialogue_.event_of(hook);
  const RulingPtr ruling = co_await ruling_on(ends_.decider(), event);
  judge(event, *ruling);
}

void Gate::on_result(const actions::JobResult& result) {
  if (ends_.phase != Phase::Active || !ends_.decider().wants(actions::Hook::ActionResult)) return;
  ++results_;
  spawn(decide(result));
}

Task<> Gate::decide(actions::JobResult result) {
  const std::string job = result.job.to_text();
  const ResultFacts facts{.job = job,
                          .action = result.action,
                          .ok = result.ok,
                          .value_json = result.value,
                          .error = result.error,
                          .attempts = result.attempts};
  Event event = dialogue_.event_of(actions::Hook::ActionResult);
  event.result = &facts;
  const RulingPtr ruling = co_await ruling_on(ends_.decider(), event);
  auto refusal = judge(event, *ruling);
  if (refusal && actions::ends_session(refusal->verdict)) ends_.terminate(std::move(refusal->fields));
  --results_;
  result_decided_.wake();
}

Task<> Gate::results_decided() {
  while (results_ > 0) co_await result_decided_.sleep();
}

std::optional<Refusal> Gate::blocked() const {
  const actions::BlockList& blocks = ends_.worker.shared().blocks;
  const std::string& address = dialogue_.client.address;
  if (blocks.empty() || !blocks.find(address, dialogue_.session.user, {}, ends_.decider().wall_ns()))
    return std::nullopt;
  ends_.metrics().add(Counter::BlocksRefused);
  Refusal refusal = make_refusal("28000", "blocked");
  refusal.verdict = actions::Verdict::Disconnect;
  refusal.fields.severity = "FATAL";
  return refusal;
}

}  // namespace signalbox::proxy
