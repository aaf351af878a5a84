// A SCRAM login that the gateway ends on both sides, because the client binds to one certificate and the
// server to another. First the client proves itself to the gateway, with the key that comes out of it the
// gateway proves itself to the server, and only what the server then says lets the client in.
#include <openssl/ssl.h>

#include "proxy/session/login/login.h"
#include "proxy/session/login/login_frame.h"
#include "proxy/targets/scram.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

using wire::Authentication;

std::string authentication(Authentication kind, std::string_view data) {
  std::string frame;
  wire::append_authentication(frame, kind, data);
  return frame;
}

std::string password_message(std::string_view data) {
  std::string frame;
  wire::FrameBuilder(frame, 'p').bytes(data);
  return frame;
}

/// SASLInitialResponse: the mechanism, a length, the first message.
std::string initial_response(const ScramClient& scram) {
  const std::string first = scram.first();
  std::string frame;
  wire::FrameBuilder(frame, 'p')
      .text(scram.mechanism())
      .u32(static_cast<std::uint32_t>(first.size()))
      .bytes(first);
  return frame;
}

}  // namespace

/// The data of the client's next password message; nothing when it is gone or sends something else.
Task<std::optional<std::string>> Login::password_data() {
  const std::string_view frame = co_await login_frame(ends_.from_client, wire::Sender::Client);
  if (frame.empty()) co_return std::nullopt;
  std::string data(frame.substr(wire::kHeaderBytes));
  ends_.from_client.consume(frame.size());
  co_return data;
}

/// The data of the server's next Authentication message of this kind; nothing when it says anything else,
/// which has then been passed to the client.
Task<std::optional<std::string>> Login::authentication_data(Authentication wanted) {
  const std::string_view frame = co_await login_frame(*ends_.from_server, wire::Sender::Server);
  if (frame.empty()) co_return std::nullopt;
  const std::string whole(frame);
  ends_.from_server->consume(frame.size());
  const std::string_view body = std::string_view(whole).substr(wire::kHeaderBytes);
  if (whole.front() == 'R' && wire::decode_authentication(body) == wanted)
    co_return std::string(body.substr(4));
  if (whole.front() == 'E') co_await ends_.client->write(whole);
  co_return std::nullopt;
}

/// True when the client has proved that it knows the password; the answer to its proof is in `server_final`.
Task<bool> Login::prove_client(ScramServer& scram, std::string& server_final) {
  std::string offer;
  wire::append_sasl_mechanisms(offer, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"});
  if (co_await ends_.client->write(offer) != Io::Ok) co_return false;
  const auto initial = co_await password_data();
  if (!initial) co_return false;
  wire::BodyReader reader(*initial);
  const std::string_view mechanism = reader.text();
  const std::string_view client_first = reader.bytes(reader.integer<std::uint32_t>());
  auto server_first = reader.at_end() ? scram.first(mechanism, client_first)
                                      : std::unexpected(std::string("malformed SCRAM message"));
  if (!server_first) {
    co_await ends_.refuse(fatal("08P01", server_first.error()));
    co_return false;
  }
  if (co_await ends_.client->write(authentication(Authentication::SaslContinue, *server_first)) != Io::Ok)
    co_return false;
  const auto client_final = co_await password_data();
  if (!client_final) co_return false;
  auto final = scram.final(*client_final);
  if (final) {
    server_final = std::move(*final);
    co_return true;
  }
  dialogue_.show(ends_.decider(), Sight::LoginFailed, actions::Hook::Startup);
  co_await ends_.refuse(final.error().empty() ? fatal("28P01", "password authentication failed for user \"" +
                                                                   dialogue_.session.user + "\"")
                                              : fatal("28000", final.error()));
  co_return false;
}

/// True when the server has accepted the gateway in the client's name, and has proved itself.
Task<bool> Login::prove_to_server(ScramClient& scram) {
  if (co_await ends_.server->write(initial_response(scram)) != Io::Ok) co_return false;
  const auto server_first = co_await authentication_data(Authentication::SaslContinue);
  if (!server_first) co_return false;
  const auto client_final = scram.final(*server_first);
  if (!client_final) {
    co_await ends_.refuse(fatal("28000", "the gateway's SCRAM verifier for this user is not the server's"));
    co_return false;
  }
  if (co_await ends_.server->write(password_message(*client_final)) != Io::Ok) co_return false;
  const auto server_final = co_await authentication_data(Authentication::SaslFinal);
  if (!server_final) co_return false;
  if (scram.verify(*server_final)) co_return true;
  co_await ends_.refuse(fatal("28000", "the server's SCRAM signature is wrong"));
  co_return false;
}

/// AuthenticationSASL of the server is at the front. True: both sides are proved, AuthenticationOk comes
/// next.
Task<bool> Login::end_scram_here(const ScramVerifier& verifier) {
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, ends_.from_server->bytes(), header);
  ends_.from_server->consume(header.size());
  ScramServer towards_client(verifier, end_point_of(SSL_get_certificate(ends_.client->tls())));
  std::string server_final;
  if (!co_await prove_client(towards_client, server_final)) co_return false;
  const ScramKey client_key = towards_client.client_key();
  ScramClient towards_server(verifier, client_key,
                             end_point_of(SSL_get0_peer_certificate(ends_.server->tls())));
  if (!co_await prove_to_server(towards_server)) co_return false;
  co_return co_await ends_.client->write(authentication(Authentication::SaslFinal, server_final)) == Io::Ok;
}

}  // namespace signalbox::proxy
