// Addresses to and from text.
#include "proxy/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace signalbox::proxy {

std::string Endpoint::host() const {
  char text[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET:
      ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr, text, sizeof text);
      return text;
    case AF_INET6: {
      const in6_addr& ip = reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
      // A client of a dual-stack listener is written as the IPv4 address it has.
      if (IN6_IS_ADDR_V4MAPPED(&ip)) {
        ::inet_ntop(AF_INET, ip.s6_addr + 12, text, sizeof text);
      } else {
        ::inet_ntop(AF_INET6, &ip, text, sizeof text);
      }
      return text;
    }
    case AF_UNIX: return reinterpret_cast<const sockaddr_un*>(&address)->sun_path;
    default: return {};
  }
}

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return 0;
}

std::string Endpoint::to_text() const {
  if (is_unix()) return host();
  const std::string text = host();
  const std::string port_text = ":" + std::to_string(port());
  return text.find(':') == std::string::npos ? text + port_text : "[" + text + "]" + port_text;
}

Result<Endpoint> unix_endpoint(const std::string& directory, std::uint16_t port) {
  return socket_file(directory + "/.s.PGSQL." + std::to_string(port));
}

Result<Endpoint> socket_file(const std::string& path) {
  Endpoint endpoint;
  auto* address = reinterpret_cast<sockaddr_un*>(&endpoint.address);
  if (path.size() >= sizeof address->sun_path) {
    return fail(ErrorCode::InvalidArgument, "the path of the UNIX socket is too long: " + path);
  }
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, path.c_str(), path.size() + 1);
  endpoint.size = sizeof(sockaddr_un);
  return endpoint;
}

namespace {

Result<std::vector<Endpoint>> resolve(const std::string& host, std::uint16_t port, int flags) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags;
  addrinfo* found = nullptr;
  const std::string service = std::to_string(port);
  const int failed = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &wanted, &found);
  if (failed != 0) {
    return fail(ErrorCode::NotFound, "cannot resolve \"" + host + "\": " + ::gai_strerror(failed));
  }
  std::vector<Endpoint> endpoints;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, one->ai_addr, one->ai_addrlen);
    endpoint.size = one->ai_addrlen;
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(found);
  return endpoints;
}

}  // namespace

Result<Endpoint> numeric_endpoint(const std::string& host, std::uint16_t port) {
  auto found = resolve(host, port, AI_NUMERICHOST | AI_NUMERICSERV);
  if (!found) return std::unexpected(found.error());
  return found->front();
}

Result<std::vector<Endpoint>> lookup(const std::string& host, std::uint16_t port) {
  if (host == "*") return resolve("", port, AI_PASSIVE | AI_NUMERICSERV);
  return resolve(host, port, AI_NUMERICSERV);
}

Endpoint peer_of(int fd) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.address;
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&endpoint.address), &endpoint.size);
  return endpoint;
}

Endpoint local_of(int fd) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&endpoint.address), &endpoint.size);
  return endpoint;
}

}  // namespace signalbox::proxy
