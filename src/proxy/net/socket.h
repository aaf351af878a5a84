// Making sockets: listening, connecting, and the options that every session's socket gets.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "proxy/gateway_options.h"
#include "proxy/net/address.h"
#include "proxy/net/fd.h"

namespace signalbox::proxy {

/// One bound, listening, non-blocking socket. TCP sockets share their port (SO_REUSEPORT) so that every loop
/// can have one of its own; a UNIX socket replaces a file left behind by a dead process, never a live one's.
Result<Fd> listen_on(const Endpoint& endpoint, unsigned unix_mode);

/// An error when another process listens there. listen_on() alone would share the port with it.
Result<void> check_free(const Endpoint& endpoint);

/// Starts a non-blocking connect; the caller waits for Channel::connected().
Result<Fd> start_connect(const Endpoint& endpoint);

/// TCP_NODELAY and keep-alive. Does nothing to UNIX sockets.
void tune(int fd, const TimeoutOptions& timeouts);

}  // namespace signalbox::proxy
