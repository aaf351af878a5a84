// From the startup packet to the first ReadyForQuery. The startup packet goes to the server verbatim, and
// every authentication message is relayed: the gateway knows no password and needs none. What it does is keep
// the order.
#include <algorithm>

#include "base/log.h"
#include "proxy/lane/state.h"
#include "proxy/session/channel_binding.h"
#include "proxy/session/login_rules.h"
#include "proxy/session/session.h"
#include "proxy/targets/connect.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kLongestLoginMessage = 1u << 16;  // PG_MAX_AUTH_TOKEN_LENGTH is 65535
constexpr std::size_t kLongestPassword = 65'535 + 4;
/// A target that could not be reached is not chosen for this long.
constexpr std::int64_t kDownNs = 5'000'000'000;

wire::ErrorFields fatal(std::string sqlstate, std::string message) {
  wire::ErrorFields fields;
  fields.severity = "FATAL";
  fields.sqlstate = std::move(sqlstate);
  fields.message = std::move(message);
  return fields;
}

}  // namespace

/// Why this client may not come in; nothing when it may.
std::optional<wire::ErrorFields> Session::admission() {
  if (facts_.user.empty()) return fatal("28000", "no PostgreSQL user name specified in startup packet");
  const ListenerOptions& listener = settings_->options.listeners[listener_];
  if (auto blocked = blocked_client()) return std::move(blocked->fields);
  if (lane_ && lane_->client_must_encrypt && !client_is_encrypted()) {
    wire::ErrorFields fields = std::move(lane_->client_must_encrypt->fields);
    fields.severity = "FATAL";
    return fields;
  }
  const bool local = client_facts_.address.empty();
  if (listener.tls.mode == ClientTls::Require && client_->tls() == nullptr && !local) {
    return fatal("28000", "this server accepts only connections with SSL encryption");
  }
  if (worker_.draining()) return fatal("57P03", "the database system is shutting down");
  Census& census = worker_.shared().census;
  auto crowded = census.arrive(place_, client_facts_.address);
  if (!crowded) crowded = census.name(place_, facts_.user, facts_.database);
  if (!crowded) return std::nullopt;
  switch (*crowded) {
    case Crowded::Total: return fatal("53300", "sorry, too many clients already");
    case Crowded::User: return fatal("53300", "too many connections for role \"" + facts_.user + "\"");
    case Crowded::Database:
      return fatal("53300", "too many connections for database \"" + facts_.database + "\"");
    case Crowded::Address:
      return fatal("53300", "too many connections from address \"" + client_facts_.address + "\"");
  }
  return std::nullopt;
}

/// True when the session is ready for queries; false when it has been refused, with the client told.
Task<bool> Session::log_in() {
  phase_ = Phase::Login;
  if (auto refusal = admission()) {
    worker_.metrics().add(Counter::ConnectionsRefused);
    co_await refuse(std::move(*refusal));
    co_return false;
  }
  if (!co_await passes(actions::Hook::Startup)) co_return false;
  const RouteWish* wish = lane_ && !lane_->wishes.empty() ? &lane_->wishes.back() : nullptr;
  std::vector<std::string> tried;
  for (;;) {
    std::shared_ptr<const Target> target = settings_->targets.front();
    if (wish != nullptr)
      target = wish->given
                   ? wish->given
                   : choose_target(settings_->targets, *wish, worker_.shared().health, moment(), tried);
    const bool none_left = !target || std::ranges::find(tried, target->options.name) != tried.end();
    if (none_left && wish != nullptr && !wish->refuses_unavailable) {
      wish = nullptr;  // the default serves whom nobody else can
      continue;
    }
    if (none_left) break;
    const LoginEnd end = co_await log_in_at(target);
    if (end != LoginEnd::Unreachable) co_return end == LoginEnd::Ready;
    tried.push_back(target->options.name);
  }
  co_await refuse(fatal("08006", "could not connect to the database server"));
  co_return false;
}

/// Unreachable: the client has been told nothing, another target can be tried.
Task<Session::LoginEnd> Session::log_in_at(std::shared_ptr<const Target> target) {
  const bool must_encrypt = lane_ && lane_->server_must_encrypt && !target->options.host.starts_with('/');
  std::vector<Encryption> rungs = ladder(target->options);
  if (must_encrypt) rungs = {Encryption::Tls};
  if (must_encrypt && !target->tls) {
    co_await refuse(fatal("08006", "the server's connection must be encrypted, and its target has no TLS"));
    co_return LoginEnd::Failed;
  }
  for (std::size_t i = 0; i < rungs.size(); ++i) {
    const bool last = i + 1 == rungs.size();
    if (!co_await open_server(target, rungs[i])) {
      if (!last) continue;
      co_return LoginEnd::Unreachable;
    }
    if (must_encrypt && !server_is_encrypted()) {
      co_await refuse(fatal("08006", "server does not support SSL, but SSL was required"));
      co_return LoginEnd::Failed;
    }
    const LoginEnd end =
        co_await authenticate(!last && (server_->tls() != nullptr) == (rungs[i] == Encryption::Tls));
    if (end != LoginEnd::TryOtherEncryption) co_return end;
  }
  co_return LoginEnd::Failed;
}

