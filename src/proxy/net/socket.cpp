// System calls on sockets, and their errors as sentences.
#include "proxy/net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace signalbox::proxy {
namespace {

std::unexpected<Error> io_error(const std::string& what) {
  return fail(ErrorCode::Io, what + ": " + std::strerror(errno));
}

void set(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

Fd new_socket(int family) {
  return Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/// True when a process still answers at the path: its socket must not be taken away.
bool somebody_listens(const Endpoint& endpoint) {
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), endpoint.get(), endpoint.size) == 0;
}

}  // namespace

Result<Fd> listen_on(const Endpoint& endpoint, unsigned unix_mode) {
  const std::string where = endpoint.to_text();
  Fd fd = new_socket(endpoint.family());
  if (!fd.valid()) return io_error("cannot open a socket for " + where);
  if (endpoint.is_unix()) {
    if (somebody_listens(endpoint))
      return fail(ErrorCode::AlreadyExists, where + " is in use by another process");
    ::unlink(where.c_str());
  } else {
    set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
    if (endpoint.family() == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (::bind(fd.get(), endpoint.get(), endpoint.size) != 0) return io_error("cannot bind " + where);
  if (endpoint.is_unix() && ::chmod(where.c_str(), unix_mode) != 0)
    return io_error("cannot set the mode of " + where);
  if (::listen(fd.get(), 4096) != 0) return io_error("cannot listen on " + where);
  return fd;
}

Result<void> check_free(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return {};
  const Fd probe = new_socket(endpoint.family());
  set(probe.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (endpoint.family() == AF_INET6) set(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (::bind(probe.get(), endpoint.get(), endpoint.size) != 0)
    return io_error("cannot bind " + endpoint.to_text());
  return {};
}

Result<Fd> start_connect(const Endpoint& endpoint) {
  Fd fd = new_socket(endpoint.family());
  if (!fd.valid()) return io_error("cannot open a socket for " + endpoint.to_text());
  if (::connect(fd.get(), endpoint.get(), endpoint.size) != 0 && errno != EINPROGRESS) {
    return io_error("cannot connect to " + endpoint.to_text());
  }
  return fd;
}

void tune(int fd, const TimeoutOptions& timeouts) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  if (family == AF_UNIX) return;
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (timeouts.keepalive_idle.count() == 0) return;
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(timeouts.keepalive_idle.count()));
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(timeouts.keepalive_interval.count()));
  set(fd, IPPROTO_TCP, TCP_KEEPCNT, static_cast<int>(timeouts.keepalive_count));
}

}  // namespace signalbox::proxy
