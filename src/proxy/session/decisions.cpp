// Where policies come in. A refused message never reaches the server; a message that fails there, without any
// side effect, goes in its place, and the server's ErrorResponse is replaced by the refusal. So the
// transaction's state, the skipping of a pipeline and the order of answers are the server's own. Only a
// simple Query outside everything is answered by the gateway alone.
//
// What stands in: for Query a Query that is a syntax error (it is skipped, counted and answered exactly as
// the refused one would be, in every state), for the extended protocol a Parse of such a text under a name of
// ours, for FunctionCall a call of the function 0.
#include "policy/value/builder.h"
#include "proxy/hooks/event_input.h"
#include "proxy/session/refusal.h"
#include "proxy/session/session.h"
#include "proxy/wire/replies.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

/// No PostgreSQL grammar begins with it; the comment is for whoever reads the server's log.
constexpr std::string_view kFailingText = ") /* refused by the gateway */";
constexpr std::string_view kStandIn = "refused by the gateway";
constexpr const char* kPreparedEarlier =
    "this statement was prepared under earlier policies; prepare it again";

}  // namespace

Event Session::event_of(actions::Hook hook) {
  facts_.transaction = book_.transaction();
  Event event;
  event.hook = hook;
  event.gateway = &settings_->facts;
  event.client = &client_facts_;
  event.session = phase_ == Phase::Handshake && hook == actions::Hook::Connecting ? nullptr : &facts_;
  event.server = server_ ? &server_facts_ : nullptr;
  return event;
}

/// An external engine's ruling; null when the embedded one decides.
Task<RulingPtr> Session::answer_to(Event& event) {
  if (!worker_.decider().asynchronous()) co_return RulingPtr();
  co_return co_await worker_.decider().ask(event);
}

/// Decides one event, where that has not been done elsewhere: nothing when it may pass.
std::optional<Refusal> Session::judge(Event& event, RulingPtr ruling) {
  Decider& decider = worker_.decider();
  if (!ruling) ruling = decider.decide(event, memo_key_);
  const bool recorded = decider.dispatch(*ruling, event);
  if (recorded && !actions::ends_message(ruling->plan.verdict)) return std::nullopt;
  worker_.metrics().add(Counter::StatementsRefused);
  if (!recorded) return make_refusal("53100", "the audit log is full");
  Refusal refusal;
  const EventView view(event);
  const EventInput input(view, ruling->policies->slots());
  refusal.verdict = ruling->plan.verdict;
  refusal.fields = refusal_fields(*ruling, input, actions::ends_session(refusal.verdict) ? "FATAL" : "ERROR");
  refusal.keeps_transaction = keeps_transaction(*ruling);
  return refusal;
}

/// A hook of the session itself. False = refused: the client has been told, the session ends.
Task<bool> Session::passes(actions::Hook hook) {
  if (!worker_.decider().wants(hook)) co_return true;
  Event event = event_of(hook);
  auto refusal = judge(event, co_await answer_to(event));
  if (!refusal) co_return true;
  worker_.metrics().add(Counter::ConnectionsRefused);
  if (refusal->verdict <= actions::Verdict::Reject) {
    client_->reset_on_close();
    if (refusal->verdict == actions::Verdict::Reset && server_) server_->reset_on_close();
    client_broke_ = true;
    co_return false;
  }
  refusal->fields.severity = "FATAL";
  co_await refuse(std::move(refusal->fields));
  co_return false;
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
  return refused(make_refusal("08P01", "invalid message format"));
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
      if (awaits_values(parse->text)) return std::nullopt;
      return decide_query(
          {.text = parse->text, .protocol = QueryProtocol::Extended, .statement = parse->statement}, message);
    }
    case 'F':
      return decide_query({.text = {}, .protocol = QueryProtocol::FunctionCall, .statement = {}}, message);
    case 'B':
      if (worker_.decider().wants_parameters()) return decide_bind(body, message);
      return worker_.decider().asynchronous() ? decide_again(body, message) : std::nullopt;
    case 'E': return some_prepared_refused_ ? decide_execute(body) : std::nullopt;
    default: return std::nullopt;
  }
}

