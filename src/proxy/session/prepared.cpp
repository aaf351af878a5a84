// What is prepared is decided again when it is used, if what was decided may no longer hold: policies are
// others, facts of the session are, values are bound, or a rule reads the clock. And the waiting that this
// needs.
#include "base/bytes.h"
#include "proxy/session/refusal.h"
#include "proxy/session/session.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr const char* kPreparedEarlier =
    "this statement was prepared under earlier policies; prepare it again";
constexpr const char* kTooLong = "statement is too long to be inspected";

}  // namespace

/// Bind: the statement is about to run. What stands in the same pipeline before it has just been decided;
/// what is named has been when it was prepared, which holds unless rulings pass.
std::optional<Session::Stop> Session::decide_bind(std::string_view body, MessageFacts message) {
  Decider& decider = worker_.decider();
  const bool with_values = decider.wants_parameters();
  const bool passes = some_ruling_passes_ || decider.rulings_pass();
  const bool settled_before = !passes && !some_prepared_acts_ && !some_prepared_refused_;
  if (!with_values && settled_before && statements_.all_seen()) return std::nullopt;
  const auto names = wire::decode_bind_names(body);
  if (!names) return malformed();
  if (is_untold(names->statement)) return refused(make_refusal("0A000", kUntoldName));
  if (statements_.names_change() && book_.names_may_change()) return unconfirmed();
  PreparedText unanswered;
  std::shared_ptr<PreparedText> confirmed;
  const PreparedText* text = nullptr;
  const auto parse = book_.unanswered_parse(names->statement);
  if (parse.too_far) return unconfirmed();
  if (parse.parse != nullptr) {
    if (!parse.certain) return unconfirmed();
    const bool decided = !parse.parse->undecided;
    if (decided && (!with_values || parse.parse->acts))
      return bind_in_pipeline(*parse.parse, names->statement, message);
    unanswered.text = parse.parse->text;
    unanswered.known = parse.parse->text_known;
    unanswered.reading = parse.parse->reading;
    unanswered.undecided = parse.parse->undecided;
    unanswered.types = parse.parse->types;
    unanswered.edits = parse.parse->edits;
    text = &unanswered;
  } else {
    confirmed = statements_.of_statement(names->statement);
    if (!confirmed) return unknown_statement(names->statement);
    if (confirmed->refused) return refused(*confirmed->refused);
    text = confirmed.get();
  }
  if (!passes && confirmed && confirmed->acts && !confirmed->undecided)
    return act_on_bind(*text, confirmed->acts, names->statement, message);
  if (!with_values && !passes) return std::nullopt;
  if (!text->known) return refused(make_refusal("54000", kTooLong));
  if (with_values) {
    const auto bind = wire::decode_bind(body);
    if (!bind) return malformed();
    const bool settled = bind->values.empty() && !text->undecided;
    if (!settled || (confirmed && passes)) return decide_values(*bind, *text, message);
    return std::nullopt;
  }
  return decide_query({.text = text->text,
                       .protocol = QueryProtocol::Extended,
                       .statement = names->statement,
                       .prepared = text->named()},
                      message);
}

/// Bind behind the Parse of its statement, which has been decided and acted upon: the first one is covered.
std::optional<Session::Stop> Session::bind_in_pipeline(Companion& parse, std::string_view statement,
                                                       MessageFacts message) {
  if (!parse.acts || !std::exchange(parse.acted, true)) return std::nullopt;
  PreparedText text;
  text.text = parse.text;
  text.reading = parse.reading;
  return act_on_bind(text, parse.acts, statement, message);
}

std::optional<Session::Stop> Session::decide_values(const wire::BindMessage& bind, const PreparedText& text,
                                                    MessageFacts message) {
  std::vector<ParameterFact> parameters;
  for (std::size_t i = 0; i < bind.values.size(); ++i) {
    const wire::BoundValue& value = bind.values[i];
    const bool told = text.types.size() >= 4 * (i + 1);
    const std::uint32_t type = told ? load_be<std::uint32_t>(text.types.data() + 4 * i) : 0;
    parameters.push_back({.type = type, .null = value.null, .binary = value.binary, .value = value.bytes});
  }
  return decide_query({.text = text.text,
                       .protocol = QueryProtocol::Extended,
                       .statement = bind.statement,
                       .parameters = &parameters,
                       .prepared = text.named()},
                      message);
}

/// The server knows none either, unless it came unseen or there was no room to remember it.
std::optional<Session::Stop> Session::unknown_statement(std::string_view name) {
  const Names::Knowledge knowledge = statements_.prepared(name).knowledge;
  if (statements_.overflowed())
    return refused(make_refusal("54000", "too many prepared statements to be inspected"));
  if (knowledge == Names::Knowledge::Earlier) return refused(make_refusal("26000", kPreparedEarlier));
  return std::nullopt;
}

