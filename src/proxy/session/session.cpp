// A session's life, from begin to end, and how it looks from outside. A last message must not be lost: a
// socket with unread input is closed with a reset, which makes the peer drop what it has not read yet; so in
// the end the client's remaining input is read away for a moment.
#include "proxy/session/session.h"

#include "proxy/net/socket.h"
#include "proxy/session/login/login.h"

namespace signalbox::proxy {
namespace {

constexpr std::chrono::milliseconds kLinger{500};
constexpr std::string_view kShutdown = "terminating connection due to administrator command";

internal::Detached own([[maybe_unused]] std::unique_ptr<Session> session, Task<> life) {
  co_await std::move(life);
}

}  // namespace

void Session::begin(Worker& worker, Fd client, Endpoint peer, std::size_t listener) {
  auto session = std::make_unique<Session>(worker, std::move(client), peer, listener);
  Session& self = *session;
  own(std::move(session), self.live());
}

Session::Session(Worker& worker, Fd client, const Endpoint& peer, std::size_t listener)
    : dialogue_(worker.settings(), worker.shared().catalogs, &worker.metrics()),
      ends_(worker, std::move(client), dialogue_),
      lane_(ends_),
      gate_(ends_, lane_),
      judge_(worker.decider(), worker.metrics(), worker.loop(), dialogue_),
      requests_(ends_, lane_, judge_),
      replies_(ends_, lane_),
      listener_(listener),
      place_(worker.shared().census),
      deadline_([this] { on_deadline(); }),
      accepted_ns_(worker.loop().now_ns()) {
  dialogue_.session.id = worker.shared().next_session.fetch_add(1, std::memory_order_relaxed);
  dialogue_.session.started_ns = worker.shared().services.clock->wall_ns();
  const GatewayOptions& options = dialogue_.settings->options;
  dialogue_.client.listener = options.listeners[listener].name;
  if (!peer.is_unix()) {
    dialogue_.client.address = peer.host();
    dialogue_.client.port = peer.port();
  }
  tune(ends_.client->fd(), options.timeouts);
  worker.metrics().move(Gauge::Sessions, 1);
  worker.began(*this);
}

Session::~Session() {
  ends_.metrics().move(Gauge::Sessions, -1);
  ends_.worker.ended(*this);
}

Task<> Session::live() {
  const std::chrono::nanoseconds handshake = dialogue_.settings->options.timeouts.handshake;
  if (handshake.count() > 0) deadline_.arm(ends_.loop().timers(), handshake);
  turned_away_ = gate_.blocked();
  if (!turned_away_) turned_away_ = co_await gate_.ask(actions::Hook::Connecting);
  const bool broken = turned_away_ && ends_.breaks(*turned_away_);
  if (!broken && co_await log_in() && co_await gate_.passes(actions::Hook::Authenticated)) {
    become_active();
    co_await Both(requests_.relay(), replies_.relay());
    ends_.metrics().add(Counter::SessionsClosed);
  }
  co_await gate_.notify(actions::Hook::Closing);
  co_await part();
  co_await gate_.results_decided();
  co_await gate_.notify(actions::Hook::Closed);
}

/// Login lives in this coroutine's frame, and is gone when it is done.
Task<bool> Session::log_in() {
  Login login(ends_, gate_, lane_.state, place_, listener_);
  co_return co_await login.shake_hands(turned_away_) && co_await login.log_in();
}

void Session::become_active() {
  deadline_.disarm();
  ends_.phase = Phase::Active;
  if (lane_.state) lane_.state->wishes.clear();
  dialogue_.names.open();
  judge_.begin();
  dialogue_.idle_since_ns = ends_.loop().now_ns();
  ends_.metrics().add(Counter::SessionsStarted);
  ends_.metrics().observe(Histogram::LoginDuration,
                          static_cast<std::uint64_t>(dialogue_.idle_since_ns - accepted_ns_));
  watch_idleness();
}

Task<> Session::part() {
  ends_.phase = Phase::Closing;
  ends_.cancel_entry = {};
  if (ends_.server && !ends_.server_reset) ends_.server->shutdown_write();
  ends_.server.reset();
  dialogue_.has_server = false;
  if (ends_.client_broke) co_return;
  ends_.client->reopen();
  ends_.client->shutdown_write();
  if (ends_.client_done) co_return;
  deadline_.arm(ends_.loop().timers(), kLinger);
  while ((co_await ends_.client->read(ends_.loop().scratch())).status == Io::Ok) {
  }
}

// ---- ends that others ask for

void Session::drain() {
  if (ends_.phase == Phase::Handshake) ends_.client->cancel(Io::Cancelled);
  if (!ends_.last_words) ends_.last_words = std::make_unique<wire::ErrorFields>(fatal("57P01", kShutdown));
  if (ends_.phase == Phase::Active && dialogue_.idle()) ends_.say_goodbye();
}

void Session::end_if_blocked() {
  if (ends_.phase == Phase::Closing || turned_away_) return;
  if (auto refusal = gate_.blocked()) ends_.terminate(std::move(refusal->fields));
}

// ---- the deadline: of the handshake and the login, of idleness, of the last words

void Session::watch_idleness() {
  const std::chrono::nanoseconds idle = dialogue_.settings->options.timeouts.idle;
  if (idle.count() > 0) deadline_.arm(ends_.loop().timers(), idle);
}

void Session::on_deadline() {
  switch (ends_.phase) {
    case Phase::Handshake:
      ends_.metrics().add(Counter::HandshakeTimeouts);
      ends_.client->cancel(Io::Timeout);
      break;
    case Phase::Login:
      ends_.metrics().add(Counter::HandshakeTimeouts);
      ends_.terminate("57014", "canceling authentication due to timeout");
      break;
    case Phase::Active: on_idle_deadline(); break;
    case Phase::Closing: ends_.client->cancel(Io::Timeout); break;
  }
}

void Session::on_idle_deadline() {
  const std::chrono::nanoseconds allowed = dialogue_.settings->options.timeouts.idle;
  const std::chrono::nanoseconds spent(ends_.loop().now_ns() - dialogue_.idle_since_ns);
  if (!dialogue_.idle()) {
    watch_idleness();
  } else if (spent < allowed) {
    deadline_.arm(ends_.loop().timers(), allowed - spent);
  } else {
    ends_.metrics().add(Counter::IdleTimeouts);
    ends_.terminate("57P05", "terminating connection due to idle-session timeout");
  }
}

SessionView Session::view() const {
  constexpr std::string_view kPhases[] = {"handshake", "login", "active", "closing"};
  constexpr std::string_view kTransactions[] = {"idle", "active", "failed"};
  const ClientFacts& client = dialogue_.client;
  const SessionFacts& session = dialogue_.session;
  SessionView view;
  view.id = session.id;
  view.client = client.address.empty() ? "local" : client.address + ":" + std::to_string(client.port);
  view.listener = client.listener;
  view.target = dialogue_.server.target;
  view.user = session.user;
  view.database = session.database;
  view.application_name = session.application_name;
  view.phase = kPhases[static_cast<std::size_t>(ends_.phase)];
  view.transaction = kTransactions[static_cast<std::size_t>(session.transaction)];
  view.client_tls = client.tls != nullptr;
  view.server_tls = dialogue_.server.tls != nullptr;
  view.server_process = ends_.server_process;
  view.started_ns = session.started_ns;
  view.statements = session.queries;
  view.bytes_in = session.bytes_in;
  view.bytes_out = session.bytes_out;
  view.in_flight = dialogue_.book.size();
  return view;
}

}  // namespace signalbox::proxy
