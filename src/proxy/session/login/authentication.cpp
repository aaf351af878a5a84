// The authentication is relayed, message by message: the gateway knows no password and needs none. What it
// does is keep the order (LoginRules), and tell apart what cannot pass a gateway: channel binding.
#include "proxy/session/login/channel_binding.h"
#include "proxy/session/login/login.h"
#include "proxy/session/login/login_frame.h"

namespace signalbox::proxy {
namespace {

LoginRules::Next next_of(LoginRules& rules, std::string_view frame) {
  if (frame.front() != 'R') return rules.server_sent(frame.front());
  const auto kind = wire::decode_authentication(frame.substr(wire::kHeaderBytes));
  return kind ? rules.server_asked(*kind) : LoginRules::Next::Violation;
}

}  // namespace

/// Relays the login. `may_try_other`: another rung of the sslmode ladder is left, which is better than
/// telling the client of a first error, or of a channel that cannot be bound.
Task<Login::End> Login::authenticate(bool may_try_other) {
  LoginRules rules;
  bool must_not_want_binding = false;  // the client may log in, but only if it does not miss channel binding
  if (co_await ends_.server->write(ends_.startup) != Io::Ok) co_return End::Failed;
  for (;;) {
    const std::string_view frame = co_await login_frame(*ends_.from_server, wire::Sender::Server);
    if (frame.empty()) co_return co_await server_fell_silent();
    const std::string_view body = frame.substr(wire::kHeaderBytes);
    const bool disbelieved = frame.front() == 'E' && wire::error_field(body, 'C').starts_with("28");
    if (frame.front() == 'E' && !rules.began() && may_try_other) co_return End::TryOtherEncryption;
    const LoginRules::Next next = next_of(rules, frame);
    if (next == LoginRules::Next::Violation || next == LoginRules::Next::Unsupported) {
      co_return co_await unexpected_reply(next);
    }
    if (next == LoginRules::Next::AskClient && offers_plus(body)) {
      const Binding binding = binding_of(ends_.client->tls(), ends_.server->tls(), true);
      const auto verifier = dialogue_.settings->scram.find(dialogue_.session.user);
      if (binding == Binding::Impossible && verifier != dialogue_.settings->scram.end()) {
        if (!co_await end_scram_here(verifier->second)) co_return End::Failed;
        rules.server_asked(wire::Authentication::SaslFinal);
        continue;
      }
      if (binding == Binding::Impossible && may_try_other) co_return End::TryOtherEncryption;
      must_not_want_binding = binding == Binding::Impossible;
      if (!co_await relay_reply(frame, binding == Binding::Relay ? std::string(frame) : without_plus(body))) {
        co_return End::Failed;
      }
    } else {
      note_reply(frame.front(), body);
      if (!co_await relay_reply(frame, std::string(frame))) co_return End::Failed;
    }
    if (next != LoginRules::Next::Relay && !co_await send_replies()) co_return End::Failed;
    if (next == LoginRules::Next::Failed) {
      ends_.metrics().add(Counter::LoginFailures);
      if (disbelieved) dialogue_.show(ends_.decider(), Sight::LoginFailed, actions::Hook::Startup);
      co_return End::Failed;
    }
    if (next == LoginRules::Next::Ready) co_return End::Ready;
    if (next != LoginRules::Next::AskClient) continue;
    if (must_not_want_binding && co_await client_misses_binding()) co_return co_await cannot_bind();
    must_not_want_binding = false;
    if (!co_await relay_password()) co_return End::Failed;
  }
}

/// True when the client's SASLInitialResponse says that it could bind: the server would take that for a
/// downgrade.
Task<bool> Login::client_misses_binding() {
  const std::string_view frame = co_await login_frame(ends_.from_client, wire::Sender::Client);
  ends_.from_client.keep();
  co_return !frame.empty() && claims_binding(ends_.from_client.bytes().substr(wire::kHeaderBytes));
}

Task<Login::End> Login::unexpected_reply(LoginRules::Next why) {
  ends_.metrics().add(Counter::ProtocolViolations);
  co_await ends_.refuse(fatal("08P01", why == LoginRules::Next::Violation
                                           ? "the server sent an unexpected message during authentication"
                                           : "the server asked for an unsupported authentication method"));
  co_return End::Failed;
}

Task<Login::End> Login::cannot_bind() {
  ends_.metrics().add(Counter::LoginFailures);
  wire::ErrorFields fields = fatal("28000", "SCRAM channel binding is not possible through this gateway");
  fields.detail = "The client's TLS ends at the gateway, whose certificate is not the server's.";
  fields.hint =
      "Connect with channel_binding=disable, or let the gateway and the server present the same certificate, "
      "or give "
      "the gateway the user's SCRAM verifier.";
  co_await ends_.refuse(std::move(fields));
  co_return End::Failed;
}

/// Sends one message of the server on. Small ones that came together leave together: they are collected, and
/// sent when nothing more is at hand.
Task<bool> Login::relay_reply(std::string_view frame, std::string to_send) {
  replies_ += to_send;
  ends_.from_server->consume(frame.size());
  if (!ends_.from_server->bytes().empty()) co_return true;
  co_return co_await send_replies();
}

Task<bool> Login::send_replies() {
  if (replies_.empty()) co_return true;
  const Io sent = co_await ends_.client->write(replies_);
  replies_.clear();
  co_return sent == Io::Ok;
}

Task<bool> Login::relay_password() {
  const std::string_view frame = co_await login_frame(ends_.from_client, wire::Sender::Client);
  if (frame.empty()) {
    if (!ends_.from_client.bytes().empty()) {
      ends_.metrics().add(Counter::ProtocolViolations);
      dialogue_.show(ends_.decider(), Sight::Violation, actions::Hook::Startup);
      co_await ends_.refuse(
          fatal("08P01", "expected password response, got message type " +
                             std::to_string(static_cast<unsigned char>(ends_.from_client.bytes().front()))));
    }
    co_return false;
  }
  ends_.from_client.keep();
  const std::size_t size = frame.size();
  const Io sent = co_await ends_.server->write(ends_.from_client.bytes().substr(0, size));
  ends_.from_client.consume(size);
  co_return sent == Io::Ok;
}

Task<Login::End> Login::server_fell_silent() {
  ends_.metrics().add(Counter::LoginFailures);
  co_await ends_.refuse(fatal("08006", "server closed the connection unexpectedly"));
  co_return End::Failed;
}

void Login::note_reply(char type, std::string_view body) {
  if (type == 'K') {
    const auto key = wire::decode_backend_key(body);
    if (!key) return;
    ends_.server_process = ends_.client_process = key->process;
    ends_.client_key = key->key;
    ends_.server_key = key->key;
    ends_.cancel_entry = ends_.worker.shared().cancels.add(key->process, key->key, ends_.cancel_target);
  } else if (type == 'S') {
    if (const auto status = wire::decode_parameter_status(body))
      dialogue_.on_parameter(status->name, status->value);
  }
}

}  // namespace signalbox::proxy
