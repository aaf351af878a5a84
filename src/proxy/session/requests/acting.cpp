// Where the sync lane comes in (proxy/lane): a message whose plan asks for more than a verdict waits until
// that has been done, and then passes or is refused. The decision's record is written afterwards, with the
// outcome.
//
// The surprise: a statement that is prepared once and executed often is acted upon each time it is bound;
// bound in the pipeline that prepares it, the first time has been covered.
#include "proxy/lane/lane.h"
#include "proxy/session/requests/requests.h"
#include "proxy/session/settling.h"

namespace signalbox::proxy {
namespace {

/// The stricter of two refusals.
std::optional<Refusal> stricter_of(std::optional<Refusal> a, std::optional<Refusal> b) {
  if (!a) return b;
  return b && actions::stricter(b->verdict, a->verdict) ? std::move(b) : std::move(a);
}

bool is_copy(const QueryStatement& statement) {
  return statement.facts != nullptr && statement.facts->kind == "copy";
}

}  // namespace

/// False = the session ends.
Task<bool> Requests::act() {
  ends_.from_client.keep();
  const std::unique_ptr<Acting> acting = std::move(at_hand_.acting);
  dialogue_.asking = true;
  Event event = dialogue_.event_of(acting->hook);
  event.query = &acting->question.query;
  event.message = &acting->question.message;
  event.names = &dialogue_.statements;
  Judged judged{.ruling = acting->ruling, .statements = nullptr, .memoised = acting->memoised};
  judged.statements = taken_apart(judged, event);
  LaneReport report;
  const std::size_t count = std::min(judged.ruling->each.size(), judged.statements->all().size());
  // What is noted of one statement holds for the others that came with it: so they are decided again, once.
  lane_.tags.wait(count == 1 || std::exchange(at_hand_.tagged, true));
  for (std::size_t i = 0; i < count && !report.refusal; ++i) {
    event.statement = &judged.statements->all()[i];
    const Ruling& ruling = judged.ruling->of(i);
    if (has_lane_work(ruling.plan, ruling.decision)) co_await run_lane(lane_, ruling, event, report);
  }
  lane_.tags.wait(false);
  event.statement = nullptr;
  event.steps = &report.steps;
  if (!report.refusal && lane_.state && !lane_.state->wishes.empty()) {
    const std::uint64_t moves = lane_.moves.made();
    LaneOutcome routing = co_await lane_.moves.settle_wishes(
        {.statements = count,
         .moves = at_hand_.moves,
         .leaves_state = judged.ruling->leaves_state,
         .copies = std::ranges::all_of(judged.statements->all(), is_copy)});
    at_hand_.moves += lane_.moves.made() != moves ? 1 : 0;
    report.settle(routing);
    report.refusal = std::move(routing.refusal);
  }
  if (lane_.state) lane_.state->wishes.clear();
  if (report.refusal) ends_.metrics().add(Counter::StatementsRefused);
  std::optional<Refusal> judgement;
  if (report.refusal || !rewrites(*judged.ruling)) {
    judgement = judge_.carry_out(judged, event, report.outcome());
  } else {  // it is recorded when that is done
    at_hand_.done = {.outcome = report.outcome(), .steps = std::move(report.steps)};
  }
  at_hand_.refusal = stricter_of(std::move(judgement), std::move(report.refusal));
  dialogue_.asking = false;
  if (ends_.phase != Phase::Active || ends_.server_gone || ends_.client_done) co_return false;
  if (at_hand_.refusal) {
    if (dialogue_.book.at_rest()) came_to_rest(dialogue_, lane_.state);
    co_return co_await refuse();
  }
  lane_.bounds.begin_duration();
  lane_.bounds.declares(judged.ruling->changes);
  (acting->hook == actions::Hook::TrafficFromClient ? at_hand_.acted.from_client : at_hand_.acted.to_server) =
      judged.ruling;
  co_return true;
}

}  // namespace signalbox::proxy
