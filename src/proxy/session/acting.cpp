// Where the sync lane comes in (proxy/lane): a message whose plan asks for more than a verdict waits until
// that has been done, and then passes or is refused. The decision's record is written afterwards, with the
// outcome.
//
// The surprise: a statement that is prepared once and executed often is acted upon each time it is bound;
// bound in the pipeline that prepares it, the first time has been covered.
#include "proxy/hooks/event_input.h"
#include "proxy/lane/lane.h"
#include "proxy/lane/state.h"
#include "proxy/session/session.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr std::chrono::milliseconds kNap{50};

/// The stricter of two refusals.
std::optional<Refusal> stricter_of(std::optional<Refusal> a, std::optional<Refusal> b) {
  if (!a) return b;
  return b && actions::stricter(b->verdict, a->verdict) ? std::move(b) : std::move(a);
}

}  // namespace

LaneState& Session::lane() {
  if (!lane_) lane_ = std::make_unique<LaneState>();
  return *lane_;
}

/// The message at the front must wait for its plan's actions.
std::optional<Session::Stop> Session::must_act(actions::Hook hook, const Query& query, MessageFacts message,
                                               QueryRulingPtr ruling, bool memoised) {
  acting_ = std::make_unique<Acting>(query, message, hook, std::move(ruling), memoised);
  return Stop::Act;
}

/// False = the session ends.
Task<bool> Session::act() {
  from_client_.keep();
  const std::unique_ptr<Acting> acting = std::move(acting_);
  asking_ = true;
  Event event = event_of(acting->hook);
  event.query = &acting->question.query;
  event.message = &acting->question.message;
  event.names = &statements_;
  Judged judged{.ruling = acting->ruling,
                .statements = std::make_unique<const QueryStatements>(event),
                .memoised = acting->memoised};
  LaneReport report;
  const std::size_t count = std::min(judged.ruling->each.size(), judged.statements->all().size());
  for (std::size_t i = 0; i < count && !report.refusal; ++i) {
    event.statement = &judged.statements->all()[i];
    if (has_lane_work(judged.ruling->of(i).plan))
      co_await run_lane(*this, judged.ruling->of(i), event, report);
  }
  event.statement = nullptr;
  if (!report.refusal && lane_ && !lane_->wishes.empty())
    report.refusal = co_await settle_wishes(count, judged.ruling->leaves_state);
  if (lane_) lane_->wishes.clear();
  if (report.refusal) worker_.metrics().add(Counter::StatementsRefused);
  std::optional<Refusal> judgement;  // of what is rewritten now, when that is done
  if (!rewrites(*judged.ruling)) judgement = judge_query(judged, event, report.outcome);
  refusal_ = stricter_of(std::move(judgement), std::move(report.refusal));
  asking_ = false;
  if (phase_ != Phase::Active || server_gone_) co_return false;
  if (refusal_) {
    if (book_.at_rest()) came_to_rest();
    co_return co_await act_on_refusal();
  }
  begin_duration();
  (acting->hook == actions::Hook::TrafficFromClient ? acted_.from_client : acted_.to_server) = judged.ruling;
  co_return true;
}

/// A Bind of something whose rulings ask for actions.
std::optional<Session::Stop> Session::act_on_bind(const PreparedText& text, QueryRulingPtr acts,
                                                  std::string_view statement, MessageFacts message) {
  if (acted_.from_client == acts) return std::nullopt;
  const Query query{.text = text.text,
                    .protocol = QueryProtocol::Extended,
                    .statement = statement,
                    .prepared = text.named()};
  return must_act(actions::Hook::TrafficFromClient, query, message, std::move(acts), true);
}

/// Of a hook of the session itself.
Task<std::optional<Refusal>> Session::act_at(const Ruling& ruling, const Event& event, std::string& outcome) {
  LaneReport report;
  co_await run_lane(*this, ruling, event, report);
  outcome = std::move(report.outcome);
  co_return std::move(report.refusal);
}

// ---- LaneHost

LaneServices Session::services() {
  Shared& shared = worker_.shared();
  return {.limiter = shared.limiter,
          .blocks = shared.blocks,
          .clock = *shared.services.clock,
          .metrics = worker_.metrics()};
}

Task<> Session::rest(std::chrono::nanoseconds time) {
  const std::int64_t until = worker_.loop().now_ns() + time.count();
  while (phase_ != Phase::Closing && !server_gone_) {
    const std::chrono::nanoseconds left(until - worker_.loop().now_ns());
    if (left.count() <= 0) break;
    co_await SleepStep{worker_.loop(), std::min<std::chrono::nanoseconds>(left, kNap)};
  }
}

bool Session::client_is_encrypted() const {
  return client_->tls() != nullptr || client_facts_.address.empty();
}

bool Session::server_is_encrypted() const {
  return server_ && (server_->tls() != nullptr || server_facts_.address.empty());
}

void Session::want_client_encrypted(Refusal otherwise) {
  lane().client_must_encrypt = std::move(otherwise);
}

void Session::want_server_encrypted() {
  lane().server_must_encrypt = true;
}

void Session::end_when_idle(wire::ErrorFields last_words) {
  lane().last_words = std::move(last_words);
}

bool Session::holds(std::string_view place) const {
  const auto named = [&](const LaneState::Place& one) { return one.first == place; };
  return lane_ && (std::ranges::any_of(lane_->held, named) || std::ranges::any_of(lane_->kept, named));
}

void Session::hold(std::string place, actions::Limiter::Ticket ticket, bool for_life) {
  (for_life ? lane().kept : lane().held).emplace_back(std::move(place), std::move(ticket));
}

}  // namespace signalbox::proxy
