// Session: one client connection and what belongs to it, on one loop from accept to close.
//
//   live() = shake hands -> log in -> relay both ways until an end -> part
//
// Two coroutines relay: requests (client to server) and replies (server to client). Each repeats: scan what
// has been read (pure, no waiting), send on the run of bytes that may pass, act on what stopped the scan. A
// run is sent from where it was read: no copy, no allocation. The files: handshake.cpp, login.cpp,
// requests.cpp, decisions.cpp, prepared.cpp, rewritten.cpp, refusing.cpp, replies.cpp, responses.cpp,
// editing.cpp, parting.cpp; and for the sync lane acting.cpp, errands.cpp, guards.cpp, bounds.cpp,
// moving.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "actions/lanes/job.h"
#include "proxy/gateway.h"
#include "proxy/hooks/decider.h"
#include "proxy/hooks/event.h"
#include "proxy/lane/host.h"
#include "proxy/net/channel.h"
#include "proxy/net/inlet.h"
#include "proxy/net/task.h"
#include "proxy/net/turn.h"
#include "proxy/rows/masks.h"
#include "proxy/session/answer.h"
#include "proxy/session/book.h"
#include "proxy/session/editing.h"
#include "proxy/session/login_rules.h"
#include "proxy/session/refusal.h"
#include "proxy/session/rewriting.h"
#include "proxy/session/statements.h"
#include "proxy/targets/cancel_registry.h"
#include "proxy/targets/catalogs.h"
#include "proxy/targets/census.h"
#include "proxy/wire/error_response.h"
#include "proxy/wire/frame.h"
#include "proxy/wire/requests.h"
#include "proxy/wire/startup.h"
#include "proxy/worker.h"

namespace signalbox::proxy {

class ScramClient;
class ScramServer;
struct LaneState;
struct Leg;
struct ScramVerifier;

class Session : private LaneHost {
 public:
  /// Begins a session that owns itself until its end, and then tells the worker.
  static void begin(Worker& worker, Fd client, Endpoint peer, std::size_t listener);
  Session(Worker& worker, Fd client, const Endpoint& peer, std::size_t listener);
  ~Session() override;

  std::uint64_t id() const { return facts_.id; }
  SessionView view() const;

  /// The result of an async action that this session asked for: hook action_result.
  void on_result(const actions::JobResult& result);

  /// Ends the session as soon as it is idle, with PostgreSQL's words for a shutdown.
  void drain();
  /// Ends it now: what is under way is cut off.
  void terminate(std::string_view sqlstate, std::string_view message);
  void terminate(wire::ErrorFields fields);
  /// The block list has changed.
  void end_if_blocked();
  /// The gateway's own cancel request has reached the server.
  void cancel_arrived();

 private:
  enum class Phase : std::uint8_t { Handshake, Login, Active, Closing };

  Task<> live();
  void become_active();

  // handshake.cpp: up to and including the startup packet
  Task<bool> shake_hands();
  Task<std::optional<wire::FirstPacket>> first_packet();
  Task<bool> read_at_least(std::size_t size);
  Task<bool> begin_direct_tls();
  Task<bool> answer_ssl_request();
  Task<bool> begin_client_tls(std::string already_read);
  Task<> cancel(wire::CancelRequest request);
  bool bytes_are_stuffed() const;

  // login.cpp: admission, the server, authentication
  Task<bool> log_in();
  std::optional<wire::ErrorFields> admission();
  enum class LoginEnd : std::uint8_t { Ready, Failed, TryOtherEncryption, Unreachable };
  Task<LoginEnd> log_in_at(std::shared_ptr<const Target> target);
  Task<LoginEnd> authenticate(bool may_try_other);
  Task<bool> open_server(std::shared_ptr<const Target> target, Encryption encryption);
  Task<std::string_view> login_frame(Inlet& from, wire::Sender sender);
  static LoginRules::Next next_of(LoginRules& rules, std::string_view frame);
  Task<bool> relay_login_message(std::string_view frame, std::string to_send);
  Task<LoginEnd> unexpected_reply(LoginRules::Next why);
  Task<LoginEnd> cannot_bind();
  Task<bool> client_misses_binding();
  Task<bool> send_login_replies();
  Task<bool> relay_password();
  Task<LoginEnd> server_fell_silent();
  void on_login_message(char type, std::string_view body);
  void on_parameter(std::string_view name, std::string_view value);
  void take_encoding();

