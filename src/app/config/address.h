// Addresses as the configuration writes them: "127.0.0.1:6432", "[::1]:6432", "*:6432", "db.example:5432",
// and
// "/run/postgresql:5432", a directory and port for the UNIX socket /run/postgresql/.s.PGSQL.5432.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::app {

struct Address {
  std::string host;  ///< without brackets; begins with '/' for a UNIX socket
  std::uint16_t port = 0;
  bool operator==(const Address&) const = default;
};

/// Empty when the text is none of these forms. A socket's full path ("/run/x/.s.PGSQL.5432") is taken as
/// well.
std::optional<Address> parse_address(std::string_view text);

}  // namespace signalbox::app
