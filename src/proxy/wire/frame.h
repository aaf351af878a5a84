// Frames: a type byte, four bytes of length (which count themselves), a body. Only the five bytes are looked
// at; a body that nobody needs is never collected.
// https://www.postgresql.org/docs/current/protocol-message-formats.html
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace signalbox::proxy::wire {

inline constexpr std::size_t kHeaderBytes = 5;

enum class Sender : std::uint8_t { Client, Server };

struct FrameHeader {
  char type = 0;
  std::uint32_t length = 0;                                     ///< as sent: the body and these four bytes
  std::size_t size() const { return std::size_t{length} + 1; }  ///< of the whole frame
};

enum class HeaderStatus : std::uint8_t {
  Complete,
  Incomplete,     ///< fewer than five bytes so far
  UnknownType,    ///< no such message from this sender
  InvalidLength,  ///< less than 4, or more than this type may have
};

/// The longest `length` that a message of this type may have, 0 = no such message. As PostgreSQL's
/// SocketBackend: 10,000 bytes for messages that are never long, one byte less than 1 GiB for the rest.
std::uint32_t longest(Sender sender, char type);

/// Reads the header at the front of `bytes`.
HeaderStatus read_header(Sender sender, std::string_view bytes, FrameHeader& header);

/// Appends a frame: its header is filled in when the body has been written.
class FrameBuilder {
 public:
  FrameBuilder(std::string& out, char type) : out_(out), start_(out.size()) {
    out_.push_back(type);
    out_.append(4, '\0');
  }
  ~FrameBuilder() {
    store_be(out_.data() + start_ + 1, static_cast<std::uint32_t>(out_.size() - start_ - 1));
  }
  FrameBuilder(const FrameBuilder&) = delete;
  FrameBuilder& operator=(const FrameBuilder&) = delete;

  FrameBuilder& bytes(std::string_view raw) { return out_.append(raw), *this; }
  FrameBuilder& text(std::string_view string) { return out_.append(string).push_back('\0'), *this; }
  FrameBuilder& byte(char value) { return out_.push_back(value), *this; }
  FrameBuilder& u16(std::uint16_t value) { return append_be(out_, value), *this; }
  FrameBuilder& u32(std::uint32_t value) { return append_be(out_, value), *this; }

 private:
  std::string& out_;
  std::size_t start_;
};

inline constexpr std::size_t kNameBytes = 63;

/// Takes a body apart, inside its bounds. After a failed read every further one fails too; ask ok() at the
/// end.
class BodyReader {
 public:
  explicit BodyReader(std::string_view body) : rest_(body) {}

  std::string_view text() {
    const auto end = rest_.find('\0');
    if (end == std::string_view::npos) return fail();
    const std::string_view value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  /// The name of a prepared statement or portal, as far as the server tells names apart: its tables compare
  /// NAMEDATALEN - 1 bytes, so two longer names with the same beginning are one.
  std::string_view name() { return text().substr(0, kNameBytes); }
  template <std::integral T>
  T integer() {
    if (rest_.size() < sizeof(T)) return fail(), T{};
    const T value = load_be<T>(rest_.data());
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view bytes(std::size_t n) {
    if (rest_.size() < n) return fail();
    const std::string_view value = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return value;
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  std::string_view fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace signalbox::proxy::wire
