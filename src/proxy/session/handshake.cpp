// From accept to the startup packet: encryption is negotiated, cancel requests are served, everything before
// the first frame is checked as PostgreSQL's ProcessStartupPacket checks it. The one thing to know: bytes
// that arrive before TLS begins are never taken for bytes inside it (CVE-2021-23214).
#include <openssl/ssl.h>

#include "base/log.h"
#include "proxy/session/session.h"

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

/// True when a startup packet has been read into startup_ and the facts; false when the connection is to end.
Task<bool> Session::shake_hands() {
  bool ssl_asked = false;
  bool gss_asked = false;
  for (;;) {
    std::optional<wire::FirstPacket> packet = co_await first_packet();
    if (!packet) co_return false;
    if (const auto* startup = std::get_if<wire::Startup>(&*packet)) {
      if (turned_away_) {  // refused on arrival; before now no client would have shown it
        co_await turn_away(std::move(*turned_away_));
        co_return false;
      }
      facts_.parameters = startup->parameters;
      path_settled_ = begins_elsewhere();
      facts_.startup_parameters = startup->parameters.size();
      facts_.user = startup->parameter("user");
      facts_.database = startup->parameter("database");
      facts_.application_name = startup->parameter("application_name");
      if (facts_.database.empty()) facts_.database = facts_.user;
      co_return true;
    }
    if (auto* request = std::get_if<wire::CancelRequest>(&*packet)) {
      if (!turned_away_) co_await cancel(std::move(*request));
      co_return false;
    }
    const bool is_ssl = std::holds_alternative<wire::SslRequest>(*packet);
    bool& asked = is_ssl ? ssl_asked : gss_asked;
    if (asked || client_->tls() != nullptr) {
      co_await refuse(unsupported(is_ssl ? wire::kSslCode : wire::kGssCode));
      co_return false;
    }
    asked = true;
    if (bytes_are_stuffed()) {
      co_await refuse(kStuffed);
      co_return false;
    }
    const bool going_on = is_ssl ? co_await answer_ssl_request() : co_await client_->write("N") == Io::Ok;
    if (!going_on) co_return false;
  }
}

bool Session::bytes_are_stuffed() const {
  return !from_client_.bytes().empty();
}

/// A client that speaks TLS at once is taken at its word, where the listener has TLS.
Task<bool> Session::begin_direct_tls() {
  std::string hello(from_client_.bytes());
  from_client_.consume(hello.size());
  if (!co_await begin_client_tls(std::move(hello))) co_return false;
  if (alpn_is_postgresql(client_->tls())) co_return true;
  co_await refuse(kNoAlpn);
  co_return false;
}

Task<bool> Session::read_at_least(std::size_t size) {
  while (from_client_.bytes().size() < size) {
    if (co_await from_client_.more() != Io::Ok) co_return false;
  }
  co_return true;
}

/// Reads one packet; nothing when the connection is to end.
Task<std::optional<wire::FirstPacket>> Session::first_packet() {
  if (!co_await read_at_least(1)) co_return std::nullopt;
  const bool tls_possible = client_->tls() == nullptr && settings_->listener_tls[listener_] != nullptr;
  if (tls_possible && from_client_.bytes().front() == kTlsClientHello && !co_await begin_direct_tls()) {
    co_return std::nullopt;
  }
  if (!co_await read_at_least(4)) co_return std::nullopt;
  const auto length = wire::startup_length(from_client_.bytes().substr(0, 4));
  if (!length) {
    see(Sight::Violation, actions::Hook::Connecting);
    co_await refuse(length.error());
    co_return std::nullopt;
  }
  if (!co_await read_at_least(*length)) co_return std::nullopt;
  auto packet = wire::parse_startup(from_client_.bytes().substr(0, *length));
  if (!packet) {
    see(Sight::Violation, actions::Hook::Connecting);
    const auto major = load_be<std::uint32_t>(from_client_.bytes().data() + 4) >> 16;
    if (major == 1 || major == 2) {
      co_await client_->write(wire::encode_error_v2(packet.error().message));
    } else {
      co_await refuse(packet.error());
    }
    co_return std::nullopt;
  }
  if (std::holds_alternative<wire::Startup>(*packet)) startup_ = from_client_.bytes().substr(0, *length);
  from_client_.consume(*length);
  co_return std::move(*packet);
}

Task<bool> Session::answer_ssl_request() {
  if (!settings_->listener_tls[listener_] || client_facts_.address.empty())
    co_return co_await client_->write("N") == Io::Ok;
  if (co_await client_->write("S") != Io::Ok) co_return false;
  co_return co_await begin_client_tls({});
}

Task<bool> Session::begin_client_tls(std::string already_read) {
  SSL* ssl = new_listener_ssl(settings_->listener_tls[listener_].get());
  const Io shaken = co_await client_->handshake(ssl, std::move(already_read));
  if (shaken == Io::Ok) {
    client_tls_ = tls_facts(ssl);
    client_facts_.tls = &client_tls_;
    co_return true;
  }
  worker_.metrics().add(Counter::TlsHandshakeFailures);
  log::info("TLS handshake with a client failed",
            {{"client", client_facts_.address}, {"error", tls_error(ssl)}});
  co_return false;
}

/// Passes a cancel request to the server that gave out its key. No answer, as PostgreSQL gives none: the
/// client waits for the connection to close, and it closes when the server has dealt with the request.
Task<> Session::cancel(wire::CancelRequest request) {
  Shared& shared = worker_.shared();
  const auto target = shared.cancels.find(request.process, request.key);
  if (!target || !shared.cancels.begin(settings_->options.limits.cancels_in_flight)) {
    worker_.metrics().add(Counter::CancelsRefused);
    log::info(
        "cancel request refused",
        {{"client", client_facts_.address}, {"process", request.process}, {"known", target.has_value()}});
    co_return;
  }
  auto connected = co_await connect_to(worker_.loop(), target->endpoint, target->target, target->encryption,
                                       settings_->options.timeouts);
  if (connected) {
    Channel& server = *connected->channel;
    Timer deadline([&server] { server.cancel(Io::Timeout); });
    deadline.arm(worker_.loop().timers(), settings_->options.timeouts.connect);
    if (!target->key.empty()) request = {.process = target->process, .key = target->key};
    co_await server.write(wire::encode(request));
    co_await server.read(worker_.loop().scratch());  // nothing but the end is to be expected
    worker_.metrics().add(Counter::CancelsForwarded);
  }
  shared.cancels.end();
}

}  // namespace signalbox::proxy