Task<bool> Session::open_server(std::shared_ptr<const Target> target, Encryption encryption) {
  Worker& worker = worker_;
  const std::int64_t began = worker.loop().now_ns();
  auto connected = co_await connect(worker.loop(), worker.shared().resolver, target, encryption,
                                    settings_->options.timeouts);
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
  from_server_.reset();
  server_ = std::move(connected->channel);
  from_server_.emplace(*server_);
  server_facts_.target = target->options.name;
  server_facts_.role = target->options.role;
  server_facts_.address = connected->endpoint.is_unix() ? "" : connected->endpoint.host();
  server_facts_.port = connected->endpoint.port();
  server_facts_.tls = nullptr;
  if (server_->tls() != nullptr) {
    server_tls_ = tls_facts(server_->tls());
    server_facts_.tls = &server_tls_;
  }
  cancel_target_ = {.target = std::move(target),
                    .endpoint = connected->endpoint,
                    .encryption = server_->tls() != nullptr ? Encryption::Tls : Encryption::Plain};
  co_return true;
}

/// Reads one whole frame of a login; empty when the peer is gone or sends too much.
Task<std::string_view> Session::login_frame(Inlet& from, wire::Sender sender) {
  for (;;) {
    const std::string_view bytes = from.bytes();
    wire::FrameHeader header;
    const bool password = sender == wire::Sender::Client;
    auto status = wire::HeaderStatus::Incomplete;
    if (password && bytes.size() >= wire::kHeaderBytes) {
      header = {.type = bytes.front(), .length = load_be<std::uint32_t>(bytes.data() + 1)};
      const bool fits = header.type == 'p' && header.length >= 4 && header.length <= kLongestPassword;
      status = fits ? wire::HeaderStatus::Complete : wire::HeaderStatus::InvalidLength;
    } else if (!password) {
      status = wire::read_header(sender, bytes, header);
      if (status == wire::HeaderStatus::Complete && header.size() > kLongestLoginMessage) {
        status = wire::HeaderStatus::InvalidLength;
      }
    }
    if (status == wire::HeaderStatus::Complete && bytes.size() >= header.size())
      co_return bytes.substr(0, header.size());
    const bool waiting = status == wire::HeaderStatus::Complete || status == wire::HeaderStatus::Incomplete;
    if (!waiting || co_await from.more() != Io::Ok) co_return std::string_view{};
  }
}

/// Relays the login. `may_try_other`: another rung of the sslmode ladder is left, which is better than
/// telling the client of a first error, or of a channel that cannot be bound.
Task<Session::LoginEnd> Session::authenticate(bool may_try_other) {
  LoginRules rules;
  bool must_not_want_binding = false;  // the client may log in, but only if it does not miss channel binding
  if (co_await server_->write(startup_) != Io::Ok) co_return LoginEnd::Failed;
  for (;;) {
    const std::string_view frame = co_await login_frame(*from_server_, wire::Sender::Server);
    if (frame.empty()) co_return co_await server_fell_silent();
    const std::string_view body = frame.substr(wire::kHeaderBytes);
    const bool disbelieved = frame.front() == 'E' && wire::error_field(body, 'C').starts_with("28");
    if (frame.front() == 'E' && !rules.began() && may_try_other) co_return LoginEnd::TryOtherEncryption;
    const LoginRules::Next next = next_of(rules, frame);
    if (next == LoginRules::Next::Violation || next == LoginRules::Next::Unsupported) {
      co_return co_await unexpected_reply(next);
    }
    if (next == LoginRules::Next::AskClient && offers_plus(body)) {
      const Binding binding = binding_of(client_->tls(), server_->tls(), true);
      const auto verifier = settings_->scram.find(facts_.user);
      if (binding == Binding::Impossible && verifier != settings_->scram.end()) {
        if (!co_await end_scram_here(verifier->second)) co_return LoginEnd::Failed;
        rules.server_asked(wire::Authentication::SaslFinal);
        continue;
      }
      if (binding == Binding::Impossible && may_try_other) co_return LoginEnd::TryOtherEncryption;
      must_not_want_binding = binding == Binding::Impossible;
      if (!co_await relay_login_message(
              frame, binding == Binding::Relay ? std::string(frame) : without_plus(body))) {
        co_return LoginEnd::Failed;
      }
    } else {
      on_login_message(frame.front(), body);
      if (!co_await relay_login_message(frame, std::string(frame))) co_return LoginEnd::Failed;
    }
    if (next != LoginRules::Next::Relay && !co_await send_login_replies()) co_return LoginEnd::Failed;
    if (next == LoginRules::Next::Failed) {
      worker_.metrics().add(Counter::LoginFailures);
      if (disbelieved) see(Sight::LoginFailed, actions::Hook::Startup);
      co_return LoginEnd::Failed;
    }
    if (next == LoginRules::Next::Ready) co_return LoginEnd::Ready;
    if (next != LoginRules::Next::AskClient) continue;
    if (must_not_want_binding && co_await client_misses_binding()) co_return co_await cannot_bind();
    must_not_want_binding = false;
    if (!co_await relay_password()) co_return LoginEnd::Failed;
  }
}

