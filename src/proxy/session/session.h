// Session: one client connection and what belongs to it, on one loop from accept to close.
//
//   live() = log in -> relay both ways until an end -> part
//
// It owns the parts, wires them once, and holds what is nobody else's: the order of its life, its deadline.
//
//   Login      (login/)     from accept to the first ReadyForQuery
//   Requests   (requests/)  client to server, a coroutine
//   Judge      (judge/)     what policies say of a request
//   Replies    (replies/)   server to client, a coroutine; Answers: what policies say of an answer
//   SessionLane (lane/)     what sync actions do to a session, and leave behind
//   Gate                    the hooks of the session itself
//
// Each knows those below it: Requests -> Judge, Replies -> Answers, both -> SessionLane; and all know Ends
// (the two connections) and Dialogue (what has been said over them).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "actions/lanes/job.h"
#include "proxy/gateway.h"
#include "proxy/net/timers.h"
#include "proxy/session/dialogue.h"
#include "proxy/session/ends.h"
#include "proxy/session/gate.h"
#include "proxy/session/judge/judge.h"
#include "proxy/session/lane/session_lane.h"
#include "proxy/session/replies/replies.h"
#include "proxy/session/requests/requests.h"
#include "proxy/targets/census.h"

namespace signalbox::proxy {

class Session {
 public:
  /// Begins a session that owns itself until its end, and then tells the worker.
  static void begin(Worker& worker, Fd client, Endpoint peer, std::size_t listener);
  Session(Worker& worker, Fd client, const Endpoint& peer, std::size_t listener);
  ~Session();

  std::uint64_t id() const { return dialogue_.session.id; }
  SessionView view() const;

  /// The result of an async action that this session asked for: hook action_result.
  void on_result(const actions::JobResult& result) { gate_.on_result(result); }

  /// Ends the session as soon as it is idle, with PostgreSQL's words for a shutdown.
  void drain();
  /// Ends it now: what is under way is cut off.
  void terminate(std::string_view sqlstate, std::string_view message) { ends_.terminate(sqlstate, message); }
  /// The block list has changed.
  void end_if_blocked();

 private:
  Task<> live();
  Task<bool> log_in();
  void become_active();
  Task<> part();

  void on_deadline();
  void on_idle_deadline();
  void watch_idleness();

  Dialogue dialogue_;
  Ends ends_;
  SessionLane lane_;
  Gate gate_;
  Judge judge_;
  Requests requests_;
  Replies replies_;

  std::size_t listener_;
  Census::Place place_;
  Timer deadline_;
  std::int64_t accepted_ns_;            ///< steady
  std::optional<Refusal> turned_away_;  ///< at `connecting`; told when the client can understand it
};

}  // namespace signalbox::proxy