std::optional<Session::Stop> Session::decide_query(Query query, MessageFacts message) {
  if (worker_.decider().asynchronous() && !answers_) {
    question_ = std::make_unique<Question>(query, message);
    return Stop::Ask;
  }
  Answers answers = std::exchange(answers_, std::nullopt).value_or(Answers{});
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  if (auto refusal = judge(event, std::move(answers.from_client))) return refused(std::move(*refusal));
  if (worker_.decider().wants(actions::Hook::TrafficToServer)) {
    event.hook = actions::Hook::TrafficToServer;
    if (auto refusal = judge(event, std::move(answers.to_server))) return refused(std::move(*refusal));
  }
  return std::nullopt;
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

/// Bound values can change what a policy says of a statement: it is decided with them, before they are bound.
std::optional<Session::Stop> Session::decide_bind(std::string_view body, MessageFacts message) {
  const auto bind = wire::decode_bind(body);
  if (!bind) return malformed();
  std::string_view text;
  std::string_view types;
  bool undecided = false;
  std::shared_ptr<PreparedText> confirmed;
  const auto parse = book_.unanswered_parse(bind->statement);
  if (parse.too_far) return Stop::Unconfirmed;
  if (parse.parse != nullptr) {
    if (!parse.certain) return Stop::Unconfirmed;
    if (!parse.parse->text_known)
      return refused(make_refusal("54000", "statement is too long to be inspected"));
    text = parse.parse->text, types = parse.parse->types, undecided = parse.parse->undecided;
  } else {
    confirmed = statements_.of_statement(bind->statement);
    if (!confirmed) return unknown_statement();
    if (!confirmed->known) return refused(make_refusal("54000", "statement is too long to be inspected"));
    text = confirmed->text, types = confirmed->types, undecided = confirmed->undecided;
  }
  if (bind->values.empty() && !undecided) return std::nullopt;
  std::vector<ParameterFact> parameters;
  for (std::size_t i = 0; i < bind->values.size(); ++i) {
    const wire::BoundValue& value = bind->values[i];
    const std::uint32_t type = types.size() >= 4 * (i + 1) ? load_be<std::uint32_t>(types.data() + 4 * i) : 0;
    parameters.push_back({.type = type, .null = value.null, .binary = value.binary, .value = value.bytes});
  }
  return decide_query({.text = text,
                       .protocol = QueryProtocol::Extended,
                       .statement = bind->statement,
                       .parameters = &parameters},
                      message);
}

/// The server knows none either, or it was prepared by SQL; unless there was no room to remember it.
std::optional<Session::Stop> Session::unknown_statement() {
  if (!statements_.overflowed()) return std::nullopt;
  return refused(make_refusal("54000", "too many prepared statements to be inspected"));
}

/// An external engine's policies may change at any time, so what was prepared before is asked about each time
/// it is bound; what was prepared in this very pipeline has just been.
std::optional<Session::Stop> Session::decide_again(std::string_view body, MessageFacts message) {
  const auto bind = wire::decode_bind_names(body);
  if (!bind) return malformed();
  const auto parse = book_.unanswered_parse(bind->statement);
  if (parse.too_far) return Stop::Unconfirmed;
  if (parse.parse != nullptr) return parse.certain ? std::nullopt : std::optional(Stop::Unconfirmed);
  const auto prepared = statements_.of_statement(bind->statement);
  if (!prepared) return unknown_statement();
  if (!prepared->known) return refused(make_refusal("54000", "statement is too long to be inspected"));
  return decide_query(
      {.text = prepared->text, .protocol = QueryProtocol::Extended, .statement = bind->statement}, message);
}

/// Some prepared statement is refused by policies that came after it: is it this one? Known only when the
/// server has confirmed what the portal is.
std::optional<Session::Stop> Session::decide_execute(std::string_view body) {
  // The server reads COPY data and will say so; to wait for its answer would be to wait for ever.
  if (book_.copying_in()) return refused(make_refusal("08P01", "unexpected Execute during COPY from stdin"));
  if (book_.size() > 0) return Stop::Unconfirmed;
  const auto portal = wire::decode_execute(body);
  if (!portal) return malformed();
  const auto text = statements_.of_portal(*portal);
  if (text) return text->refused ? refused(*text->refused) : std::nullopt;
  return refused(make_refusal("26000", kPreparedEarlier));
}

// ---- acting

/// The message at the front of the inlet is refused. True = the session goes on.
Task<bool> Session::act_on_refusal() {
  Refusal refusal = std::move(*refusal_);
  refusal_.reset();
  if (refusal.verdict <= actions::Verdict::Reject) {
    client_->reset_on_close();
    if (refusal.verdict == actions::Verdict::Reset) server_->reset_on_close();
    client_broke_ = true;
    co_return false;
  }
  if (refusal.fields.severity == "FATAL") {
    terminate(std::move(refusal.fields));
    co_return false;
  }
  const char type = from_client_.bytes().front();
  const std::string error = wire::encode_error(refusal.fields);
  const bool alone = type == 'Q' && book_.at_rest();
  if (alone && (book_.transaction() == Transaction::Idle || refusal.keeps_transaction)) {
    std::string answer = error;
    wire::append_ready(answer, book_.status_byte());
    if (!co_await swallow_request() || !co_await answer_client(std::move(answer))) co_return false;
    if (draining_ && idle()) terminate("57P01", "terminating connection due to administrator command");
    co_return phase_ == Phase::Active;
  }
  auto companion = new_companion();
  companion->refusal = error;
  const Request request = type == 'Q' ? Request::Query : type == 'F' ? Request::FunctionCall : Request::Parse;
  book_.sent(request, std::move(companion));
  co_return co_await replace_request(type);
}

/// Sends what fails in the server where the refused message would have run.
Task<bool> Session::replace_request(char type) {
  std::string stand_in;
  if (type == 'Q') {
    wire::append_query(stand_in, kFailingText);
  } else if (type == 'F') {
    wire::append_void_function_call(stand_in);
  } else {
    wire::append_parse(stand_in, kStandIn, kFailingText);
  }
  if (!co_await swallow_request()) co_return false;
  from_client_.keep();
  co_return co_await server_->write(stand_in) == Io::Ok;
}

/// Consumes the message at the front, however long; it has not been collected when it is too long to be
/// inspected.
Task<bool> Session::swallow_request() {
  std::size_t left = std::size_t{load_be<std::uint32_t>(from_client_.bytes().data() + 1)} + 1;
  for (;;) {
    const std::size_t here = std::min(left, from_client_.bytes().size());
    worker_.metrics().add(Counter::BytesFromClient, here);
    facts_.bytes_in += here;
    from_client_.consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await from_client_.more() != Io::Ok) co_return false;
  }
}

