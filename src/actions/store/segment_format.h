// The bytes of a segment file (store/segment_log.h shows them), shared by the writing and the reading side.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::actions::segment_format {

inline constexpr std::size_t kHeaderBytes = 16;
inline constexpr std::size_t kFrameBytes = 16;
/// No record is larger: a longer length in a file is damage.
inline constexpr std::uint32_t kMaxPayload = 64u << 20;

template <class T>
void put(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}
template <class T>
T take(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::string segment_path(const std::string& directory, std::uint64_t first);
std::optional<std::uint64_t> parse_segment_name(std::string_view file_name);

std::string encode_header(std::uint64_t first);
void append_frame(std::string& out, std::uint64_t sequence, std::string_view payload);
bool frame_is_intact(std::string_view frame);

/// How far a segment is good: bytes up to the end of its last intact frame, and the sequence number after it.
struct Intact {
  std::uint64_t bytes = 0;
  std::uint64_t next = 1;
};
Result<Intact> scan_segment(int fd, std::uint64_t first);

}  // namespace signalbox::actions::segment_format
