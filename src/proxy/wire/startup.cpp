// Parsing as PostgreSQL's ProcessStartupPacket does, with its words for what is wrong.
#include "proxy/wire/startup.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "proxy/wire/frame.h"

namespace signalbox::proxy::wire {
namespace {

constexpr std::size_t kPrefix = 8;  // length and code

std::unexpected<WireError> wrong(std::string message, std::string_view sqlstate = "08P01") {
  return std::unexpected(WireError{std::move(message), sqlstate});
}

std::expected<FirstPacket, WireError> parse_cancel(std::string_view body) {
  if (body.size() < 4 + 4 || body.size() > 4 + kLongestCancelKey)
    return wrong("invalid length of cancel request packet");
  return CancelRequest{.process = load_be<std::int32_t>(body.data()), .key = std::string(body.substr(4))};
}

std::expected<FirstPacket, WireError> parse_parameters(std::uint32_t protocol, std::string_view body) {
  Startup startup{.protocol = protocol, .parameters = {}};
  for (;;) {
    const auto name_end = body.find('\0');
    if (name_end == std::string_view::npos) break;
    if (name_end == 0) {
      if (body.size() != 1) break;
      return startup;
    }
    const auto value_end = body.find('\0', name_end + 1);
    if (value_end == std::string_view::npos) break;
    startup.parameters.emplace_back(body.substr(0, name_end),
                                    body.substr(name_end + 1, value_end - name_end - 1));
    body.remove_prefix(value_end + 1);
  }
  return wrong("invalid startup packet layout: expected terminator as last byte");
}

/// Three settings have capitals in their name (guc_tables.c), and those of extensions have none by habit.
std::string setting_name(std::string_view name) {
  static constexpr auto kCapitals =
      std::to_array<std::string_view>({"DateStyle", "IntervalStyle", "TimeZone"});
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  for (const std::string_view known : kCapitals) {
    if (std::ranges::equal(known, name, {}, lower, lower)) return std::string(known);
  }
  std::string out(name);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

void close_packet(std::string& packet) {
  store_be(packet.data(), static_cast<std::uint32_t>(packet.size()));
}

}  // namespace

std::string_view Startup::parameter(std::string_view name) const {
  std::string_view value;
  for (const auto& [key, text] : parameters) {
    if (key == name) value = text;
  }
  return value;
}

std::vector<std::pair<std::string, std::string>> Startup::effective() const {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [given, text] : parameters) {
    const std::string name = setting_name(given);
    const bool is_name = name == "user" || name == "database";
    const std::string_view value = is_name ? std::string_view(text).substr(0, kNameBytes) : text;
    const auto known = std::ranges::find(out, name, &std::pair<std::string, std::string>::first);
    if (known == out.end()) {
      out.emplace_back(name, value);
    } else {
      known->second = value;
    }
  }
  return out;
}

std::expected<std::size_t, WireError> startup_length(std::string_view first_four) {
  const auto length = load_be<std::uint32_t>(first_four.data());
  if (length < kPrefix || length > kLongestStartup) return wrong("invalid length of startup packet");
  return length;
}

std::expected<FirstPacket, WireError> parse_startup(std::string_view packet) {
  if (packet.size() < kPrefix) return wrong("invalid length of startup packet");
  const auto code = load_be<std::uint32_t>(packet.data() + 4);
  const std::string_view body = packet.substr(kPrefix);
  switch (code) {
    case kSslCode:
      return body.empty() ? std::expected<FirstPacket, WireError>(SslRequest{})
                          : wrong("invalid length of startup packet");
    case kGssCode:
      return body.empty() ? std::expected<FirstPacket, WireError>(GssRequest{})
                          : wrong("invalid length of startup packet");
    case kCancelCode: return parse_cancel(body);
    default: break;
  }
  if (code >> 16 != 3) {
    return wrong("unsupported frontend protocol " + std::to_string(code >> 16) + "." +
                     std::to_string(code & 0xffff) + ": server supports 3.0 to 3.0",
                 "0A000");
  }
  return parse_parameters(code, body);
}

std::string encode(const Startup& startup) {
  std::string packet(4, '\0');
  append_be(packet, startup.protocol);
  for (const auto& [name, value] : startup.parameters) {
    packet.append(name).push_back('\0');
    packet.append(value).push_back('\0');
  }
  packet.push_back('\0');
  close_packet(packet);
  return packet;
}

std::string encode(const CancelRequest& cancel) {
  std::string packet(4, '\0');
  append_be(packet, kCancelCode);
  append_be(packet, cancel.process);
  packet += cancel.key;
  close_packet(packet);
  return packet;
}

std::string encode_ssl_request() {
  std::string packet;
  append_be(packet, std::uint32_t{8});
  append_be(packet, kSslCode);
  return packet;
}

}  // namespace signalbox::proxy::wire
