// What is prepared is decided again when it is used, if what was decided may no longer hold: policies are
// others, facts of the session are, values are bound, or a rule reads the clock. The surprise: what
// stands in the pipeline at hand is not known to the server yet, only to the book.
#include "base/bytes.h"
#include "proxy/session/judge/judge.h"

namespace signalbox::proxy {
namespace {

constexpr const char* kPreparedEarlier =
    "this statement was prepared under earlier policies; prepare it again";
constexpr const char* kTooLong = "statement is too long to be inspected";

/// As an identifier of SQL.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

}  // namespace

/// Bind: the statement is about to run. What stands in the same pipeline before it has just been judged;
/// what is named has been when it was prepared, which holds unless rulings pass.
std::optional<Stop> Judge::judge_bind(std::string_view body, MessageFacts message) {
  const bool settled = !rulings_pass() && !some_prepared_acts_ && !some_prepared_refused_;
  if (!decider_.wants_parameters() && settled && dialogue_.statements.all_seen()) return std::nullopt;
  const auto names = wire::decode_bind_names(body);
  if (!names) return malformed();
  if (const auto stop = untold(names->statement)) return stop;
  if (dialogue_.statements.names_change() && dialogue_.book.names_may_change()) return Stop::Unconfirmed;
  const auto parse = dialogue_.book.unanswered_parse(names->statement);
  if (parse.too_far || (parse.parse != nullptr && !parse.certain)) return Stop::Unconfirmed;
  if (parse.parse != nullptr) return judge_unanswered(*parse.parse, *names, body, message);
  const auto text = dialogue_.statements.of_statement(names->statement);
  if (!text) return unknown_statement(names->statement, message);
  if (text->refused) return at_hand_.refuse(*text->refused);
  if (!rulings_pass() && text->acts && !text->undecided)
    return act_on_bind(*text, text->acts, names->statement, message);
  return judge_bound(*text, Prepared::Earlier, *names, body, message);
}

/// Bind behind the Parse of its statement. What that asked for has been done for the first Bind.
std::optional<Stop> Judge::judge_unanswered(Companion& parse, const wire::BindNames& names,
                                            std::string_view body, MessageFacts message) {
  PreparedText text;
  if (!parse.undecided && (!decider_.wants_parameters() || parse.acts)) {
    if (!parse.acts || !std::exchange(parse.acted, true)) return std::nullopt;
    text.text = parse.text;
    text.reading = parse.reading;
    return act_on_bind(text, parse.acts, names.statement, message);
  }
  text.text = parse.text;
  text.known = parse.text_known;
  text.reading = parse.reading;
  text.undecided = parse.undecided;
  text.types = parse.types;
  text.edits = parse.edits;
  return judge_bound(text, Prepared::InThisPipeline, names, body, message);
}

std::optional<Stop> Judge::judge_bound(const PreparedText& text, Prepared when, const wire::BindNames& names,
                                       std::string_view body, MessageFacts message) {
  const bool with_values = decider_.wants_parameters();
  if (!with_values && !rulings_pass()) return std::nullopt;
  if (!text.known) return at_hand_.refuse(make_refusal("54000", kTooLong));
  if (!with_values)
    return judge_query({.text = text.text,
                        .protocol = QueryProtocol::Extended,
                        .statement = names.statement,
                        .prepared = text.named()},
                       message);
  const auto bind = wire::decode_bind(body);
  if (!bind) return malformed();
  const bool settled = bind->values.empty() && !text.undecided;
  if (settled && (when == Prepared::InThisPipeline || !rulings_pass())) return std::nullopt;
  return judge_values(*bind, text, message);
}

std::optional<Stop> Judge::judge_values(const wire::BindMessage& bind, const PreparedText& text,
                                        MessageFacts message) {
  std::vector<ParameterFact> parameters;
  for (std::size_t i = 0; i < bind.values.size(); ++i) {
    const wire::BoundValue& value = bind.values[i];
    const bool told = text.types.size() >= 4 * (i + 1);
    const std::uint32_t type = told ? load_be<std::uint32_t>(text.types.data() + 4 * i) : 0;
    parameters.push_back({.type = type,
                          .null = value.null,
                          .binary = value.binary,
                          .value = value.bytes,
                          .described = i < text.described.size() ? text.described[i] : 0});
  }
  return judge_query({.text = text.text,
                      .protocol = QueryProtocol::Extended,
                      .statement = bind.statement,
                      .parameters = &parameters,
                      .prepared = text.named()},
                     message);
}

/// The server knows none either, unless it came unseen, code made it, or there was no room to remember it.
/// Policies that read nothing of statements say the same of any.
std::optional<Stop> Judge::unknown_statement(std::string_view name, MessageFacts message) {
  if (!decider_.reads_queries()) return judge_name_of_code({}, name, message);
  const Names::Knowledge knowledge = dialogue_.statements.prepared(name).knowledge;
  if (dialogue_.statements.overflowed())
    return at_hand_.refuse(make_refusal("54000", "too many prepared statements to be inspected"));
  if (knowledge == Names::Knowledge::Earlier) return at_hand_.refuse(make_refusal("26000", kPreparedEarlier));
  if (!dialogue_.statements.may_be_of_code()) return std::nullopt;
  return judge_name_of_code("execute " + quoted(name), name, message);
}

/// What nobody has seen is decided as SQL's EXECUTE or FETCH of that name would be: it is opaque.
std::optional<Stop> Judge::judge_name_of_code(std::string_view text, std::string_view statement,
                                              MessageFacts message) {
  const Query query{.text = text, .protocol = QueryProtocol::Extended, .statement = statement};
  const auto stop = judge_query(query, message);
  const bool edits = stop == Stop::Rewrite || stop == Stop::Replaced;
  return edits ? at_hand_.refuse(make_refusal("26000", kPreparedEarlier)) : stop;
}

/// Two portals are looked at: of a prepared statement that is refused by policies that came after it, and one
/// that code may have opened, which always has a name. What a portal is, is known only when the server has
/// confirmed it.
std::optional<Stop> Judge::judge_execute(std::string_view body, MessageFacts message) {
  const bool of_code = dialogue_.statements.may_be_of_code() && decider_.reads_queries();
  if (!some_prepared_refused_ && !of_code) return std::nullopt;
  const auto portal = wire::decode_execute(body);
  if (!portal) return malformed();
  if (!some_prepared_refused_ && portal->empty()) return std::nullopt;
  if (dialogue_.book.size() > 0) return Stop::Unconfirmed;
  if (const auto text = dialogue_.statements.of_portal(*portal))
    return text->refused ? at_hand_.refuse(*text->refused) : std::optional<Stop>();
  if (some_prepared_refused_) return at_hand_.refuse(make_refusal("26000", kPreparedEarlier));
  if (dialogue_.statements.cursor(*portal).knowledge != Names::Knowledge::Never) return std::nullopt;
  return judge_name_of_code("fetch all from " + quoted(*portal), {}, message);
}

/// A Bind of something whose rulings ask for actions.
std::optional<Stop> Judge::act_on_bind(const PreparedText& text, QueryRulingPtr acts,
                                       std::string_view statement, MessageFacts message) {
  if (at_hand_.acted.from_client == acts) return std::nullopt;
  const Query query{.text = text.text,
                    .protocol = QueryProtocol::Extended,
                    .statement = statement,
                    .prepared = text.named()};
  return must_act(actions::Hook::TrafficFromClient, query, message, std::move(acts), true);
}

void Judge::remember(char type, std::string_view body, bool whole, Companion& companion) {
  wire::BodyReader reader(body);
  if (type == 'P') companion.statement = reader.name();
  companion.revision = judged_under_;
  companion.reading = dialogue_.names.reading();
  companion.text_known =
      (type == 'Q' && at_hand_.changes_names()) || (whole && body.size() <= kLongestKeptText);
  if (at_hand_.ruled && type == 'P') companion.path = {at_hand_.ruled, &at_hand_.ruled->path};
  if (!companion.text_known) return;
  if (at_hand_.ruled && at_hand_.ruled->acts) {
    companion.acts = at_hand_.ruled;
    some_prepared_acts_ = true;
  }
  companion.text = reader.text();
  companion.undecided = awaits_values(companion.text);
  if (type == 'Q') return;
  reader.integer<std::uint16_t>();
  companion.types = reader.rest();
}

void Judge::begin() {
  judged_under_ = decider_.policies_number();
  judged_for_ = dialogue_.session.generation;
  if (decider_.wants_queries())
    decider_.renew(dialogue_.event_of(actions::Hook::TrafficFromClient), memo_key_);
  dialogue_.statements.judged_under(judged_under_);
}

bool Judge::still_holds() {
  if (!decider_.wants_queries() || judged_under_ != decider_.policies_number()) return false;
  SessionKey now = memo_key_;
  decider_.renew(dialogue_.event_of(actions::Hook::TrafficFromClient), now);
  judged_for_ = dialogue_.session.generation;
  return now.same_session(memo_key_);
}

Task<> Judge::judge_again() {
  begin();
  at_hand_.answers.reset();
  at_hand_.acted = {};
  some_prepared_refused_ = some_ruling_passes_ = some_prepared_acts_ = false;
  if (!decider_.wants_queries()) co_return;
  const std::uint64_t round = ++rounds_;
  for (const std::shared_ptr<PreparedText>& text : dialogue_.statements.all()) {
    if (text->round == round) continue;  // one text may have many portals
    text->round = round;
    co_await judge_again(*text);
    some_prepared_refused_ = some_prepared_refused_ || text->refused;
  }
}

Task<> Judge::judge_again(PreparedText& text) {
  text.revision = judged_under_;
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
  const Event event = event_of(query, message);
  Judged judged;
  if (!decider_.asynchronous()) judged = decider_.decide_query(event, memo_key_);
  if (!judged.ruling) judged.ruling = co_await decider_.ask_query(event, loop_);
  if (!judged.ruling->changes.empty()) {
    text.changes = {judged.ruling, &judged.ruling->changes};
    dialogue_.statements.will_change();
  }
  some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
  if (judged.ruling->acts) text.acts = judged.ruling, some_prepared_acts_ = true;
  if (rewrites(*judged.ruling)) {
    at_hand_.refusal.reset();
    if (rewrite(judged, event))
      text.refused = std::make_unique<Refusal>(*std::exchange(at_hand_.refusal, std::nullopt));
    co_return;
  }
  if (auto refusal = carry_out(judged, event)) text.refused = std::make_unique<Refusal>(std::move(*refusal));
}

}  // namespace signalbox::proxy
