// UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then a counter that keeps the ids of one
// millisecond in order (the RFC's method 1, 26 bits, starting at a random value below half its range), then
// random bits.
#include "actions/id.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>

namespace signalbox::actions {

namespace {

constexpr std::uint32_t kCounterBits = 26;
constexpr std::uint32_t kCounterLimit = 1u << kCounterBits;

// Positions of the dashes: after bytes 4, 6, 8, 10.
constexpr bool dash_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void put_time(Id& id, std::int64_t ms) {
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<unsigned char>(ms >> (8 * (5 - i)));
}

}  // namespace

std::int64_t Id::time_ms() const {
  std::int64_t ms = 0;
  for (int i = 0; i < 6; ++i) ms = ms << 8 | bytes[i];
  return ms;
}

void Id::append_text(std::string& out) const {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (dash_before(i)) out += '-';
    out += kDigits[bytes[i] >> 4];
    out += kDigits[bytes[i] & 15];
  }
}

std::string Id::to_text() const {
  std::string out;
  out.reserve(36);
  append_text(out);
  return out;
}

std::optional<Id> Id::from_text(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Id id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return std::nullopt;
    const int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<unsigned char>(high << 4 | low);
    at += 2;
  }
  return id;
}

std::optional<Id> Id::from_bytes(std::string_view bytes) {
  Id id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::ranges::copy(bytes, id.bytes.begin());
  return id;
}

Id Id::floor_of(std::int64_t time_ms) {
  Id id;
  put_time(id, std::clamp<std::int64_t>(time_ms, 0, (std::int64_t{1} << 48) - 1));
  return id;
}

IdSource::IdSource() {
  if (::getrandom(&state_, sizeof state_, 0) != sizeof state_) {
    state_ = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
             reinterpret_cast<std::uintptr_t>(this);
  }
}

// splitmix64: ids need to be distinct, not unpredictable.
std::uint64_t IdSource::random() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Id IdSource::next(std::int64_t wall_ns) {
  // A clock that goes back does not take the ids with it: the last millisecond goes on counting.
  const std::int64_t now_ms = std::max<std::int64_t>(wall_ns / 1'000'000, 0);
  if (now_ms > last_ms_) {
    last_ms_ = now_ms;
    counter_ = static_cast<std::uint32_t>(random() % (kCounterLimit / 2));
  } else if (++counter_ == kCounterLimit) {
    ++last_ms_;
    counter_ = 0;
  }
  const std::uint64_t noise = random();
  Id id;
  put_time(id, last_ms_);
  id.bytes[6] = static_cast<unsigned char>(0x70 | (counter_ >> 22));  // version 7, counter's top 4 bits
  id.bytes[7] = static_cast<unsigned char>(counter_ >> 14);
  id.bytes[8] = static_cast<unsigned char>(0x80 | ((counter_ >> 8) & 0x3f));  // variant, 6 bits
  id.bytes[9] = static_cast<unsigned char>(counter_);
  for (int i = 0; i < 6; ++i) id.bytes[10 + i] = static_cast<unsigned char>(noise >> (8 * i));
  return id;
}

}  // namespace signalbox::actions