  // scram_login.cpp: SCRAM ended at the gateway, on both sides
  Task<bool> end_scram_here(const ScramVerifier& verifier);
  Task<bool> prove_client(ScramServer& scram, std::string& server_final);
  Task<bool> prove_to_server(ScramClient& scram);
  Task<std::optional<std::string>> password_data();
  Task<std::optional<std::string>> authentication_data(wire::Authentication wanted);

  // requests.cpp: client to server
  enum class Stop : std::uint8_t {
    More,             ///< nothing more can be done before more bytes are there
    Room,             ///< too many requests wait for their answer
    Terminated,       ///< the client said goodbye
    BadMessage,       ///< the client broke the protocol
    PoliciesChanged,  ///< what is prepared must be decided again first
    Unconfirmed,      ///< the answer to what has been sent must be known first
    Ask,              ///< the message at hand waits for an external decision
    Refused,          ///< the message at hand may not pass: refusal_ says why
    Act,              ///< the message at hand waits for what its plan asks for beside the verdict
    Replaced,         ///< replaced_ goes on in its place
    Abort,            ///< the transaction must fail at the server first
    Return,           ///< the session's visit at another server is over
    Describe,         ///< what the portal gives must be asked first
    Skip,     ///< the client has been told of an error: its messages up to Sync are not for the server
    Rewrite,  ///< another text goes in the place of the message at hand: rewriting_
  };
  struct Run {
    std::size_t bytes = 0;  ///< this many may pass
    Stop stop = Stop::More;
  };
  Task<> relay_requests();
  Run scan_requests();
  std::optional<Stop> on_request(const wire::FrameHeader& header, std::string_view available);
  std::optional<Stop> on_describe(const wire::FrameHeader& header, std::string_view body, bool whole);
  bool must_describe(std::string_view body);
  Task<bool> describe_portal();
  std::optional<Stop> on_statement(const wire::FrameHeader& header, std::string_view body, bool whole);
  Task<bool> act_on(Stop stop);
  Task<bool> send_to_server(std::size_t size);
  std::unique_ptr<Companion> companion_of(char type, std::string_view body, bool whole);
  void remember_text(char type, std::string_view body, bool whole, Companion& companion) const;
  bool changes_names() const;
  std::unique_ptr<Companion> new_companion();
  void client_leaves();
  Task<> on_bad_request();
  /// co_await Room{*this}: until the server has answered something.
  struct Room {
    Session& session;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { session.waiting_for_room_ = self; }
    void await_resume() const noexcept {}
  };

  // decisions.cpp: where policies come in
  Event event_of(actions::Hook hook);
  void see(Sight sight, actions::Hook hook);
  Task<std::optional<Refusal>> asked_at(actions::Hook hook);
  Task<bool> passes(actions::Hook hook);
  Task<> turn_away(Refusal refusal);
  bool breaks(const Refusal& refusal);
  Task<> notify(actions::Hook hook);
  Task<RulingPtr> answer_to(Event& event);
  std::optional<Stop> decide_message(const wire::FrameHeader& header, std::string_view body);
  std::optional<Stop> decide_edits(Query query, MessageFacts message);
  std::optional<Stop> decide_query(Query query, MessageFacts message);
  std::optional<Stop> decide_hooks(Event event);
  bool covered(const QueryRulingPtr& ruling);
  std::optional<Stop> decide_at(actions::Hook hook, Event event, QueryRulingPtr answer);
  void see_statement(const Judged& judged, const Event& event);
  bool must_rest_before(const Query& query) const;
  bool awaits_values(std::string_view text) const;
  std::optional<Refusal> judge(const Event& event, RulingPtr ruling = nullptr, std::string_view outcome = {});
  std::optional<Refusal> judge_query(const Judged& judged, Event event, std::string_view outcome = {});
  Refusal refusal_of(const Ruling& ruling, const Event& event);
  std::optional<Stop> refused(Refusal refusal);
  bool is_untold(std::string_view name) const;
  std::optional<Stop> malformed();

  // prepared.cpp: what is prepared is decided again when it is used
  /// A statement that waits for an external decision. Owns its bytes.
  struct Question {
    Question(const Query& asked, MessageFacts facts);
    std::string text;
    std::string statement;
    std::vector<ParameterFact> parameters;
    std::vector<std::string> values;
    Query query;
    MessageFacts message;
  };
  /// What has been ruled on it, for each hook.
  struct Answers {
    QueryRulingPtr from_client;
    QueryRulingPtr to_server;
  };
  std::optional<Stop> decide_bind(std::string_view body, MessageFacts message);
  std::optional<Stop> bind_in_pipeline(Companion& parse, std::string_view statement, MessageFacts message);
  std::optional<Stop> decide_values(const wire::BindMessage& bind, const PreparedText& text,
                                    MessageFacts message);
  std::optional<Stop> decide_execute(std::string_view body);
  std::optional<Stop> unknown_statement(std::string_view name);
  Task<bool> policies_changed();
  Task<> decide_again(PreparedText& text);
  std::optional<Stop> unconfirmed();
  Task<bool> until_confirmed();
  Task<bool> ask_elsewhere();

