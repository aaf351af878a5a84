// Bytes of foreign origin, and the big-endian integers that the PostgreSQL protocol is made of.
// Bytes are std::string_view throughout: the protocol is half text, and every library takes it.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace signalbox {

/// Reads a big-endian integer from the first sizeof(T) bytes. The caller has checked the length.
template <std::integral T>
T load_be(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

template <std::integral T>
void store_be(char* at, T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(at, &value, sizeof value);
}

template <std::integral T>
void append_be(std::string& out, T value) {
  char bytes[sizeof value];
  store_be(bytes, value);
  out.append(bytes, sizeof bytes);
}

}  // namespace signalbox
