// A session's life, from begin to end, and how it looks from outside.
#include "proxy/session/session.h"

#include "proxy/lane/state.h"
#include "proxy/net/socket.h"

namespace signalbox::proxy {
namespace {

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
    : worker_(worker),
      settings_(worker.settings()),
      listener_(listener),
      client_(std::make_unique<Channel>(worker.loop(), std::move(client))),
      from_client_(*client_),
      client_turn_(worker.loop()),
      statements_(settings_->options.memory.session_statement_bytes),
      place_(worker.shared().census),
      deadline_([this] { on_deadline(); }) {
  facts_.id = worker.shared().next_session.fetch_add(1, std::memory_order_relaxed);
  facts_.started_ns = worker.shared().services.clock->wall_ns();
  accepted_ns_ = worker.loop().now_ns();
  client_facts_.listener = settings_->options.listeners[listener].name;
  if (!peer.is_unix()) {
    client_facts_.address = peer.host();
    client_facts_.port = peer.port();
  }
  tune(client_->fd(), settings_->options.timeouts);
  worker.metrics().move(Gauge::Sessions, 1);
  worker.began(*this);
}

Session::~Session() {
  if (lane_ && lane_->cancelling) lane_->cancelling->session = nullptr;
  worker_.metrics().move(Gauge::Sessions, -1);
  worker_.ended(*this);
}

Task<> Session::live() {
  const TimeoutOptions& timeouts = settings_->options.timeouts;
  if (timeouts.handshake.count() > 0) deadline_.arm(worker_.loop().timers(), timeouts.handshake);
  turned_away_ = blocked_client();
  if (!turned_away_) turned_away_ = co_await asked_at(actions::Hook::Connecting);
  const bool broken = turned_away_ && breaks(*turned_away_);
  if (!broken && co_await shake_hands() && co_await log_in() &&
      co_await passes(actions::Hook::Authenticated)) {
    become_active();
    co_await Both(relay_requests(), relay_replies());
    worker_.metrics().add(Counter::SessionsClosed);
  }
  co_await notify(actions::Hook::Closing);
  co_await part();
  co_await notify(actions::Hook::Closed);
}

void Session::become_active() {
  deadline_.disarm();
  phase_ = Phase::Active;
  if (lane_) lane_->wishes.clear();
  decided_under_ = worker_.decider().policies_number();
  open_catalogue();
  decided_for_ = facts_.generation;
  statements_.judged_under(decided_under_);
  login_replies_ = {};
  idle_since_ns_ = worker_.loop().now_ns();
  worker_.metrics().add(Counter::SessionsStarted);
  worker_.metrics().observe(Histogram::LoginDuration,
                            static_cast<std::uint64_t>(idle_since_ns_ - accepted_ns_));
  watch_idleness();
}

SessionView Session::view() const {
  constexpr std::string_view kPhases[] = {"handshake", "login", "active", "closing"};
  constexpr std::string_view kTransactions[] = {"idle", "active", "failed"};
  SessionView view;
  view.id = facts_.id;
  view.client = client_facts_.address.empty()
                    ? "local"
                    : client_facts_.address + ":" + std::to_string(client_facts_.port);
  view.listener = client_facts_.listener;
  view.target = server_facts_.target;
  view.user = facts_.user;
  view.database = facts_.database;
  view.application_name = facts_.application_name;
  view.phase = kPhases[static_cast<std::size_t>(phase_)];
  view.transaction = kTransactions[static_cast<std::size_t>(facts_.transaction)];
  view.client_tls = client_facts_.tls != nullptr;
  view.server_tls = server_facts_.tls != nullptr;
  view.server_process = server_process_;
  view.started_ns = facts_.started_ns;
  view.statements = facts_.queries;
  view.bytes_in = facts_.bytes_in;
  view.bytes_out = facts_.bytes_out;
  view.in_flight = book_.size();
  return view;
}

}  // namespace signalbox::proxy