  // acting.cpp: what a plan asks for beside its verdict
  struct Acting {
    Acting(const Query& query, MessageFacts message, actions::Hook at, QueryRulingPtr asks, bool from_memo)
        : question(query, message), hook(at), ruling(std::move(asks)), memoised(from_memo) {}
    Question question;
    actions::Hook hook;
    QueryRulingPtr ruling;
    bool memoised;
  };
  /// For the message at hand it has been done.
  struct Acted {
    QueryRulingPtr from_client;
    QueryRulingPtr to_server;
  };
  std::optional<Stop> must_act(actions::Hook hook, const Query& query, MessageFacts message,
                               QueryRulingPtr ruling, bool memoised);
  Task<bool> act();
  std::optional<Stop> act_on_bind(const PreparedText& text, QueryRulingPtr acts, std::string_view statement,
                                  MessageFacts message);
  Task<std::optional<Refusal>> act_at(const Ruling& ruling, const Event& event, std::string& outcome);
  LaneState& lane();
  LaneServices services() override;
  Task<> rest(std::chrono::nanoseconds time) override;
  bool client_is_encrypted() const override;
  bool server_is_encrypted() const override;
  void want_client_encrypted(Refusal otherwise) override;
  void want_server_encrypted() override;
  void end_when_idle(wire::ErrorFields last_words) override;
  bool holds(std::string_view place) const override;
  void hold(std::string place, actions::Limiter::Ticket ticket, bool for_life) override;

  // moving.cpp: from one server to another
  bool is_target(const RouteWish& wish) const override;
  void wish(RouteWish wish) override;
  const std::vector<std::string>& forward_networks() const override;
  Task<std::optional<Refusal>> settle_wishes(std::size_t statements, bool leaves_state);
  Task<std::optional<Refusal>> follow(const RouteWish& wish, bool leaves_state);
  std::string_view cannot_move(bool visits, bool leaves_state) const;
  bool is_one_statement() const;
  Task<bool> move_to(std::shared_ptr<const Target> target, const RouteWish& wish);
  Task<std::unique_ptr<Leg>> open_leg(std::shared_ptr<const Target> target);
  Task<bool> park_replies();
  void resume_replies();
  std::unique_ptr<Leg> exchange_leg(std::unique_ptr<Leg> next);
  std::unique_ptr<Leg> parked_leg(const std::string& target);
  Task<> tell_parameters(std::vector<std::pair<std::string, std::string>> parameters);
  bool must_return() const;
  Task<bool> go_home();
  void note_statement(char type, std::string_view body);
  Moment moment() const;
  /// co_await Parked{*this}: until the session has changed its server.
  struct Parked {
    Session& session;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) const { session.parked_replies_ = self; }
    void await_resume() const noexcept {}
  };

  // errands.cpp: statements of the gateway's own
  Task<std::optional<wire::ErrorFields>> run_errand(std::string sql);
  Task<std::optional<wire::ErrorFields>> errand_at_login(std::string sql);
  std::optional<bool> is_of_errand(const wire::FrameHeader& header, std::string_view body, bool whole);
  Task<std::optional<Refusal>> set_parameter(std::string name, std::string value, bool local) override;

  // guards.cpp: pinned parameters, blocked statements and clients
  bool guards(char type) const;
  std::optional<Stop> guard(const wire::FrameHeader& header, std::string_view body);
  std::optional<Stop> keep_pins(const wire::FrameHeader& header, std::string_view body,
                                const QueryStatements& statements);
  std::optional<Refusal> blocked_statement(const QueryStatements& statements);
  std::optional<Refusal> blocked_client();
  Task<bool> send_replacement();
  void set_at_startup(std::string_view name, std::string_view value) override;
  std::optional<Refusal> pin(Pin pin) override;
  template <class Edit>
  void edit_startup(Edit edit);
  // rewritten.cpp: another text in the place of the client's
  std::optional<Stop> rewrite(const Judged& judged, Event event);
  std::optional<Stop> rewrite_acted(const QueryRulingPtr& ruling, const Event& event);
  std::optional<Stop> edited_before(const Judged& judged, const QueryStatements& statements, Event event);
  std::optional<Stop> take(std::expected<Rewriting, std::string> rewriting, actions::Verdict verdict);
  Task<bool> send_rewritten();
  Task<std::optional<Refusal>> refusal_of_rewritten(Query query, MessageFacts message, std::string edits);

