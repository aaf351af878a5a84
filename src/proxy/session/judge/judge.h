// Judge: what policies say of a request, and what is known of everything that has been prepared. It looks at
// a message, at the dialogue so far and at the policies; what it finds it puts into AtHand, and returns how
// the scan goes on: nothing when the message may pass, or why it stops. It sees no socket.
//
// A query is judged statement by statement; any refusal refuses the whole message. What has been judged stays
// judged for as long as policies and session are the same.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "proxy/hooks/decider.h"
#include "proxy/net/task.h"
#include "proxy/session/dialogue.h"
#include "proxy/session/judge/at_hand.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"

namespace signalbox::proxy {

class Judge {
 public:
  Judge(Decider& decider, MetricsShard& metrics, Loop& loop, Dialogue& dialogue)
      : decider_(decider), metrics_(metrics), loop_(loop), dialogue_(dialogue) {}

  AtHand& at_hand() { return at_hand_; }

  // judge.cpp: a message
  /// Query, Parse, Bind, Execute, FunctionCall, each whole (a Bind whose values nobody reads may be its
  /// beginning).
  std::optional<Stop> judge(const wire::FrameHeader& header, std::string_view body);
  /// Stop::Ask: waits for the ruling, then the message is to be judged once more.
  Task<> ask();
  /// Carries out what was ruled on a query beside its verdict. Why it may not pass; the strictest verdict is
  /// the query's.
  std::optional<Refusal> carry_out(const Judged& judged, Event event, std::string_view outcome = {});

  // prepared.cpp: what is prepared is judged again when it is used, or when policies are others
  /// Nothing is prepared yet.
  void begin();
  /// Everything prepared has been judged by the policies, and for the session, of now.
  bool is_current() const {
    return judged_under_ == decider_.policies_number() && judged_for_ == dialogue_.session.generation;
  }
  /// It is not current: true when nothing that policies read has changed, and then it is.
  bool still_holds();
  /// Everything must have been answered. What was prepared is judged before anything of it runs.
  Task<> judge_again();
  /// Parse and Query: what must be known of the text later.
  void remember(char type, std::string_view body, bool whole, Companion& companion);

  // rewritten.cpp: another text in the place of the client's
  /// Policies on the new text. They may ask for the same edits again, which are made, and for no others.
  Task<std::optional<Refusal>> judge_rewritten(const Rewriting& rewriting, MessageFacts message);

 private:
  std::optional<Stop> malformed();
  std::optional<Stop> untold(std::string_view name);
  bool awaits_values(std::string_view text) const;
  std::optional<Stop> must_wait(const Query& query);
  Event event_of(const Query& query, const MessageFacts& message) const;
  std::optional<Stop> judge_query(Query query, MessageFacts message);
  std::optional<Stop> judge_edits(Query query, MessageFacts message);
  std::optional<Stop> judge_at_hooks(Event event);
  std::optional<Stop> judge_at(actions::Hook hook, Event event, QueryRulingPtr answer);
  bool covered(const QueryRulingPtr& ruling);
  bool can_ask_types(const std::optional<std::string>& untold) const;
  void show(const Judged& judged, const Event& event);
  Stop must_act(actions::Hook hook, const Query& query, MessageFacts message, QueryRulingPtr ruling,
                bool memoised);

  enum class Prepared : std::uint8_t { InThisPipeline, Earlier };
  std::optional<Stop> judge_bind(std::string_view body, MessageFacts message);
  std::optional<Stop> judge_unanswered(Companion& parse, const wire::BindNames& names, std::string_view body,
                                       MessageFacts message);
  std::optional<Stop> judge_bound(const PreparedText& text, Prepared when, const wire::BindNames& names,
                                  std::string_view body, MessageFacts message);
  std::optional<Stop> judge_values(const wire::BindMessage& bind, const PreparedText& text,
                                   MessageFacts message);
  std::optional<Stop> judge_execute(std::string_view body, MessageFacts message);
  std::optional<Stop> judge_name_of_code(std::string_view text, std::string_view statement,
                                         MessageFacts message);
  std::optional<Stop> act_on_bind(const PreparedText& text, QueryRulingPtr acts, std::string_view statement,
                                  MessageFacts message);
  std::optional<Stop> unknown_statement(std::string_view name, MessageFacts message);
  bool rulings_pass() const { return some_ruling_passes_ || decider_.rulings_pass(); }
  Task<> judge_again(PreparedText& text);

  std::optional<Stop> rewrite(const Judged& judged, Event event, std::string_view outcome = {});
  std::optional<Stop> rewrite_acted(const QueryRulingPtr& ruling, Event event);
  std::optional<Stop> edited_before(const Judged& judged, const QueryStatements& statements, Event event);
  std::optional<Stop> take(std::expected<Rewriting, std::string> rewriting, actions::Verdict verdict);

  Decider& decider_;
  MetricsShard& metrics_;
  Loop& loop_;
  Dialogue& dialogue_;
  AtHand at_hand_;
  SessionKey memo_key_;

  // Of everything prepared:
  std::uint64_t judged_under_ = 0;      ///< number of the policies that judged it
  std::uint32_t judged_for_ = 0;        ///< and the generation of the session's facts then
  std::uint64_t rounds_ = 0;            ///< how often it has been judged again
  bool some_prepared_refused_ = false;  ///< by policies that came later
  bool some_prepared_acts_ = false;     ///< it may ask for actions when it is executed
  bool some_ruling_passes_ = false;     ///< it may be ruled on otherwise the next time
};

}  // namespace signalbox::proxy
