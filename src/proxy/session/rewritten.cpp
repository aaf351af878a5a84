// A message is rewritten: `request` edits it, `discard` and `response` put one in its place that does
// nothing, or gives a result. What goes to the server is an ordinary message with an ordinary answer, so
// transactions, pipelines, cursors and formats are the server's business.
//
// A text is rewritten when it comes (Query, Parse). The surprise: what has been prepared is not rewritten any
// more; when it runs the same edits must be asked for as then, and otherwise it is refused.
#include "proxy/session/refusal.h"
#include "proxy/session/session.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {
namespace {

constexpr const char* kNotSupported = "0A000";
constexpr const char* kOtherwise = "it was prepared otherwise; prepare it again";

Refusal cannot_be(actions::Verdict verdict, const std::string& why) {
  const char* what = verdict == actions::Verdict::Request   ? "the statement cannot be rewritten: "
                     : verdict == actions::Verdict::Discard ? "the statement cannot be discarded: "
                                                            : "the statement cannot be answered: ";
  return make_refusal(kNotSupported, what + why);
}

}  // namespace

/// The plan asks for another text. Nothing: the message may pass, because it is that text already.
std::optional<Session::Stop> Session::rewrite(const Judged& judged, Event event) {
  std::unique_ptr<const QueryStatements> again;
  if (!judged.statements) again = std::make_unique<const QueryStatements>(event);
  const QueryStatements& statements = judged.statements ? *judged.statements : *again;
  if (!worker_.decider().dispatch(judged, event))
    return refused(make_refusal("53100", "the audit log is full"));
  const actions::Verdict verdict = judged.ruling->of(judged.ruling->decisive).plan.verdict;
  const char type = event.message->type;
  const sql::StatementFacts* first = statements.all().front().facts;
  if (first != nullptr && first->kind == "empty") return std::nullopt;
  const bool prepared = type == 'B' || type == 'E';
  if (verdict == actions::Verdict::Request && (prepared || judged.ruling->refers))
    return edited_before(judged, statements, event);
  if (type == 'F') return take(std::unexpected("a function call has no text"), verdict);
  if (!prepared) return take(rewriting_of(*judged.ruling, statements, event), verdict);
  if (event.query->prepared && event.query->prepared->edits == actions::name(verdict)) return std::nullopt;
  return take(std::unexpected(kOtherwise), verdict);
}

/// What the plan asks for beside its verdict has been done.
std::optional<Session::Stop> Session::rewrite_acted(const QueryRulingPtr& ruling, const Event& event) {
  Judged judged;
  judged.ruling = ruling;
  return rewrites(*ruling) ? rewrite(judged, event) : std::nullopt;
}

/// It goes in the place of the message at hand; or why nothing can.
std::optional<Session::Stop> Session::take(std::expected<Rewriting, std::string> rewriting,
                                           actions::Verdict verdict) {
  if (!rewriting) {
    worker_.metrics().add(Counter::StatementsRefused);
    return refused(cannot_be(verdict, rewriting.error()));
  }
  rewriting_ = std::move(*rewriting);
  return Stop::Rewrite;
}

/// What runs now was rewritten when it was prepared, in the way that is asked for today?
std::optional<Session::Stop> Session::edited_before(const Judged& judged, const QueryStatements& statements,
                                                    Event event) {
  const auto wanted = edits_of(*judged.ruling, statements, event);
  std::string_view done = event.query->prepared ? event.query->prepared->edits : std::string_view();
  if (judged.ruling->refers) {
    const NamedText* named = statements.stands_for(0);
    done = named != nullptr && statements.all().front().count == 1 ? named->edits : std::string_view();
  }
  if (wanted && *wanted == done) return std::nullopt;
  return refused(cannot_be(actions::Verdict::Request, kOtherwise));
}

/// The message at the front stays here; the rewritten one is decided as if the client had sent it, and sent.
Task<bool> Session::send_rewritten() {
  from_client_.keep();
  const Rewriting rewriting = *std::exchange(rewriting_, std::nullopt);
  const char type = from_client_.bytes().front();
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Client, from_client_.bytes(), header);
  std::string message;
  if (type == 'Q') {
    wire::append_query(message, rewriting.text);
  } else {
    const auto parse = wire::decode_parse(
        from_client_.bytes().substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes));
    wire::append_parse(message, parse->statement, rewriting.text, rewriting.types(parse->parameter_types));
  }
  ruled_.reset();
  if (!rewriting.stands_in) {
    const Query query{.text = rewriting.text,
                      .protocol = type == 'Q' ? QueryProtocol::Simple : QueryProtocol::Extended,
                      .statement = {},
                      .values_follow = worker_.decider().wants_parameters()};
    refusal_ = co_await refusal_of_rewritten(query, {.type = type, .bytes = message.size()}, rewriting.edits);
    if (refusal_) co_return co_await act_on_refusal();
  }
  const auto body = std::string_view(message).substr(wire::kHeaderBytes);
  if (guards(type)) {
    wire::read_header(wire::Sender::Client, message, header);
    const auto stop = guard(header, body);
    if (stop) co_return co_await act_on(*stop);
  }
  acted_ = {};
  note_statement(type, body);
  auto companion = companion_of(type, body, true);
  companion->edits = rewriting.edits;
  companion->tag = rewriting.tag;
  if (rewriting.tag) statements_.will_change();  // so that its Execute is remembered
  if (!co_await swallow_request()) co_return false;
  if (type == 'Q') ++facts_.queries, worker_.metrics().add(Counter::Statements);
  book_.sent(type == 'Q' ? Request::Query : Request::Parse, std::move(companion));
  from_client_.keep();
  co_return co_await server_->write(message) == Io::Ok;
}

/// Policies on the new text. They may ask for the same edits again, which are made, and for no others.
Task<std::optional<Refusal>> Session::refusal_of_rewritten(Query query, MessageFacts message,
                                                           std::string edits) {
  if (awaits_values(query.text)) co_return std::nullopt;  // when they are bound
  Decider& decider = worker_.decider();
  Event event = event_of(actions::Hook::TrafficFromClient);
  event.query = &query;
  event.message = &message;
  event.names = &statements_;
  for (const auto hook : {actions::Hook::TrafficFromClient, actions::Hook::TrafficToServer}) {
    if (!decider.wants(hook)) continue;
    event.hook = hook;
    Judged judged;
    if (!decider.asynchronous()) judged = decider.decide_query(event, memo_key_);
    if (!judged.ruling) judged.ruling = co_await decider.ask_query(event, worker_.loop());
    if (!ruled_ || ruled_->changes.empty()) ruled_ = judged.ruling;
    some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
    const actions::Verdict verdict = judged.ruling->of(judged.ruling->decisive).plan.verdict;
    if (!rewrites(verdict)) {
      if (auto refusal = judge_query(judged, event)) co_return refusal;
      continue;
    }
    const QueryStatements statements(event);
    const auto wanted = edits_of(*judged.ruling, statements, event);
    if (verdict != actions::Verdict::Request || !wanted || *wanted != edits)
      co_return cannot_be(actions::Verdict::Request, "policies do not agree on the rewritten one");
  }
  co_return std::nullopt;
}

}  // namespace signalbox::proxy
