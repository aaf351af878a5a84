// Dialogue: what a client and its server have said to each other, as far as it still counts: who they are,
// which requests wait for their answer, what names stand for, what has been left at the server. It sees no
// socket; policies are asked with nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "proxy/hooks/event.h"
#include "proxy/session/book.h"
#include "proxy/session/footprint.h"
#include "proxy/session/name_knowledge.h"
#include "proxy/session/statements.h"
#include "proxy/signals/detector.h"

namespace signalbox::proxy {

class Decider;

struct Dialogue {
  /// `metrics` may be null.
  Dialogue(std::shared_ptr<const Settings> given, Catalogs& catalogs, MetricsShard* metrics = nullptr);

  const std::shared_ptr<const Settings> settings;

  // Who they are, as policies see them.
  ClientFacts client;
  TlsFacts client_tls;
  ServerFacts server;
  TlsFacts server_tls;
  bool has_server = false;
  SessionFacts session;

  // What is under way, and what names mean.
  Book book;
  Statements statements;
  NameKnowledge names;
  Footprint footprint;

  std::uint64_t request_left = 0;  ///< bytes that are still to pass of a request begun
  bool asking = false;             ///< a decision on the request at hand is being waited for
  bool skips_to_sync = false;      ///< nothing that the client sends up to Sync is for the server
  std::int64_t idle_since_ns = 0;  ///< steady; of the last ReadyForQuery

  /// Nothing is under way, no transaction is open: the session may end without anybody missing anything.
  bool idle() const {
    return book.at_rest() && book.transaction() == Transaction::Idle && request_left == 0 && !asking;
  }

  /// Something of the session may be at its server: it cannot go on at another one.
  bool is_held() const { return footprint.holds_state() || statements.holds_named(); }

  /// The facts of now; the caller adds the message.
  Event event_of(actions::Hook hook) const;
  /// Tells detectors that want to know of it.
  void show(Decider& decider, Sight sight, actions::Hook hook) const;

  /// What the server has told of it; "" = nothing.
  std::string_view parameter(std::string_view name) const;
  /// ParameterStatus.
  void on_parameter(std::string_view name, std::string_view value);
  /// ReadyForQuery, which the book knows of. `now_ns`: steady.
  void on_ready(std::int64_t now_ns, const Clock& clock);

  /// An empty one. Most are used again, so that in the steady state none is made.
  std::unique_ptr<Companion> new_companion();
  void done_with(std::unique_ptr<Companion> companion) { spare_ = std::move(companion); }

 private:
  std::unique_ptr<Companion> spare_;
};

}  // namespace signalbox::proxy