Task<bool> Session::answer_client(std::string answer) {
  from_client_.keep();
  co_await client_turn_.acquire();
  const Io sent = co_await client_->write(answer);
  client_turn_.release();
  worker_.metrics().add(Counter::BytesToClient, answer.size());
  facts_.bytes_out += answer.size();
  co_return sent == Io::Ok;
}

// ---- policies that change while statements are prepared

/// Waits until the server has answered everything; asks it to, because it may be holding answers back.
Task<bool> Session::until_confirmed() {
  from_client_.keep();
  if (book_.size() > 0 && !book_.copying_in()) {
    std::string flush;
    wire::append_flush(flush);
    if (co_await server_->write(flush) != Io::Ok) co_return false;
  }
  while (book_.size() > 0 && !book_.copying_in() && !server_gone_) co_await Room{*this};
  co_return !server_gone_;
}

/// What was prepared under earlier policies is decided again, before anything of it runs.
Task<bool> Session::policies_changed() {
  if (!co_await until_confirmed()) co_return false;
  answers_.reset();
  decided_under_ = worker_.decider().policies_number();
  some_prepared_refused_ = false;
  if (!worker_.decider().wants(actions::Hook::TrafficFromClient)) co_return true;
  std::vector<std::shared_ptr<PreparedText>> prepared = statements_.all();
  for (const auto& text : prepared) {
    if (text->revision == decided_under_) continue;
    text->revision = decided_under_;
    text->refused.reset();
    text->undecided = text->known && awaits_values(text->text);
    if (text->undecided) continue;
    const Query query{.text = text->text, .protocol = QueryProtocol::Extended, .statement = {}};
    const MessageFacts message{.type = 'E', .bytes = 0};
    Event event = event_of(actions::Hook::TrafficFromClient);
    event.query = &query;
    event.message = &message;
    if (!text->known) {
      text->refused = std::make_unique<Refusal>(make_refusal("26000", kPreparedEarlier));
    } else {
      if (auto refusal = judge(event, co_await answer_to(event)))
        text->refused = std::make_unique<Refusal>(std::move(*refusal));
    }
    some_prepared_refused_ = some_prepared_refused_ || text->refused;
  }
  co_return true;
}

/// Asks the external engine about the message at hand, then lets the scan go on with its answers.
Task<bool> Session::ask_elsewhere() {
  from_client_.keep();
  const std::unique_ptr<Question> question = std::move(question_);
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &question->query;
  event.message = &question->message;
  worker_.metrics().move(Gauge::SessionsPaused, 1);
  asking_ = true;
  Answers answers;
  answers.from_client = co_await answer_to(event);
  const bool goes_on = answers.from_client && !actions::ends_message(answers.from_client->plan.verdict);
  if (goes_on && worker_.decider().wants(actions::Hook::TrafficToServer)) {
    event.hook = actions::Hook::TrafficToServer;
    answers.to_server = co_await answer_to(event);
  }
  answers_ = std::move(answers);
  worker_.metrics().move(Gauge::SessionsPaused, -1);
  asking_ = false;
  co_return !server_gone_;
}

/// Copies what the question is about: the bytes it came in move while the session waits.
Session::Question::Question(const Query& asked, MessageFacts facts)
    : text(asked.text), statement(asked.statement), query(asked), message(facts) {
  query.text = text;
  query.statement = statement;
  if (asked.parameters == nullptr) return;
  parameters = *asked.parameters;
  for (const ParameterFact& one : parameters) values.emplace_back(one.value);
  for (std::size_t i = 0; i < values.size(); ++i) parameters[i].value = values[i];
  query.parameters = &parameters;
}

}  // namespace signalbox::proxy