/// Some prepared statement is refused by policies that came after it: is it this one? Known only when the
/// server has confirmed what the portal is.
std::optional<Session::Stop> Session::decide_execute(std::string_view body) {
  if (book_.size() > 0) return unconfirmed();
  const auto portal = wire::decode_execute(body);
  if (!portal) return malformed();
  const auto text = statements_.of_portal(*portal);
  if (text) return text->refused ? refused(*text->refused) : std::nullopt;
  return refused(make_refusal("26000", kPreparedEarlier));
}

/// The message at hand must wait for answers. While the server reads COPY data it will not give any, but say
/// that this message is out of place; to wait for that would be to wait for ever.
std::optional<Session::Stop> Session::unconfirmed() {
  if (!book_.copying_in()) return Stop::Unconfirmed;
  return refused(make_refusal("08P01", "unexpected message during COPY from stdin"));
}

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

/// What was prepared under earlier policies, or as another session so to speak, is decided again before
/// anything of it runs.
Task<bool> Session::policies_changed() {
  Decider& decider = worker_.decider();
  const bool wanted = decider.wants_queries();
  if (wanted && decided_under_ == decider.policies_number()) {
    SessionKey now = memo_key_;
    decider.renew(event_of(actions::Hook::TrafficFromClient), now);
    decided_for_ = facts_.generation;
    if (now.same_session(memo_key_)) co_return true;
  }
  if (!co_await until_confirmed()) co_return false;
  decided_under_ = decider.policies_number();
  decided_for_ = facts_.generation;
  statements_.judged_under(decided_under_);
  answers_.reset();
  acted_ = {};
  some_prepared_refused_ = some_ruling_passes_ = some_prepared_acts_ = false;
  if (!wanted) co_return true;
  const std::uint64_t round = ++rounds_;
  for (const std::shared_ptr<PreparedText>& text : statements_.all()) {
    if (text->round == round) continue;  // one text may have many portals
    text->round = round;
    co_await decide_again(*text);
    some_prepared_refused_ = some_prepared_refused_ || text->refused;
  }
  co_return true;
}

Task<> Session::decide_again(PreparedText& text) {
  text.revision = decided_under_;
  text.refused.reset();
  text.acts.reset();
  if (!text.known) {
    text.refused = std::make_unique<Refusal>(make_refusal("26000", kPreparedEarlier));
    co_return;
  }
  text.undecided = awaits_values(text.text);
  if (text.undecided) co_return;
  const Query query{
      .text = text.text, .protocol = QueryProtocol::Extended, .statement = {}, .prepared = text.named()};
  const MessageFacts message{.type = 'E', .bytes = 0};
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  event.names = &statements_;
  Judged judged;
  if (!worker_.decider().asynchronous()) judged = worker_.decider().decide_query(event, memo_key_);
  if (!judged.ruling) judged.ruling = co_await worker_.decider().ask_query(event, worker_.loop());
  if (!judged.ruling->changes.empty()) {
    text.changes = {judged.ruling, &judged.ruling->changes};
    statements_.will_change();
  }
  some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
  if (judged.ruling->acts) text.acts = judged.ruling, some_prepared_acts_ = true;
  if (rewrites(*judged.ruling)) {
    refusal_.reset();
    if (rewrite(judged, event))
      text.refused = std::make_unique<Refusal>(*std::exchange(refusal_, std::nullopt));
    co_return;
  }
  if (auto refusal = judge_query(judged, event))
    text.refused = std::make_unique<Refusal>(std::move(*refusal));
}

/// Waits for the decision on the message at hand, then lets the scan go on with it.
Task<bool> Session::ask_elsewhere() {
  from_client_.keep();
  const std::unique_ptr<Question> question = std::move(question_);
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &question->query;
  event.message = &question->message;
  event.names = &statements_;
  Decider& decider = worker_.decider();
  worker_.metrics().move(Gauge::SessionsPaused, 1);
  asking_ = true;
  Answers answers;
  answers.from_client = co_await decider.ask_query(event, worker_.loop());
  const QueryRuling& first = *answers.from_client;
  const bool goes_on = !actions::ends_message(first.of(first.decisive).plan.verdict);
  if (goes_on && decider.wants(actions::Hook::TrafficToServer)) {
    event.hook = actions::Hook::TrafficToServer;
    answers.to_server = co_await decider.ask_query(event, worker_.loop());
  }
  answers_ = std::move(answers);
  asking_ = false;
  worker_.metrics().move(Gauge::SessionsPaused, -1);
  co_return !server_gone_;
}

/// Copies what the question is about: the bytes it came in move while the session waits.
Session::Question::Question(const Query& asked, MessageFacts facts)
    : text(asked.text), statement(asked.statement), query(asked), message(facts) {
  query.text = text;
  query.statement = statement;
  if (query.prepared) query.prepared->text = text;
  if (asked.parameters == nullptr) return;
  parameters = *asked.parameters;
  for (const ParameterFact& one : parameters) values.emplace_back(one.value);
  for (std::size_t i = 0; i < values.size(); ++i) parameters[i].value = values[i];
  query.parameters = &parameters;
}

}  // namespace signalbox::proxy