/// True when the client's SASLInitialResponse says that it could bind: the server would take that for a
/// downgrade.
Task<bool> Session::client_misses_binding() {
  const std::string_view frame = co_await login_frame(from_client_, wire::Sender::Client);
  from_client_.keep();
  co_return !frame.empty() && claims_binding(from_client_.bytes().substr(wire::kHeaderBytes));
}

LoginRules::Next Session::next_of(LoginRules& rules, std::string_view frame) {
  if (frame.front() != 'R') return rules.server_sent(frame.front());
  const auto kind = wire::decode_authentication(frame.substr(wire::kHeaderBytes));
  return kind ? rules.server_asked(*kind) : LoginRules::Next::Violation;
}

Task<Session::LoginEnd> Session::unexpected_reply(LoginRules::Next why) {
  worker_.metrics().add(Counter::ProtocolViolations);
  co_await refuse(fatal("08P01", why == LoginRules::Next::Violation
                                     ? "the server sent an unexpected message during authentication"
                                     : "the server asked for an unsupported authentication method"));
  co_return LoginEnd::Failed;
}

Task<Session::LoginEnd> Session::cannot_bind() {
  worker_.metrics().add(Counter::LoginFailures);
  wire::ErrorFields fields = fatal("28000", "SCRAM channel binding is not possible through this gateway");
  fields.detail = "The client's TLS ends at the gateway, whose certificate is not the server's.";
  fields.hint =
      "Connect with channel_binding=disable, or let the gateway and the server present the same certificate, "
      "or give "
      "the gateway the user's SCRAM verifier.";
  co_await refuse(std::move(fields));
  co_return LoginEnd::Failed;
}

/// Sends one message of the server on. Small ones that came together leave together: they are collected, and
/// sent when nothing more is at hand.
Task<bool> Session::relay_login_message(std::string_view frame, std::string to_send) {
  login_replies_ += to_send;
  from_server_->consume(frame.size());
  if (!from_server_->bytes().empty()) co_return true;
  co_return co_await send_login_replies();
}

Task<bool> Session::send_login_replies() {
  if (login_replies_.empty()) co_return true;
  const Io sent = co_await client_->write(login_replies_);
  login_replies_.clear();
  co_return sent == Io::Ok;
}

Task<bool> Session::relay_password() {
  const std::string_view frame = co_await login_frame(from_client_, wire::Sender::Client);
  if (frame.empty()) {
    if (!from_client_.bytes().empty()) {
      worker_.metrics().add(Counter::ProtocolViolations);
      see(Sight::Violation, actions::Hook::Startup);
      co_await refuse(
          fatal("08P01", "expected password response, got message type " +
                             std::to_string(static_cast<unsigned char>(from_client_.bytes().front()))));
    }
    co_return false;
  }
  from_client_.keep();
  const std::size_t size = frame.size();
  const Io sent = co_await server_->write(from_client_.bytes().substr(0, size));
  from_client_.consume(size);
  co_return sent == Io::Ok;
}

Task<Session::LoginEnd> Session::server_fell_silent() {
  worker_.metrics().add(Counter::LoginFailures);
  co_await refuse(fatal("08006", "server closed the connection unexpectedly"));
  co_return LoginEnd::Failed;
}

void Session::on_login_message(char type, std::string_view body) {
  if (type == 'K') {
    const auto key = wire::decode_backend_key(body);
    if (!key) return;
    server_process_ = client_process_ = key->process;
    client_key_ = key->key;
    server_key_ = key->key;
    cancel_entry_ = worker_.shared().cancels.add(key->process, key->key, cancel_target_);
  } else if (type == 'S') {
    if (const auto status = wire::decode_parameter_status(body)) on_parameter(status->name, status->value);
  }
}

void Session::on_parameter(std::string_view name, std::string_view value) {
  if (name == "application_name") facts_.application_name = value;
  if (name == "server_version") server_facts_.version = value;
  ++facts_.generation;
  const auto known =
      std::ranges::find(facts_.parameters, name, [](const auto& one) { return std::string_view(one.first); });
  if (known == facts_.parameters.end()) {
    facts_.parameters.emplace_back(name, value);
  } else {
    known->second = value;
  }
  const bool is_encoding = name == "client_encoding" || name == "server_encoding";
  if (name == "standard_conforming_strings") reading_.standard_strings = value != "off";
  if (is_encoding) take_encoding();
}

/// What a text's bytes mean depends on both encodings.
void Session::take_encoding() {
  std::string_view client = "UTF8", server = "UTF8";
  for (const auto& [name, value] : facts_.parameters) {
    if (name == "client_encoding") client = value;
    if (name == "server_encoding") server = value;
  }
  reading_.encoding = sql::encoding_of(client, server);
  names_are_told_ = sql::is_one_encoding(client, server);
}

}  // namespace signalbox::proxy
