// Where policies come in: events are made of what the session knows, decided, and what is asked for is
// queued. A query is decided statement by statement; any refusal refuses the whole message.
//
// The surprise: some decisions must wait for answers that are still on their way. A text with a backslash
// means another thing after SET standard_conforming_strings, EXECUTE p after a PREPARE, and so on; so what
// may be changed by a request under way is decided when that has been answered.
#include <algorithm>

#include "policy/value/builder.h"
#include "proxy/hooks/event_input.h"
#include "proxy/lane/lane.h"
#include "proxy/session/refusal.h"
#include "proxy/session/session.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr const char* kUnseen =
    "this statement or cursor was made when its text was not looked at; make it again";

/// Its meaning depends on settings that a statement can change: standard_conforming_strings, client_encoding.
bool depends_on_settings(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\\' || static_cast<signed char>(c) < 0; });
}

}  // namespace

Event Session::event_of(actions::Hook hook) {
  facts_.transaction = book_.transaction();
  Event event;
  event.hook = hook;
  event.gateway = &settings_->facts;
  event.client = &client_facts_;
  event.session = phase_ == Phase::Handshake && hook == actions::Hook::Connecting ? nullptr : &facts_;
  event.server = server_ ? &server_facts_ : nullptr;
  event.catalog = catalogue_ ? &catalogue_facts_ : nullptr;
  return event;
}

/// Tells detectors that want to know of it.
void Session::see(Sight sight, actions::Hook hook) {
  if (worker_.decider().watches(sight)) worker_.decider().see(sight, event_of(hook));
}

/// An external engine's ruling; null when the embedded one decides.
Task<RulingPtr> Session::answer_to(Event& event) {
  if (!worker_.decider().asynchronous()) co_return RulingPtr();
  co_return co_await worker_.decider().ask(event);
}

/// Decides one event without a query, where that has not been done elsewhere: nothing when it may pass.
std::optional<Refusal> Session::judge(const Event& event, RulingPtr ruling, std::string_view outcome) {
  if (!ruling) ruling = worker_.decider().decide(event);
  const bool recorded = worker_.decider().dispatch(*ruling, event, false, outcome);
  if (recorded && !actions::ends_message(ruling->plan.verdict)) return std::nullopt;
  worker_.metrics().add(Counter::StatementsRefused);
  if (!recorded) return make_refusal("53100", "the audit log is full");
  return refusal_of(*ruling, event);
}

Refusal Session::refusal_of(const Ruling& ruling, const Event& event) {
  const EventView view(event);
  const EventInput input(view, ruling.policies->slots());
  Refusal refusal;
  refusal.verdict = ruling.plan.verdict;
  refusal.fields = refusal_fields(ruling, input, actions::ends_session(refusal.verdict) ? "FATAL" : "ERROR");
  refusal.keeps_transaction = keeps_transaction(ruling);
  refusal.by_default = ruling.plan.reason == actions::Reason::Default;
  return refusal;
}

/// A hook of the session itself: why it may not go on.
Task<std::optional<Refusal>> Session::asked_at(actions::Hook hook) {
  if (!worker_.decider().wants(hook)) co_return std::nullopt;
  Event event = event_of(hook);
  RulingPtr ruling = co_await answer_to(event);
  if (!ruling) ruling = worker_.decider().decide(event);
  std::string outcome;
  std::optional<Refusal> acted;
  if (has_lane_work(ruling->plan)) acted = co_await act_at(*ruling, event, outcome);
  auto refusal = judge(event, ruling, outcome);
  if (acted && (!refusal || actions::stricter(acted->verdict, refusal->verdict))) refusal = std::move(acted);
  if (refusal) worker_.metrics().add(Counter::ConnectionsRefused);
  co_return refusal;
}

/// False = refused: the client has been told, the session ends.
Task<bool> Session::passes(actions::Hook hook) {
  auto refusal = co_await asked_at(hook);
  if (!refusal) co_return true;
  if (!breaks(*refusal)) co_await turn_away(std::move(*refusal));
  co_return false;
}

Task<> Session::turn_away(Refusal refusal) {
  refusal.fields.severity = "FATAL";
  co_await refuse(std::move(refusal.fields));
}

/// A hook at which nothing can be refused any more: what policies ask for is queued and recorded.
Task<> Session::notify(actions::Hook hook) {
  if (!worker_.decider().wants(hook)) co_return;
  Event event = event_of(hook);
  judge(event, co_await answer_to(event));
}

