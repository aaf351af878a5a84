// From the startup packet to a server that authenticates the client: who may come in, which target, by which
// rung of the sslmode ladder. The startup packet goes to the server verbatim.
#include "proxy/session/login/login.h"

#include <algorithm>

#include "base/log.h"
#include "proxy/targets/connect.h"

namespace signalbox::proxy {
namespace {

/// A target that could not be reached is not chosen for this long.
constexpr std::int64_t kDownNs = 5'000'000'000;

}  // namespace

/// Why this client may not come in; nothing when it may.
std::optional<wire::ErrorFields> Login::admission() {
  if (dialogue_.session.user.empty())
    return fatal("28000", "no PostgreSQL user name specified in startup packet");
  const ListenerOptions& listener = dialogue_.settings->options.listeners[listener_];
  if (auto blocked = gate_.blocked()) return std::move(blocked->fields);
  if (lane_ && lane_->client_must_encrypt && !ends_.client_is_encrypted()) {
    wire::ErrorFields fields = std::move(lane_->client_must_encrypt->fields);
    fields.severity = "FATAL";
    return fields;
  }
  const bool local = dialogue_.client.address.empty();
  if (listener.tls.mode == ClientTls::Require && ends_.client->tls() == nullptr && !local) {
    return fatal("28000", "this server accepts only connections with SSL encryption");
  }
  if (ends_.worker.draining()) return fatal("57P03", "the database system is shutting down");
  Census& census = ends_.worker.shared().census;
  auto crowded = census.arrive(place_, dialogue_.client.address);
  if (!crowded) crowded = census.name(place_, dialogue_.session.user, dialogue_.session.database);
  if (!crowded) return std::nullopt;
  switch (*crowded) {
    case Crowded::Total: return fatal("53300", "sorry, too many clients already");
    case Crowded::User:
      return fatal("53300", "too many connections for role \"" + dialogue_.session.user + "\"");
    case Crowded::Database:
      return fatal("53300", "too many connections for database \"" + dialogue_.session.database + "\"");
    case Crowded::Address:
      return fatal("53300", "too many connections from address \"" + dialogue_.client.address + "\"");
  }
  return std::nullopt;
}

/// True when the session is ready for queries; false when it has been refused, with the client told.
Task<bool> Login::log_in() {
  ends_.phase = Phase::Login;
  if (auto refusal = admission()) {
    ends_.metrics().add(Counter::ConnectionsRefused);
    co_await ends_.refuse(std::move(*refusal));
    co_return false;
  }
  if (!co_await gate_.passes(actions::Hook::Startup)) co_return false;
  const RouteWish* wish = lane_ && !lane_->wishes.empty() ? &lane_->wishes.back() : nullptr;
  const auto& targets = dialogue_.settings->targets;
  const HealthBoard& health = ends_.worker.shared().health;
  std::vector<std::string> tried;
  for (;;) {
    std::shared_ptr<const Target> target = targets.front();
    const Moment moment = dialogue_.footprint.moment(ends_.loop().now_ns());
    if (wish != nullptr)
      target = wish->given ? wish->given : choose_target(targets, *wish, health, moment, tried);
    const bool none_left = !target || std::ranges::find(tried, target->options.name) != tried.end();
    if (none_left && wish != nullptr && !wish->refuses_unavailable) {
      wish = nullptr;  // the default serves whom nobody else can
      continue;
    }
    if (none_left) break;
    const End end = co_await log_in_at(target);
    if (end != End::Unreachable) co_return end == End::Ready;
    tried.push_back(target->options.name);
  }
  co_await ends_.refuse(fatal("08006", "could not connect to the database server"));
  co_return false;
}

/// Unreachable: the client has been told nothing, another target can be tried.
Task<Login::End> Login::log_in_at(std::shared_ptr<const Target> target) {
  const bool must_encrypt = lane_ && lane_->server_must_encrypt && !target->options.host.starts_with('/');
  std::vector<Encryption> rungs = ladder(target->options);
  if (must_encrypt) rungs = {Encryption::Tls};
  if (must_encrypt && !target->tls) {
    co_await ends_.refuse(
        fatal("08006", "the server's connection must be encrypted, and its target has no TLS"));
    co_return End::Failed;
  }
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const bool last = i + 1 == rungs.size();
    if (!co_await open_server(target, rungs[i])) {
      if (!last) continue;
      co_return End::Unreachable;
    }
    if (must_encrypt && !ends_.server_is_encrypted()) {
      co_await ends_.refuse(fatal("08006", "server does not support SSL, but SSL was required"));
      co_return End::Failed;
    }
    const End end =
        co_await authenticate(!last && (ends_.server->tls() != nullptr) == (rungs[i] == Encryption::Tls));
    if (end != End::TryOtherEncryption) co_return end;
  }
  co_return End::Failed;
}

Task<bool> Login::open_server(std::shared_ptr<const Target> target, Encryption encryption) {
  Worker& worker = ends_.worker;
  const std::int64_t began = worker.loop().now_ns();
  auto connected = co_await connect(worker.loop(), worker.shared().resolver, target, encryption,
                                    dialogue_.settings->options.timeouts);
  if (!connected) {
    worker.metrics().add(Counter::ServerConnectFailures);
    worker.shared().health.down(target->options.name, worker.loop().now_ns() + kDownNs,
                                connected.error().message);
    log::error("cannot open a server connection",
               {{"target", target->options.name}, {"error", connected.error().message}});
    co_return false;
  }
  worker.metrics().add(Counter::ServerConnects);
  worker.metrics().observe(Histogram::ServerConnectDuration,
                           static_cast<std::uint64_t>(worker.loop().now_ns() - began));
  ends_.from_server.reset();
  ends_.server = std::move(connected->channel);
  ends_.from_server.emplace(*ends_.server);
  dialogue_.has_server = true;
  dialogue_.server.target = target->options.name;
  dialogue_.server.role = target->options.role;
  dialogue_.server.address = connected->endpoint.is_unix() ? "" : connected->endpoint.host();
  dialogue_.server.port = connected->endpoint.port();
  dialogue_.server.tls = nullptr;
  if (ends_.server->tls() != nullptr) {
    dialogue_.server_tls = tls_facts(ends_.server->tls());
    dialogue_.server.tls = &dialogue_.server_tls;
  }
  ends_.cancel_target = {.target = std::move(target),
                         .endpoint = connected->endpoint,
                         .encryption = ends_.server->tls() != nullptr ? Encryption::Tls : Encryption::Plain};
  co_return true;
}

}  // namespace signalbox::proxy
