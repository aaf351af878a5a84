// From accept to the startup packet: encryption is negotiated, cancel requests are served, everything before
// the first frame is checked as PostgreSQL's ProcessStartupPacket checks it. The one thing to know: bytes
// that arrive before TLS begins are never taken for bytes inside it (CVE-2021-23214).
#include <openssl/ssl.h>

#include "base/bytes.h"
#include "base/log.h"
#include "proxy/session/login/login.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy {
namespace {

constexpr char kTlsClientHello = 0x16;

wire::WireError unsupported(std::uint32_t code) {
  return {.message = "unsupported frontend protocol " + std::to_string(code >> 16) + "." +
                     std::to_string(code & 0xffff) + ": server supports 3.0 to 3.0",
          .sqlstate = "0A000"};
}

const wire::WireError kStuffed{.message = "received unencrypted data after SSL request", .sqlstate = "08P01"};
const wire::WireError kNoAlpn{
    .message = "received direct SSL connection request without ALPN protocol negotiation extension",
    .sqlstate = "08P01"};

}  // namespace

Task<bool> Login::shake_hands(std::optional<Refusal>& turned_away) {
  bool ssl_asked = false;
  bool gss_asked = false;
  for (;;) {
    std::optional<wire::FirstPacket> packet = co_await first_packet();
    if (!packet) co_return false;
    if (const auto* startup = std::get_if<wire::Startup>(&*packet)) {
      if (turned_away) {  // refused on arrival; before now no client would have shown it
        co_await gate_.turn_away(std::move(*turned_away));
        co_return false;
      }
      take_startup(*startup);
      co_return true;
    }
    if (auto* request = std::get_if<wire::CancelRequest>(&*packet)) {
      if (!turned_away) co_await cancel(std::move(*request));
      co_return false;
    }
    const bool is_ssl = std::holds_alternative<wire::SslRequest>(*packet);
    bool& asked = is_ssl ? ssl_asked : gss_asked;
    if (asked || ends_.client->tls() != nullptr) {
      co_await ends_.refuse(unsupported(is_ssl ? wire::kSslCode : wire::kGssCode));
      co_return false;
    }
    asked = true;
    if (!ends_.from_client.bytes().empty()) {
      co_await ends_.refuse(kStuffed);
      co_return false;
    }
    const bool going_on =
        is_ssl ? co_await answer_ssl_request() : co_await ends_.client->write("N") == Io::Ok;
    if (!going_on) co_return false;
  }
}

void Login::take_startup(const wire::Startup& startup) {
  SessionFacts& session = dialogue_.session;
  session.parameters = startup.effective();
  session.startup_parameters = session.parameters.size();
  session.user = startup.parameter("user").substr(0, wire::kNameBytes);
  session.database = startup.parameter("database").substr(0, wire::kNameBytes);
  session.application_name = startup.parameter("application_name");
  if (session.database.empty()) session.database = session.user;
  dialogue_.names.begin();
}

/// A client that speaks TLS at once is taken at its word, where the listener has TLS.
Task<bool> Login::begin_direct_tls() {
  std::string hello(ends_.from_client.bytes());
  ends_.from_client.consume(hello.size());
  if (!co_await begin_client_tls(std::move(hello))) co_return false;
  if (alpn_is_postgresql(ends_.client->tls())) co_return true;
  co_await ends_.refuse(kNoAlpn);
  co_return false;
}

Task<bool> Login::read_at_least(std::size_t size) {
  while (ends_.from_client.bytes().size() < size) {
    if (co_await ends_.from_client.more() != Io::Ok) co_return false;
  }
  co_return true;
}

/// Reads one packet; nothing when the connection is to end.
Task<std::optional<wire::FirstPacket>> Login::first_packet() {
  if (!co_await read_at_least(1)) co_return std::nullopt;
  const bool tls_possible =
      ends_.client->tls() == nullptr && dialogue_.settings->listener_tls[listener_] != nullptr;
  if (tls_possible && ends_.from_client.bytes().front() == kTlsClientHello && !co_await begin_direct_tls()) {
    co_return std::nullopt;
  }
  if (!co_await read_at_least(4)) co_return std::nullopt;
  const auto length = wire::startup_length(ends_.from_client.bytes().substr(0, 4));
  if (!length) {
    dialogue_.show(ends_.decider(), Sight::Violation, actions::Hook::Connecting);
    co_await ends_.refuse(length.error());
    co_return std::nullopt;
  }
  if (!co_await read_at_least(*length)) co_return std::nullopt;
  auto packet = wire::parse_startup(ends_.from_client.bytes().substr(0, *length));
  if (!packet) {
    dialogue_.show(ends_.decider(), Sight::Violation, actions::Hook::Connecting);
    const auto major = load_be<std::uint32_t>(ends_.from_client.bytes().data() + 4) >> 16;
    if (major == 1 || major == 2) {
      co_await ends_.client->write(wire::encode_error_v2(packet.error().message));
    } else {
      co_await ends_.refuse(packet.error());
    }
    co_return std::nullopt;
  }
  if (std::holds_alternative<wire::Startup>(*packet))
    ends_.startup = ends_.from_client.bytes().substr(0, *length);
  ends_.from_client.consume(*length);
  co_return std::move(*packet);
}

Task<bool> Login::answer_ssl_request() {
  if (!dialogue_.settings->listener_tls[listener_] || dialogue_.client.address.empty())
    co_return co_await ends_.client->write("N") == Io::Ok;
  if (co_await ends_.client->write("S") != Io::Ok) co_return false;
  co_return co_await begin_client_tls({});
}

Task<bool> Login::begin_client_tls(std::string already_read) {
  SSL* ssl = new_listener_ssl(dialogue_.settings->listener_tls[listener_].get());
  const Io shaken = co_await ends_.client->handshake(ssl, std::move(already_read));
  if (shaken == Io::Ok) {
    dialogue_.client_tls = tls_facts(ssl);
    dialogue_.client.tls = &dialogue_.client_tls;
    co_return true;
  }
  ends_.metrics().add(Counter::TlsHandshakeFailures);
  log::info("TLS handshake with a client failed",
            {{"client", dialogue_.client.address}, {"error", tls_error(ssl)}});
  co_return false;
}

/// Passes a cancel request to the server that gave out its key. No answer, as PostgreSQL gives none: the
/// client waits for the connection to close, and it closes when the server has dealt with the request.
Task<> Login::cancel(wire::CancelRequest request) {
  Shared& shared = ends_.worker.shared();
  const auto target = shared.cancels.find(request.process, request.key);
  if (!target || !shared.cancels.begin(dialogue_.settings->options.limits.cancels_in_flight)) {
    ends_.metrics().add(Counter::CancelsRefused);
    log::info(
        "cancel request refused",
        {{"client", dialogue_.client.address}, {"process", request.process}, {"known", target.has_value()}});
    co_return;
  }
  auto connected = co_await connect_to(ends_.loop(), target->endpoint, target->target, target->encryption,
                                       dialogue_.settings->options.timeouts);
  if (connected) {
    Channel& server = *connected->channel;
    Timer deadline([&server] { server.cancel(Io::Timeout); });
    deadline.arm(ends_.loop().timers(), dialogue_.settings->options.timeouts.connect);
    if (!target->key.empty()) request = {.process = target->process, .key = target->key};
    co_await server.write(wire::encode(request));
    co_await server.read(ends_.loop().scratch());  // nothing but the end is to be expected
    ends_.metrics().add(Counter::CancelsForwarded);
  }
  shared.cancels.end();
}

}  // namespace signalbox::proxy