void Session::on_result(const actions::JobResult& result) {
  if (phase_ != Phase::Active || !worker_.decider().wants(actions::Hook::ActionResult)) return;
  const std::string job = result.job.to_text();
  const ResultFacts facts{.job = job,
                          .action = result.action,
                          .ok = result.ok,
                          .value_json = result.value,
                          .error = result.error,
                          .attempts = result.attempts};
  Event event = event_of(actions::Hook::ActionResult);
  event.result = &facts;
  auto refusal = judge(event);
  if (refusal && actions::ends_session(refusal->verdict)) terminate(std::move(refusal->fields));
}

std::optional<Session::Stop> Session::refused(Refusal refusal) {
  refusal_ = std::move(refusal);
  return Stop::Refused;
}

/// As PostgreSQL's pq_getmsgend: an ordinary error, not the end of the session.
std::optional<Session::Stop> Session::malformed() {
  see(Sight::Violation, actions::Hook::TrafficFromClient);
  return refused(make_refusal("08P01", "invalid message format"));
}

/// The name of something prepared would be other bytes after a change of client_encoding, and not be found.
bool Session::is_untold(std::string_view name) const {
  return !names_are_told_ && worker_.decider().reads_queries() && sql::is_beyond_ascii(name);
}

/// Query, Parse, Bind, Execute, FunctionCall, each whole (a Bind whose values nobody reads may be its
/// beginning).
std::optional<Session::Stop> Session::decide_message(const wire::FrameHeader& header, std::string_view body) {
  const MessageFacts message{.type = header.type, .bytes = header.size()};
  switch (header.type) {
    case 'Q': {
      const auto query = wire::decode_query(body);
      if (!query) return malformed();
      return decide_query({.text = query->text, .protocol = QueryProtocol::Simple, .statement = {}}, message);
    }
    case 'P': {
      const auto parse = wire::decode_parse(body);
      if (!parse) return malformed();
      if (is_untold(parse->statement)) return refused(make_refusal("0A000", kUntoldName));
      const Query query{
          .text = parse->text, .protocol = QueryProtocol::Extended, .statement = parse->statement};
      return awaits_values(parse->text) ? decide_edits(query, message) : decide_query(query, message);
    }
    case 'F':
      return decide_query({.text = {}, .protocol = QueryProtocol::FunctionCall, .statement = {}}, message);
    case 'B': return decide_bind(body, message);
    case 'E': return some_prepared_refused_ ? decide_execute(body) : std::nullopt;
    default: return std::nullopt;
  }
}

/// A text that is decided when its values are bound can be edited only now: what policies say without the
/// values counts as far as it is an edit.
std::optional<Session::Stop> Session::decide_edits(Query query, MessageFacts message) {
  Decider& decider = worker_.decider();
  if (decider.asynchronous() || !decider.wants(actions::Hook::TrafficFromClient)) return std::nullopt;
  if (must_rest_before(query)) return unconfirmed();
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  event.names = &statements_;
  const Judged judged = decider.decide_query(event, memo_key_);
  if (!judged.ruling || judged.ruling->missing) return std::nullopt;
  if (judged.ruling->of(judged.ruling->decisive).plan.verdict != actions::Verdict::Request)
    return std::nullopt;
  const QueryStatements statements(event);
  return take(rewriting_of(*judged.ruling, statements, event), actions::Verdict::Request);
}

std::optional<Session::Stop> Session::decide_query(Query query, MessageFacts message) {
  Decider& decider = worker_.decider();
  query.values_follow = decider.wants_parameters();
  if (must_rest_before(query)) return unconfirmed();
  if (decider.asynchronous() && !answers_) {
    question_ = std::make_unique<Question>(query, message);
    return Stop::Ask;
  }
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  event.names = &statements_;
  const auto stop = decide_hooks(event);
  if (stop != Stop::Act) answers_.reset();
  return stop;
}

std::optional<Session::Stop> Session::decide_hooks(Event event) {
  const Decider& decider = worker_.decider();
  const Answers answers = answers_.value_or(Answers{});
  if (decider.wants(actions::Hook::TrafficFromClient)) {
    const auto stop = covered(acted_.from_client)
                          ? rewrite_acted(acted_.from_client, event)
                          : decide_at(actions::Hook::TrafficFromClient, event, answers.from_client);
    if (stop) return stop;
  }
  if (ruled_ && ruled_->transmits) return std::nullopt;
  if (!decider.wants(actions::Hook::TrafficToServer)) return std::nullopt;
  event.hook = actions::Hook::TrafficToServer;
  if (covered(acted_.to_server)) return rewrite_acted(acted_.to_server, event);
  return decide_at(actions::Hook::TrafficToServer, event, answers.to_server);
}

