// A message is judged: an event is made of it, decided, and what is asked for beside the verdict is queued,
// or carried out first.
//
// The surprise: some decisions must wait for answers that are still on their way. A text with a backslash
// means another thing after SET standard_conforming_strings, EXECUTE p after a PREPARE, and so on; so what
// may be changed by a request under way is decided when that has been answered.
#include "proxy/session/judge/judge.h"

#include <algorithm>

#include "proxy/session/judge/settings.h"

namespace signalbox::proxy {
namespace {

constexpr const char* kUnseen =
    "this statement or cursor was made when its text was not looked at; make it again";

/// It may prepare and open what no text shows.
bool runs_unread_code(const QueryRuling& ruling) {
  return std::ranges::find(ruling.path, PathChange::What::Hidden, &PathChange::what) != ruling.path.end();
}

}  // namespace

/// As PostgreSQL's pq_getmsgend: an ordinary error, not the end of the session.
std::optional<Stop> Judge::malformed() {
  dialogue_.show(decider_, Sight::Violation, actions::Hook::TrafficFromClient);
  return at_hand_.refuse(make_refusal("08P01", "invalid message format"));
}

/// The name of something prepared would be other bytes after a change of client_encoding, and not be found.
std::optional<Stop> Judge::untold(std::string_view name) {
  if (!decider_.reads_queries() || !sql::is_beyond_ascii(name)) return std::nullopt;
  if (const auto stop = await_settings(dialogue_.book)) return stop;
  if (dialogue_.names.are_told()) return std::nullopt;
  return at_hand_.refuse(make_refusal("0A000", kUntoldName));
}

std::optional<Stop> Judge::judge(const wire::FrameHeader& header, std::string_view body) {
  const MessageFacts message{.type = header.type, .bytes = header.size()};
  switch (header.type) {
    case 'Q': {
      const auto query = wire::decode_query(body);
      if (!query) return malformed();
      return judge_query({.text = query->text, .protocol = QueryProtocol::Simple, .statement = {}}, message);
    }
    case 'P': {
      const auto parse = wire::decode_parse(body);
      if (!parse) return malformed();
      if (const auto stop = untold(parse->statement)) return stop;
      const Query query{
          .text = parse->text, .protocol = QueryProtocol::Extended, .statement = parse->statement};
      return awaits_values(parse->text) ? judge_edits(query, message) : judge_query(query, message);
    }
    case 'F':
      return judge_query({.text = {}, .protocol = QueryProtocol::FunctionCall, .statement = {}}, message);
    case 'B': return judge_bind(body, message);
    case 'E': return judge_execute(body, message);
    default: return std::nullopt;
  }
}

Event Judge::event_of(const Query& query, const MessageFacts& message) const {
  Event event = dialogue_.event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  event.names = &dialogue_.statements;
  return event;
}

/// A text that is decided when its values are bound can be edited only now: what policies say without the
/// values counts as far as it is an edit.
std::optional<Stop> Judge::judge_edits(Query query, MessageFacts message) {
  if (decider_.asynchronous() || !decider_.wants(actions::Hook::TrafficFromClient)) return std::nullopt;
  if (const auto stop = must_wait(query)) return stop;
  const Event event = event_of(query, message);
  const Judged judged = decider_.decide_query(event, memo_key_);
  if (!judged.ruling || judged.ruling->missing) return std::nullopt;
  if (judged.ruling->of(judged.ruling->decisive).plan.verdict != actions::Verdict::Request)
    return std::nullopt;
  return take(rewriting_of(*judged.ruling, *taken_apart(judged, event), event), actions::Verdict::Request);
}

std::optional<Stop> Judge::judge_query(Query query, MessageFacts message) {
  query.values_follow = decider_.wants_parameters();
  if (const auto stop = must_wait(query)) return stop;
  if (decider_.asynchronous() && !at_hand_.answers) {
    at_hand_.question = std::make_unique<Question>(query, message);
    return Stop::Ask;
  }
  const Event event = event_of(query, message);
  const auto stop = judge_at_hooks(event);
  if (stop != Stop::Act) at_hand_.answers.reset();
  return stop;
}

std::optional<Stop> Judge::judge_at_hooks(Event event) {
  const RulingsAtHooks answers = at_hand_.answers.value_or(RulingsAtHooks{});
  if (decider_.wants(actions::Hook::TrafficFromClient)) {
    const auto stop = covered(at_hand_.acted.from_client)
                          ? rewrite_acted(at_hand_.acted.from_client, event)
                          : judge_at(actions::Hook::TrafficFromClient, event, answers.from_client);
    if (stop) return stop;
  }
  if (at_hand_.ruled && at_hand_.ruled->transmits) return std::nullopt;
  if (!decider_.wants(actions::Hook::TrafficToServer)) return std::nullopt;
  event.hook = actions::Hook::TrafficToServer;
  if (covered(at_hand_.acted.to_server)) return rewrite_acted(at_hand_.acted.to_server, event);
  return judge_at(actions::Hook::TrafficToServer, event, answers.to_server);
}

/// The hook has been asked about the message at hand, and what it wants has been done.
bool Judge::covered(const QueryRulingPtr& ruling) {
  if (!ruling) return false;
  at_hand_.note(ruling);
  return true;
}

std::optional<Stop> Judge::judge_at(actions::Hook hook, Event event, QueryRulingPtr answer) {
  event.hook = hook;
  Judged judged;
  judged.ruling = std::move(answer);
  if (!judged.ruling) judged = decider_.decide_query(event, memo_key_);
  if (!judged.ruling) {
    at_hand_.question = std::make_unique<Question>(*event.query, *event.message);
    return Stop::Ask;
  }
  if (judged.ruling->refers && dialogue_.book.size() > 0) return Stop::Unconfirmed;
  if (can_ask_types(judged.ruling->untold)) {
    at_hand_.untold = judged.ruling->untold;
    return Stop::Types;
  }
  at_hand_.note(judged.ruling);
  if (runs_unread_code(*judged.ruling)) dialogue_.statements.code_runs();
  some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
  if (hook == actions::Hook::TrafficFromClient) show(judged, event);
  const QueryRulingPtr ruling = judged.ruling;
  const bool passes = ruling->quiet && !ruling->missing;
  if (passes || ruling->acts || rewrites(*ruling)) dialogue_.names.note(*ruling);
  if (passes) return std::nullopt;
  if (ruling->acts) return must_act(hook, *event.query, *event.message, ruling, judged.memoised);
  if (rewrites(*ruling)) return rewrite(judged, event);
  if (auto refusal = carry_out(judged, event)) return at_hand_.refuse(std::move(*refusal));
  dialogue_.names.note(*ruling);
  return std::nullopt;
}

/// Once for a message: a server that does not tell leaves the value unknown.
bool Judge::can_ask_types(const std::optional<std::string>& untold) const {
  const Book& book = dialogue_.book;
  return untold && untold != at_hand_.untold && !book.skipping() && !book.copying_in() &&
         book.transaction() != Transaction::Failed;
}

void Judge::show(const Judged& judged, const Event& event) {
  if (!decider_.watches(Sight::Permitted) && !decider_.watches(Sight::Refused)) return;
  const QueryRuling& ruling = *judged.ruling;
  const bool refused = actions::ends_message(ruling.of(ruling.decisive).plan.verdict) || ruling.missing;
  const Sight sight = refused ? Sight::Refused : Sight::Permitted;
  if (decider_.watches(sight)) decider_.see(sight, event);
}

/// The message at the front must wait for its plan's actions (requests/acting.cpp).
Stop Judge::must_act(actions::Hook hook, const Query& query, MessageFacts message, QueryRulingPtr ruling,
                     bool memoised) {
  at_hand_.acting = std::make_unique<Acting>(query, message, hook, std::move(ruling), memoised);
  return Stop::Act;
}

/// Something under way may change what the text means, or facts that policies read of it.
std::optional<Stop> Judge::must_wait(const Query& query) {
  if (decider_.reads_transaction() && dialogue_.book.size() > 0) return Stop::Unconfirmed;
  if (!decider_.reads_queries() || query.prepared || !depends_on_settings(query.text)) return std::nullopt;
  return await_settings(dialogue_.book);
}

Task<> Judge::ask() {
  const std::unique_ptr<Question> question = std::move(at_hand_.question);
  Event event = event_of(question->query, question->message);
  metrics_.move(Gauge::SessionsPaused, 1);
  dialogue_.asking = true;
  RulingsAtHooks answers;
  answers.from_client = co_await decider_.ask_query(event, loop_);
  const QueryRuling& first = *answers.from_client;
  const bool goes_on = !actions::ends_message(first.of(first.decisive).plan.verdict);
  if (goes_on && decider_.wants(actions::Hook::TrafficToServer)) {
    event.hook = actions::Hook::TrafficToServer;
    answers.to_server = co_await decider_.ask_query(event, loop_);
  }
  at_hand_.answers = std::move(answers);
  dialogue_.asking = false;
  metrics_.move(Gauge::SessionsPaused, -1);
}

/// The query is taken apart once, for the record and for what the client is told.
std::optional<Refusal> Judge::carry_out(const Judged& given, Event event, std::string_view outcome) {
  const QueryRuling& query = *given.ruling;
  Judged again;
  if (!given.statements && !query.quiet)
    again = {.ruling = given.ruling, .statements = taken_apart(given, event), .memoised = given.memoised};
  const Judged& judged = again.ruling ? again : given;
  const bool recorded = decider_.dispatch(judged, event, outcome);
  const Ruling& decisive = query.of(query.decisive);
  const bool ends = actions::ends_message(decisive.plan.verdict);
  if (recorded && !ends && !query.missing) return std::nullopt;
  metrics_.add(Counter::StatementsRefused);
  if (!recorded) return log_is_full();
  if (!ends && *query.missing == Names::Knowledge::TooLong)
    return make_refusal("54000", "statement is too long to be inspected");
  if (!ends) return make_refusal("26000", kUnseen);
  if (judged.statements) {
    const auto& statements = judged.statements->all();
    event.statement = &statements[std::min(query.decisive, statements.size() - 1)];
  }
  Refusal refusal = refusal_of(decisive, event);
  refusal.ends_transaction = query.ends_transaction;
  return refusal;
}

/// True when policies read what bound values say and this text has places for them: then it is decided when
/// they are bound, with the values, and not before without them (`where.tenant_id` would look as if nobody
/// limited it).
bool Judge::awaits_values(std::string_view text) const {
  if (!decider_.wants_parameters() || text.size() > kLongestKeptText) return false;
  for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    if (at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9') return true;
  }
  return false;
}

}  // namespace signalbox::proxy