  // refusing.cpp: a refusal is carried out
  Task<bool> act_on_refusal();
  Task<bool> replace_request(char type);
  Task<bool> swallow_request();
  Task<bool> answer_client(std::string answer);

  // replies.cpp: server to client
  enum class Pause : std::uint8_t {
    More,
    Substitute,  ///< the ErrorResponse at hand answers what we sent: the refusal takes its place
    Begins,      ///< the message at hand begins rows, and policies have a say in them
    Edit,        ///< the row at hand is edited
    Mute,        ///< the row at hand is withheld
    Answered,    ///< the message at hand ends an answer that policies want to see
    Stuck,       ///< the server waits for data that the client will never send
    Idle,
    Swallow,  ///< the message at hand is not for the client
    BadMessage,
  };
  struct ReplyRun {
    std::size_t bytes = 0;
    Pause pause = Pause::More;
  };
  Task<> relay_replies();
  ReplyRun scan_replies();
  std::optional<Pause> on_reply(const wire::FrameHeader& header, std::string_view available);
  std::optional<Pause> on_lane_reply(const wire::FrameHeader& header, std::string_view available);
  std::optional<Pause> note_reply(const wire::FrameHeader& header, std::string_view body, bool whole);
  Task<bool> act_on(Pause pause);
  void after(const Book::Meaning& meaning);
  void expect_tag(const Pending& head);

  // bounds.cpp: how long, how much
  Task<> cap_answer(AnswerCap cap) override;
  void cancel_after(std::chrono::nanoseconds time, wire::ErrorFields error) override;
  void begin_duration();
  void on_duration();
  void cancel_at_server();
  bool is_cancelling() const;
  std::optional<Pause> bound(const wire::FrameHeader& header, std::string_view body, bool whole);
  std::optional<Pause> skip_to_ready(const wire::FrameHeader& header, std::string_view body, bool whole);
  void cut();
  void came_to_rest();
  Task<bool> abort_transaction();

  // responses.cpp: hooks traffic_from_server and traffic_to_client
  std::optional<Pause> watch(const wire::FrameHeader& header, std::string_view body, bool whole);
  void watched(const wire::FrameHeader& header);
  Task<bool> decide_response();
  Query answered_query(const Pending* head, std::shared_ptr<PreparedText>& text) const;
  void make_answer_event(AnswerEvent& about, bool ended);
  Task<std::optional<Refusal>> ruled_on_answer(AnswerEvent& about, Masks& masks);
  void on_error_answer(const AnswerEvent& about, const Masks& masks);

  // editing.cpp: answers that policies edit or withhold
  Task<bool> decide_beginning();
  std::optional<Refusal> begin_editing(const AnswerEvent& about, const Masks& masks);
  sql::Outputs outputs_of(const AnswerEvent& about) const;
  std::optional<Pause> edited(const wire::FrameHeader& header, std::string_view body,
                              std::optional<Pause> pause);
  void withhold(const Refusal& refusal, char at);
  void end_editing();
  Task<bool> edit_rows();
  Task<bool> mute_row();
  Task<bool> write_to_client(std::string bytes);
  void wake_requests();
  Task<bool> send_to_client(std::size_t size);
  Task<bool> substitute();
  Task<bool> swallow_reply();
  Task<> on_bad_reply();

  // catalogue.cpp: what is known of the database's names
  bool begins_elsewhere() const;
  void open_catalogue();
  void renew_catalogue();
  void note_catalogue(const QueryRuling& ruling);
  void lose_path();
  void definitions_visible();

  // parting.cpp: every way a session ends
  Task<> refuse(wire::ErrorFields fields);
  Task<> refuse(const wire::WireError& error);
  Task<> part();
  void on_deadline();
  bool idle() const;
  bool leaves_when_idle() const;
  void say_goodbye();
  void watch_idleness();

  Worker& worker_;
  std::shared_ptr<const Settings> settings_;
  std::size_t listener_;
  Phase phase_ = Phase::Handshake;

  std::unique_ptr<Channel> client_;
  std::unique_ptr<Channel> server_;
  Inlet from_client_;
  std::optional<Inlet> from_server_;
  Turn client_turn_;  ///< who writes to the client

