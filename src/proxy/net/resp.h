// RESP2, the protocol of Redis (redis.io/docs/reference/protocol-spec): commands as arrays of bulk strings,
// and replies.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::proxy {

struct RespReply {
  enum class Kind : std::uint8_t { Nil, Text, Error, Integer, Array };
  Kind kind = Kind::Nil;
  std::string text;  ///< Text, Error
  std::int64_t integer = 0;
  std::vector<RespReply> items;

  bool is_error() const { return kind == Kind::Error; }
};

/// Appends one command.
void append_command(std::string& out, std::span<const std::string> words);

struct RespLimits {
  std::size_t bytes = 64u << 20;  ///< of one text
  std::size_t items = 1u << 20;   ///< of one reply, nested ones counted
  unsigned depth = 8;
};

/// The reply at the front of `bytes` and how long it is there; nothing while it is incomplete; an error when
/// it is none.
std::expected<std::optional<std::pair<RespReply, std::size_t>>, std::string> read_reply(
    std::string_view bytes, RespLimits limits = {});

}  // namespace signalbox::proxy