/// The hook has been asked about the message at hand, and what it wants has been done.
bool Session::covered(const QueryRulingPtr& ruling) {
  if (!ruling) return false;
  if (!ruled_ || ruled_->changes.empty()) ruled_ = ruling;
  return true;
}

std::optional<Session::Stop> Session::decide_at(actions::Hook hook, Event event, QueryRulingPtr answer) {
  event.hook = hook;
  Judged judged;
  judged.ruling = std::move(answer);
  if (!judged.ruling) judged = worker_.decider().decide_query(event, memo_key_);
  if (!judged.ruling) {
    question_ = std::make_unique<Question>(*event.query, *event.message);
    return Stop::Ask;
  }
  if (judged.ruling->refers && book_.size() > 0) return unconfirmed();
  if (!ruled_ || ruled_->changes.empty()) ruled_ = judged.ruling;
  some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
  if (hook == actions::Hook::TrafficFromClient) see_statement(judged, event);
  const QueryRulingPtr ruling = judged.ruling;
  const bool passes = ruling->quiet && !ruling->missing;
  if (passes || ruling->acts || rewrites(*ruling)) note_catalogue(*ruling);
  if (passes) return std::nullopt;
  if (ruling->acts) return must_act(hook, *event.query, *event.message, ruling, judged.memoised);
  if (rewrites(*ruling)) return rewrite(judged, event);
  if (auto refusal = judge_query(judged, event)) return refused(std::move(*refusal));
  note_catalogue(*ruling);
  return std::nullopt;
}

void Session::see_statement(const Judged& judged, const Event& event) {
  Decider& decider = worker_.decider();
  if (!decider.watches(Sight::Permitted) && !decider.watches(Sight::Refused)) return;
  const QueryRuling& ruling = *judged.ruling;
  const bool refused = actions::ends_message(ruling.of(ruling.decisive).plan.verdict) || ruling.missing;
  const Sight sight = refused ? Sight::Refused : Sight::Permitted;
  if (decider.watches(sight)) decider.see(sight, event);
}

/// Something under way may change what the text means, or facts that policies read of it.
bool Session::must_rest_before(const Query& query) const {
  if (book_.size() == 0 || book_.copying_in()) return false;
  const Decider& decider = worker_.decider();
  if (decider.reads_transaction()) return true;
  return decider.reads_queries() && !query.prepared && depends_on_settings(query.text);
}

/// Carries out what was ruled on a query, statement by statement. The strictest verdict is the query's.
std::optional<Refusal> Session::judge_query(const Judged& judged, Event event, std::string_view outcome) {
  Decider& decider = worker_.decider();
  const QueryRuling& query = *judged.ruling;
  const bool recorded = decider.dispatch(judged, event, outcome);
  const Ruling& decisive = query.of(query.decisive);
  const bool ends = actions::ends_message(decisive.plan.verdict);
  if (recorded && !ends && !query.missing) return std::nullopt;
  worker_.metrics().add(Counter::StatementsRefused);
  if (!recorded) return make_refusal("53100", "the audit log is full");
  if (!ends && *query.missing == Names::Knowledge::TooLong)
    return make_refusal("54000", "statement is too long to be inspected");
  if (!ends) return make_refusal("26000", kUnseen);
  std::unique_ptr<const QueryStatements> again;
  if (!judged.statements) again = std::make_unique<const QueryStatements>(event);
  const QueryStatements& statements = judged.statements ? *judged.statements : *again;
  event.statement = &statements.all()[std::min(query.decisive, statements.all().size() - 1)];
  Refusal refusal = refusal_of(decisive, event);
  refusal.ends_transaction = query.ends_transaction;
  return refusal;
}

/// True when policies read what bound values say and this text has places for them: then it is decided when
/// they are bound, with the values, and not before without them (`where.tenant_id` would look as if nobody
/// limited it).
bool Session::awaits_values(std::string_view text) const {
  if (!worker_.decider().wants_parameters() || text.size() > kLongestKeptText) return false;
  for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9') return true;
  }
  return false;
}

}  // namespace signalbox::proxy
