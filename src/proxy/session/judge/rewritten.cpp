// A message is rewritten: `request` edits it, `discard` and `response` put one in its place that does
// nothing, or gives a result. What goes to the server is an ordinary message with an ordinary answer, so
// transactions, pipelines, cursors and formats are the server's business.
//
// A text is rewritten when it comes (Query, Parse). The surprise: what has been prepared is not rewritten any
// more; when it runs the same edits must be asked for as then, and otherwise it is refused.
#include "proxy/session/judge/judge.h"

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
std::optional<Stop> Judge::rewrite(const Judged& judged, Event event, std::string_view outcome) {
  std::unique_ptr<const QueryStatements> again;
  if (!judged.statements) again = std::make_unique<const QueryStatements>(event);
  const QueryStatements& statements = judged.statements ? *judged.statements : *again;
  if (!decider_.dispatch(judged, event, outcome)) return at_hand_.refuse(log_is_full());
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
std::optional<Stop> Judge::rewrite_acted(const QueryRulingPtr& ruling, Event event) {
  if (!rewrites(*ruling)) return std::nullopt;
  Judged judged;
  judged.ruling = ruling;
  const DoneBefore done = std::exchange(at_hand_.done, {});
  event.steps = &done.steps;
  return rewrite(judged, event, done.outcome);
}

/// It goes in the place of the message at hand; or why nothing can.
std::optional<Stop> Judge::take(std::expected<Rewriting, std::string> rewriting, actions::Verdict verdict) {
  if (!rewriting) {
    metrics_.add(Counter::StatementsRefused);
    return at_hand_.refuse(cannot_be(verdict, rewriting.error()));
  }
  if (rewriting->is_the_same) return std::nullopt;
  at_hand_.rewriting = std::move(*rewriting);
  return Stop::Rewrite;
}

/// What runs now was rewritten when it was prepared, in the way that is asked for today?
std::optional<Stop> Judge::edited_before(const Judged& judged, const QueryStatements& statements,
                                         Event event) {
  const auto wanted = edits_of(*judged.ruling, statements, event);
  std::string_view done = event.query->prepared ? event.query->prepared->edits : std::string_view();
  if (judged.ruling->refers) {
    const NamedText* named = statements.stands_for(0);
    done = named != nullptr && statements.all().front().count == 1 ? named->edits : std::string_view();
  }
  if (wanted && *wanted == done) return std::nullopt;
  return at_hand_.refuse(cannot_be(actions::Verdict::Request, kOtherwise));
}

Task<std::optional<Refusal>> Judge::judge_rewritten(const Rewriting& rewriting, MessageFacts message) {
  at_hand_.ruled.reset();
  if (rewriting.stands_in) co_return std::nullopt;
  if (awaits_values(rewriting.text)) co_return std::nullopt;  // when they are bound
  const auto protocol = message.type == 'Q' ? QueryProtocol::Simple : QueryProtocol::Extended;
  const Query query{.text = rewriting.text,
                    .protocol = protocol,
                    .statement = {},
                    .values_follow = decider_.wants_parameters()};
  Event event = event_of(query, message);
  for (const auto hook : {actions::Hook::TrafficFromClient, actions::Hook::TrafficToServer}) {
    if (!decider_.wants(hook)) continue;
    event.hook = hook;
    Judged judged;
    if (!decider_.asynchronous()) judged = decider_.decide_query(event, memo_key_);
    if (!judged.ruling) judged.ruling = co_await decider_.ask_query(event, loop_);
    at_hand_.note(judged.ruling);
    some_ruling_passes_ = some_ruling_passes_ || !judged.ruling->lasting;
    const actions::Verdict verdict = judged.ruling->of(judged.ruling->decisive).plan.verdict;
    if (!rewrites(verdict)) {
      if (auto refusal = carry_out(judged, event)) co_return refusal;
      continue;
    }
    const QueryStatements statements(event);
    const auto wanted = edits_of(*judged.ruling, statements, event);
    if (verdict != actions::Verdict::Request || !wanted || *wanted != rewriting.edits)
      co_return cannot_be(actions::Verdict::Request, "policies do not agree on the rewritten one");
  }
  co_return std::nullopt;
}

}  // namespace signalbox::proxy
