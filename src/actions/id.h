// Id: the identity of a job or a decision. A UUID of version 7 (RFC 9562): the first 48 bits are milliseconds
// since the epoch, so ids sort by time and an index on ids is an index on time.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signalbox::actions {

struct Id {
  std::array<unsigned char, 16> bytes{};

  auto operator<=>(const Id&) const = default;
  bool is_zero() const { return *this == Id{}; }
  std::string_view as_bytes() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  /// Milliseconds since the Unix epoch.
  std::int64_t time_ms() const;
  /// "018f4e1c-....": 36 characters, lower case.
  std::string to_text() const;
  void append_text(std::string& out) const;

  static std::optional<Id> from_text(std::string_view text);
  static std::optional<Id> from_bytes(std::string_view bytes);
  /// The smallest id of that millisecond: a bound for a search by time.
  static Id floor_of(std::int64_t time_ms);
};

/// Makes ids: strictly increasing within a source, unique across threads and processes (a random counter
/// start and 48 each new millisecond's overflow). One per thread; no locks, no system calls.
class IdSource {
 public:
  IdSource();
  Id next(std::int64_t wall_ns);

 private:
  std::uint64_t random();
  std::uint64_t state_;
  std::int64_t last_ms_ = 0;
  std::uint32_t counter_ = 0;  ///< 26 bits: ids of one millisecond ascend
};

}  // namespace signalbox::actions
