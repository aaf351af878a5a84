// Endpoint: where a socket connects to or listens on.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace signalbox::proxy {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;

  int family() const { return address.ss_family; }
  bool is_unix() const { return address.ss_family == AF_UNIX; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
  /// "10.0.0.1", "::1", or the path of a UNIX socket.
  std::string host() const;
  std::uint16_t port() const;  ///< 0 for a UNIX socket
  /// "10.0.0.1:5432", "[::1]:5432", or the path.
  std::string to_text() const;
};

/// DIRECTORY/.s.PGSQL.PORT, as libpq and the server name it.
Result<Endpoint> unix_endpoint(const std::string& directory, std::uint16_t port);
/// A UNIX socket by its path.
Result<Endpoint> socket_file(const std::string& path);
/// An IP address in digits; nothing is asked of DNS. NotFound when `host` is a name.
Result<Endpoint> numeric_endpoint(const std::string& host, std::uint16_t port);
/// Asks the system's resolver: BLOCKS. "*" gives every interface.
Result<std::vector<Endpoint>> lookup(const std::string& host, std::uint16_t port);

Endpoint peer_of(int fd);
Endpoint local_of(int fd);

}  // namespace signalbox::proxy
