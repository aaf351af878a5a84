// connect(2), SSLRequest, handshake. The server is not trusted before TLS: an ErrorResponse to SSLRequest is
// not shown to anybody (CVE-2024-10977), and bytes behind its 'S' end the attempt (CVE-2021-23222).
#include "proxy/targets/connect.h"

#include <openssl/ssl.h>

#include <cstring>

#include "proxy/net/socket.h"
#include "proxy/wire/startup.h"

namespace signalbox::proxy {
namespace {

std::unexpected<Error> unavailable(const Endpoint& endpoint, std::string_view why) {
  return fail(ErrorCode::Unavailable, "cannot connect to " + endpoint.to_text() + ": " + std::string(why));
}

std::unexpected<Error> io_failure(const Endpoint& endpoint, Io status, std::string_view what) {
  if (status == Io::Timeout)
    return fail(ErrorCode::Timeout, endpoint.to_text() + ": timeout while " + std::string(what));
  return unavailable(endpoint, std::string(what) + " failed");
}

bool must_have_tls(const TargetOptions& options) {
  return options.tls.mode >= SslMode::Require;
}

/// Asks for TLS. True = the server agrees, false = it has none.
Task<Result<bool>> ask_for_tls(Channel& channel, const Endpoint& endpoint) {
  const Io sent = co_await channel.write(wire::encode_ssl_request());
  if (sent != Io::Ok) co_return io_failure(endpoint, sent, "asking for TLS");
  const ReadResult answer = co_await channel.read(channel.loop().scratch());
  if (answer.status != Io::Ok)
    co_return io_failure(endpoint, answer.status, "waiting for the answer to SSLRequest");
  if (answer.bytes.front() == 'E')
    co_return unavailable(endpoint, "the server sent an error response during SSL exchange");
  if (answer.bytes.size() != 1)
    co_return unavailable(endpoint, "received unencrypted data after SSL response");
  if (answer.bytes.front() != 'S' && answer.bytes.front() != 'N') {
    co_return unavailable(endpoint, "received invalid response to SSL negotiation");
  }
  co_return answer.bytes.front() == 'S';
}

Task<Result<void>> begin_tls(Channel& channel, const Endpoint& endpoint, const Target& target) {
  const TargetOptions& options = target.options;
  if (!options.tls.direct) {
    const Result<bool> agreed = co_await ask_for_tls(channel, endpoint);
    if (!agreed) co_return std::unexpected(agreed.error());
    if (!*agreed && must_have_tls(options))
      co_return unavailable(endpoint, "server does not support SSL, but SSL was required");
    if (!*agreed) co_return Result<void>{};
  }
  SSL* ssl = new_target_ssl(target.tls.get(), options.tls, options.host);
  const Io shaken = co_await channel.handshake(ssl);
  if (shaken == Io::Timeout) co_return io_failure(endpoint, shaken, "shaking hands");
  if (shaken != Io::Ok) co_return unavailable(endpoint, "TLS handshake: " + tls_error(ssl));
  if (options.tls.direct && !alpn_is_postgresql(ssl)) {
    co_return unavailable(
        endpoint, "direct SSL connection was established without ALPN protocol negotiation extension");
  }
  co_return Result<void>{};
}

}  // namespace

std::vector<Encryption> ladder(const TargetOptions& options) {
  if (options.host.starts_with('/')) return {Encryption::Plain};
  switch (options.tls.mode) {
    case SslMode::Disable: return {Encryption::Plain};
    case SslMode::Allow: return {Encryption::Plain, Encryption::Tls};
    case SslMode::Prefer: return {Encryption::Tls, Encryption::Plain};
    default: return {Encryption::Tls};
  }
}

Task<Result<Connected>> connect_to(Loop& loop, Endpoint endpoint, std::shared_ptr<const Target> target,
                                   Encryption encryption, TimeoutOptions timeouts) {
  auto socket = start_connect(endpoint);
  if (!socket) co_return std::unexpected(socket.error());
  tune(socket->get(), timeouts);
  auto channel = std::make_unique<Channel>(loop, std::move(*socket));
  Timer deadline([raw = channel.get()] { raw->cancel(Io::Timeout); });
  if (timeouts.connect.count() > 0) deadline.arm(loop.timers(), timeouts.connect);
  const Io up = co_await channel->connected();
  if (up == Io::Timeout) co_return io_failure(endpoint, up, "connecting");
  if (up != Io::Ok) co_return unavailable(endpoint, std::strerror(errno));
  if (encryption == Encryption::Tls) {
    Result<void> tls = co_await begin_tls(*channel, endpoint, *target);
    if (!tls) co_return std::unexpected(tls.error());
  }
  co_return Connected{.channel = std::move(channel), .endpoint = endpoint};
}

Task<Result<Connected>> connect(Loop& loop, Resolver& resolver, std::shared_ptr<const Target> target,
                                Encryption encryption, TimeoutOptions timeouts) {
  const auto endpoints =
      co_await resolver.resolve(loop, target->options.host, target->options.port, timeouts.connect);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  Result<Connected> connected =
      fail(ErrorCode::Unavailable, "\"" + target->options.host + "\" has no address");
  for (const Endpoint& endpoint : *endpoints) {
    connected = co_await connect_to(loop, endpoint, target, encryption, timeouts);
    if (connected) break;
  }
  co_return std::move(connected);
}

}  // namespace signalbox::proxy
