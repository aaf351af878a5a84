// Go's net.ParseIP, ParseCIDR and IP.String, and arithmetic on addresses.
// The surprise: an IPv4 address and its IPv4-mapped IPv6 form are the same address, and both print as IPv4.
#include "policy/builtins/go/ip.h"

#include <algorithm>
#include <charconv>

namespace signalbox::policy::go {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    std::size_t n = 0;
    int value = 0;
    while (n < text.size() && n < 4 && text[n] >= '0' && text[n] <= '9')
      value = value * 10 + (text[n++] - '0');
    if (n == 0 || n > 3 || value > 255 || (n > 1 && text[0] == '0')) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(n);
    if (i < 3) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return std::nullopt;
  return out;
}

std::optional<unsigned> parse_group(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && std::isxdigit(static_cast<unsigned char>(text[n])) != 0) ++n;
  if (n == 0 || n > 4) return std::nullopt;
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + n, value, 16);
  text.remove_prefix(n);
  return value;
}

/// Fills the last two groups from "a.b.c.d".
bool parse_tail_v4(std::string_view text, Ip& ip, std::size_t at) {
  auto v4 = parse_v4(text);
  if (!v4 || at + 4 > 16) return false;
  std::ranges::copy(*v4, ip.bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

std::optional<Ip> parse_v6(std::string_view text) {
  Ip ip;
  std::size_t filled = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
    if (text.empty()) return ip;
  }
  while (filled < 16) {
    std::string_view rest = text;
    auto group = parse_group(rest);
    if (!group) return std::nullopt;
    if (rest.starts_with('.')) {
      if ((!gap && filled != 12) || !parse_tail_v4(text, ip, filled)) return std::nullopt;
      filled += 4;
      text = {};
      break;
    }
    ip.bytes[filled++] = static_cast<std::uint8_t>(*group >> 8);
    ip.bytes[filled++] = static_cast<std::uint8_t>(*group);
    text = rest;
    if (text.empty()) break;
    if (!text.starts_with(':') || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
    if (text.starts_with(':')) {
      if (gap) return std::nullopt;
      gap = filled;
      text.remove_prefix(1);
      if (text.empty()) break;
    }
  }
  if (!text.empty() || (filled == 16 && gap) || (filled < 16 && !gap)) return std::nullopt;
  if (gap) {
    auto from = ip.bytes.begin() + static_cast<std::ptrdiff_t>(*gap);
    auto to = ip.bytes.begin() + static_cast<std::ptrdiff_t>(filled);
    std::move_backward(from, to, ip.bytes.end());
    std::fill_n(from, 16 - filled, 0);
  }
  return ip;
}

/// Bit offset of a network's mask within the 16 bytes.
int offset_of(bool v4) {
  return v4 ? 96 : 0;
}

void set_from(Ip& ip, int bit, bool ones) {
  for (int i = bit; i < 128; ++i) {
    auto mask = static_cast<std::uint8_t>(0x80 >> (i % 8));
    auto& byte = ip.bytes[static_cast<std::size_t>(i / 8)];
    byte = static_cast<std::uint8_t>(ones ? byte | mask : byte & ~mask);
  }
}

}  // namespace

bool Ip::is_v4() const {
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

std::optional<Ip> parse_ip(std::string_view text) {
  for (char c : text) {
    if (c == '.') {
      auto v4 = parse_v4(text);
      if (!v4) return std::nullopt;
      Ip ip;
      std::ranges::copy(*v4, std::ranges::copy(kV4Prefix, ip.bytes.begin()).out);
      return ip;
    }
    if (c == ':') return parse_v6(text);
  }
  return std::nullopt;
}

std::string to_text(const Ip& ip) {
  std::string out;
  if (ip.is_v4()) {
    for (std::size_t i = 12; i < 16; ++i) out.append(i > 12 ? "." : "").append(std::to_string(ip.bytes[i]));
    return out;
  }
  // The longest run of at least two zero groups, the first of equals, becomes "::".
  std::size_t best = 16, best_end = 16;
  for (std::size_t i = 0; i < 16; i += 2) {
    std::size_t end = i;
    while (end < 16 && ip.bytes[end] == 0 && ip.bytes[end + 1] == 0) end += 2;
    if (end - i > 2 && end - i > best_end - best) best = i, best_end = end;
  }
  for (std::size_t i = 0; i < 16; i += 2) {
    if (i == best) {
      out += "::";
      i = best_end;
      if (i >= 16) break;
    } else if (i > 0) {
      out += ':';
    }
    char group[4];
    auto end = std::to_chars(group, group + 4, ip.bytes[i] << 8 | ip.bytes[i + 1], 16);
    out.append(group, end.ptr);
  }
  return out;
}

bool Network::contains(const Ip& ip) const {
  if (ip.is_v4() != first.is_v4()) return false;
  Ip masked = ip;
  set_from(masked, offset_of(v4) + prefix, false);
  return masked == first;
}

Ip Network::last() const {
  Ip ip = first;
  set_from(ip, offset_of(v4) + prefix, true);
  return ip;
}

std::optional<Network> parse_cidr(std::string_view text) {
  std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::string_view address = text.substr(0, slash), bits = text.substr(slash + 1);
  auto ip = parse_ip(address);
  if (!ip || bits.empty() || bits.size() > 7 ||
      bits.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  bool v4 = address.find(':') == std::string_view::npos;
  int prefix = 0;
  std::from_chars(bits.data(), bits.data() + bits.size(), prefix);
  if (prefix > (v4 ? 32 : 128)) return std::nullopt;
  set_from(*ip, offset_of(v4) + prefix, false);
  return Network{*ip, prefix, v4};
}

std::string to_text(const Network& network) {
  if (!network.v4 && network.prefix >= 96 && network.first.is_v4())
    return to_text(network.first) + "/" + std::to_string(network.prefix - 96);
  return to_text(network.first) + "/" + std::to_string(network.prefix);
}

Ip next(const Ip& ip) {
  Ip out = ip;
  for (std::size_t i = 16; i-- > 0;)
    if (++out.bytes[i] != 0) break;
  return out;
}

Ip previous(const Ip& ip) {
  Ip out = ip;
  for (std::size_t i = 16; i-- > 0;)
    if (out.bytes[i]-- != 0) break;
  return out;
}

std::vector<Network> cover(const Ip& first, const Ip& last, bool v4) {
  std::vector<Network> out;
  Ip at = first;
  while (true) {
    Network network{at, v4 ? 32 : 128, v4};
    // Widen while the start stays aligned and the end stays inside.
    while (network.prefix > 0) {
      Network wider = network;
      --wider.prefix;
      set_from(wider.first, offset_of(v4) + wider.prefix, false);
      if (wider.first != at || wider.last() > last) break;
      network = wider;
    }
    out.push_back(network);
    if (network.last() >= last) return out;
    at = next(network.last());
  }
}

}  // namespace signalbox::policy::go
