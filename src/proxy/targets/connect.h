// Opening a server connection: addresses in turn, TCP or UNIX, and TLS as libpq's sslmode says.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "proxy/net/channel.h"
#include "proxy/net/resolver.h"
#include "proxy/net/task.h"
#include "proxy/targets/target.h"

namespace signalbox::proxy {

/// One rung of the sslmode ladder.
enum class Encryption : std::uint8_t { Plain, Tls };

/// The rungs to try, in order: "allow" = plain then TLS, "prefer" = TLS then plain, ... UNIX sockets are
/// plain.
std::vector<Encryption> ladder(const TargetOptions& options);

struct Connected {
  std::unique_ptr<Channel> channel;
  Endpoint endpoint;
};

/// Connects within `deadline`. With Encryption::Tls and mode prefer, a server without TLS gives a plain
/// channel. Fails with Unavailable (unreachable, TLS refused or failed) or Timeout.
Task<Result<Connected>> connect(Loop& loop, Resolver& resolver, std::shared_ptr<const Target> target,
                                Encryption encryption, TimeoutOptions timeouts);

/// The same to one known address: for cancel requests, which must reach the very server that gave the key.
Task<Result<Connected>> connect_to(Loop& loop, Endpoint endpoint, std::shared_ptr<const Target> target,
                                   Encryption encryption, TimeoutOptions timeouts);

}  // namespace signalbox::proxy
