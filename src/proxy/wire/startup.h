// The packets before the first frame: no type byte, a length, a code. Startup, cancel, and the two requests
// for encryption. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proxy/wire/error.h"

namespace signalbox::proxy::wire {

inline constexpr std::uint32_t kProtocol3 = 3u << 16;
inline constexpr std::uint32_t kCancelCode = 80'877'102;
inline constexpr std::uint32_t kSslCode = 80'877'103;
inline constexpr std::uint32_t kGssCode = 80'877'104;
inline constexpr std::size_t kLongestStartup = 10'000;  ///< MAX_STARTUP_PACKET_LENGTH
/// Protocol 3.2: a key is at most this long.
inline constexpr std::size_t kLongestCancelKey = 256;

struct SslRequest {};
struct GssRequest {};
struct CancelRequest {
  std::int32_t process = 0;
  std::string key;  ///< 4 bytes until protocol 3.0, up to 256 from 3.2
};
struct Startup {
  std::uint32_t protocol = kProtocol3;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< in order, duplicates kept
  /// Value of the last parameter of this name, as the server takes it; "" when there is none.
  std::string_view parameter(std::string_view name) const;
  /// The parameters as the server takes them: each once, with its last value and the name that PostgreSQL
  /// gives it (it compares names of settings without case); user and database cut to the length of a name.
  std::vector<std::pair<std::string, std::string>> effective() const;
};

using FirstPacket = std::variant<SslRequest, GssRequest, CancelRequest, Startup>;

/// The length of the packet at the front, from its first four bytes. An error when no packet may have that
/// length.
std::expected<std::size_t, WireError> startup_length(std::string_view first_four);

/// Takes one whole packet apart.
std::expected<FirstPacket, WireError> parse_startup(std::string_view packet);

std::string encode(const Startup& startup);
std::string encode(const CancelRequest& cancel);
std::string encode_ssl_request();

}  // namespace signalbox::proxy::wire
