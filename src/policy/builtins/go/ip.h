// IP addresses and networks as Go's net package reads and prints them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::policy::go {

/// An address in its 16-byte form; IPv4 is held as ::ffff:a.b.c.d, as in Go.
struct Ip {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Ip&) const = default;
  bool is_v4() const;  ///< IPv4 or IPv4 mapped
};

std::optional<Ip> parse_ip(std::string_view text);
std::string to_text(const Ip& ip);

/// A network: its lowest address and the number of fixed bits, of 32 or 128.
struct Network {
  Ip first;
  int prefix = 0;
  bool v4 = false;  ///< the mask is an IPv4 mask; an IPv4-mapped address may carry an IPv6 mask

  bool contains(const Ip& ip) const;
  Ip last() const;
};

/// net.ParseCIDR; host bits are cut off.
std::optional<Network> parse_cidr(std::string_view text);
std::string to_text(const Network& network);
/// The fewest networks that cover [first, last] exactly. Both ends are of the same family.
std::vector<Network> cover(const Ip& first, const Ip& last, bool v4);
/// The address after `ip`, wrapping at the end.
Ip next(const Ip& ip);
Ip previous(const Ip& ip);

}  // namespace signalbox::policy::go
