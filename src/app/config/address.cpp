// Splits "host:port". The port is after the last colon, so that IPv6 addresses must stand in brackets.
#include "app/config/address.h"

#include <charconv>

namespace signalbox::app {

std::optional<Address> parse_address(std::string_view text) {
  constexpr std::string_view kSocket = "/.s.PGSQL.";
  std::string_view host, port;
  if (const auto at = text.rfind(kSocket); text.starts_with('/') && at != std::string_view::npos) {
    host = text.substr(0, at);
    port = text.substr(at + kSocket.size());
  } else {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (!host.starts_with('/') && host.contains(':')) {
    return std::nullopt;
  }
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (host.empty() || port.empty() || error != std::errc{} || end != port.data() + port.size())
    return std::nullopt;
  return Address{std::string(host), number};
}

}  // namespace signalbox::app
