// The format and the reading side of the segment log. A frame that is cut short at the end of the newest
// segment is "not there yet"; the same in an older segment is where the writer abandoned it, and the next one
// goes on.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <utility>

#include "actions/store/crc32c.h"
#include "actions/store/segment_format.h"
#include "actions/store/segment_log.h"

namespace signalbox::actions {

static_assert(std::endian::native == std::endian::little, "segment files are little-endian");

namespace segment_format {

constexpr std::string_view kMagic = "SBSEG001";
constexpr std::string_view kSuffix = ".seg";

std::string segment_path(const std::string& directory, std::uint64_t first) {
  return fmt::format("{}/{:020}{}", directory, first, kSuffix);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view file_name) {
  if (file_name.size() != 20 + kSuffix.size() || !file_name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t first = 0;
  const char* end = file_name.data() + 20;
  const auto [at, error] = std::from_chars(file_name.data(), end, first);
  if (error != std::errc{} || at != end) return std::nullopt;
  return first;
}

std::string encode_header(std::uint64_t first) {
  std::string header(kMagic);
  header.resize(kHeaderBytes);
  put(header.data() + kMagic.size(), first);
  return header;
}

void append_frame(std::string& out, std::uint64_t sequence, std::string_view payload) {
  char head[kFrameBytes];
  put(head, static_cast<std::uint32_t>(payload.size()));
  put(head + 8, sequence);
  put(head + 4, crc32c(payload, crc32c({head + 8, 8})));
  out.append(head, kFrameBytes);
  out.append(payload);
}

bool frame_is_intact(std::string_view frame) {
  return take<std::uint32_t>(frame.data() + 4) == crc32c(frame.substr(8));
}

Result<Intact> scan_segment(int fd, std::uint64_t first) {
  Intact intact{0, first};
  char header[kHeaderBytes];
  if (::pread(fd, header, kHeaderBytes, 0) != static_cast<ssize_t>(kHeaderBytes)) return intact;
  if (std::string_view(header, kHeaderBytes) != encode_header(first)) {
    return fail(ErrorCode::Corrupt, fmt::format("segment {} has a foreign header", first));
  }
  intact.bytes = kHeaderBytes;
  std::string frame;
  for (;;) {
    frame.resize(kFrameBytes);
    if (::pread(fd, frame.data(), kFrameBytes, static_cast<off_t>(intact.bytes)) !=
        static_cast<ssize_t>(kFrameBytes)) {
      return intact;
    }
    const auto length = take<std::uint32_t>(frame.data());
    if (length > kMaxPayload || take<std::uint64_t>(frame.data() + 8) != intact.next) return intact;
    frame.resize(kFrameBytes + length);
    const auto at = static_cast<off_t>(intact.bytes + kFrameBytes);
    if (::pread(fd, frame.data() + kFrameBytes, length, at) != static_cast<ssize_t>(length)) return intact;
    if (!frame_is_intact(frame)) return intact;
    intact.bytes += frame.size();
    ++intact.next;
  }
}

}  // namespace segment_format

using namespace segment_format;

// The segment that holds `sequence`, or the oldest one when that is gone.
Result<bool> LogReader::open_for(std::uint64_t sequence) {
  const auto firsts = segments_in(directory_);
  if (firsts.empty()) return false;
  const auto after = std::ranges::upper_bound(firsts, sequence);
  return open_segment(after == firsts.begin() ? firsts.front() : *(after - 1));
}

Result<bool> LogReader::open_segment(std::uint64_t first) {
  const std::string path = segment_path(directory_, first);
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // The writer may just have dropped it: look again next time.
  if (!file.is_open() && errno == ENOENT) return false;
  if (!file.is_open()) return fail(ErrorCode::Io, "open " + path);
  file_ = std::move(file);
  file_first_ = first;
  offset_ = kHeaderBytes;
  buffer_.clear();
  start_ = 0;
  return true;
}

std::optional<std::uint64_t> LogReader::segment_after_this() const {
  const auto firsts = segments_in(directory_);
  const auto after = std::ranges::upper_bound(firsts, file_first_);
  return after == firsts.end() ? std::nullopt : std::optional(*after);
}

// Makes at least `bytes` available at start_; false when the file has fewer.
Result<bool> LogReader::fill(std::size_t bytes) {
  if (buffer_.size() - start_ >= bytes) return true;
  buffer_.erase(0, start_);
  start_ = 0;
  const std::size_t had = buffer_.size();
  const std::size_t want = std::max<std::size_t>(bytes - had, 64 * 1024);
  buffer_.resize(had + want);
  const ssize_t n = ::pread(file_.fd(), buffer_.data() + had, want, static_cast<off_t>(offset_ + had));
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (n < 0) return fail(ErrorCode::Io, "read " + segment_path(directory_, file_first_));
  return buffer_.size() >= bytes;
}

// True: a whole frame is at start_. False: the file ends here, for now.
Result<bool> LogReader::frame_ready() {
  auto head = fill(kFrameBytes);
  if (!head || !*head) return head;
  const auto length = take<std::uint32_t>(buffer_.data() + start_);
  if (length > kMaxPayload)
    return fail(ErrorCode::Corrupt, fmt::format("segment {} is damaged", file_first_));
  auto body = fill(kFrameBytes + length);
  if (!body || !*body) return body;
  if (!frame_is_intact({buffer_.data() + start_, kFrameBytes + length})) {
    return fail(ErrorCode::Corrupt, fmt::format("segment {} is damaged", file_first_));
  }
  return true;
}

Result<LogRecord> LogReader::next() {
  bool seen_later = false;
  for (;;) {
    if (!file_.is_open()) {
      auto opened = open_for(next_);
      if (!opened) return std::unexpected(opened.error());
      if (!*opened) return LogRecord{};
    }
    auto ready = frame_ready();
    if (!ready) return std::unexpected(ready.error());
    if (!*ready) {
      const auto later = segment_after_this();
      if (!later) return LogRecord{};
      // The writer may have added to this one before it went on: look once more, then follow it.
      if (std::exchange(seen_later, true)) {
        if (auto moved = open_segment(*later); !moved) return std::unexpected(moved.error());
        seen_later = false;
      }
      continue;
    }
    const auto length = take<std::uint32_t>(buffer_.data() + start_);
    const std::string_view frame(buffer_.data() + start_, kFrameBytes + length);
    const auto sequence = take<std::uint64_t>(frame.data() + 8);
    start_ += frame.size();
    offset_ += frame.size();
    if (sequence < next_) continue;
    const LogRecord record{sequence, frame.substr(kFrameBytes), sequence - next_};
    next_ = sequence + 1;
    return record;
  }
}

bool LogReader::skip_segment() {
  const auto later = segment_after_this();
  if (!later) return false;
  next_ = std::max(next_, *later);
  file_ = File();
  return true;
}

}  // namespace signalbox::actions