  std::uint64_t passing_request_ = 0;  ///< bytes of a message under way that nobody inspects
  std::uint64_t passing_reply_ = 0;
  Book book_;
  Statements statements_;
  std::unique_ptr<Companion> spare_;
  std::coroutine_handle<> waiting_for_room_;
  SessionKey memo_key_;
  std::uint64_t decided_under_ = 0;     ///< number of the policies that judged everything prepared
  std::uint64_t rounds_ = 0;            ///< how often that has been done
  std::uint32_t decided_for_ = 0;       ///< and the generation of the session's facts then
  bool some_prepared_refused_ = false;  ///< a statement prepared earlier is refused by them
  std::optional<Refusal> refusal_;      ///< of the message at hand
  std::optional<Rewriting> rewriting_;  ///< what goes in its place
  std::unique_ptr<Question> question_;
  std::optional<Answers> answers_;   ///< to the question about the message at hand
  QueryRulingPtr ruled_;             ///< the last one on the message at hand
  bool some_ruling_passes_ = false;  ///< what is prepared may be ruled on otherwise the next time
  bool some_prepared_acts_ = false;  ///< what is prepared may ask for actions when it is executed
  std::unique_ptr<LaneState> lane_;  ///< null: no action has left anything behind
  std::unique_ptr<Acting> acting_;
  Acted acted_;
  std::string replaced_;                        ///< what goes on instead of the message at hand
  Reading reading_;                             ///< of texts that come now
  bool names_are_told_ = true;                  ///< names beyond ASCII are the same bytes in every statement
  std::shared_ptr<DatabaseCatalog> catalogue_;  ///< null: none is read
  std::shared_ptr<const CatalogReading> catalogue_reading_;
  CatalogFacts catalogue_facts_;         ///< of catalogue_reading_
  std::string catalogue_target_;         ///< whose it is
  std::uint64_t catalogue_version_ = 0;  ///< of the facts
  bool path_settled_ = false;            ///< the search_path has been known, or never will be
  bool defines_ = false;                 ///< an open transaction has defined something
  std::string replacement_;              ///< the ErrorResponse that takes the place of the one at hand

  std::string startup_;        ///< the startup packet, verbatim; another server gets the same
  std::string login_replies_;  ///< messages of the login about to be sent to the client together
  ClientFacts client_facts_;
  ServerFacts server_facts_;
  SessionFacts facts_;
  TlsFacts client_tls_;
  TlsFacts server_tls_;
  std::int32_t server_process_ = 0;
  std::string server_key_;
  std::int32_t client_process_ = 0;  ///< what the client knows the session by
  std::string client_key_;
  std::coroutine_handle<> parked_replies_;
  bool switching_ = false;       ///< to another server
  bool holds_state_ = false;     ///< something of the session may be at its server
  bool wrote_ = false;           ///< in the transaction under way
  std::int64_t written_ns_ = 0;  ///< steady; when that ended
  CancelTarget cancel_target_;
  CancelRegistry::Entry cancel_entry_;
  Census::Place place_;

  Timer deadline_;
  std::int64_t accepted_ns_ = 0;    ///< steady
  std::int64_t idle_since_ns_ = 0;  ///< steady; of the last ReadyForQuery or request
  bool draining_ = false;
  bool asking_ = false;                 ///< a decision on the client's message is being waited for
  bool client_done_ = false;            ///< the client has said goodbye or closed its side
  bool server_reset_ = false;           ///< its connection ends with RST
  bool server_gone_ = false;            ///< the server's side is at its end
  bool client_broke_ = false;           ///< its connection is of no use any more
  std::unique_ptr<Answer> answer_;      ///< the one that comes in now, where policies want to see it
  std::optional<Refusal> turned_away_;  ///< at `connecting`; told when the client can understand it
  std::unique_ptr<Editing> editing_;    ///< the rows that come in now are edited
  std::optional<std::string> instead_;  ///< takes the place of the server's message at the front
  bool muted_ = false;  ///< the client has been told of an error: nothing up to ReadyForQuery is for it
  bool rows_by_hand_ = false;             ///< rows do not just pass: editing_ or muted_
  bool skips_to_sync_ = false;            ///< nothing that the client sends up to Sync is for the server
  std::optional<std::string> described_;  ///< the portal whose description has just been asked for
  bool mid_reply_ = false;                ///< a message of the server has been sent to the client in part
};

}  // namespace signalbox::proxy
