// The writing side and the cursor. A batch is encoded as it is appended and written with one write().
// The surprise: after a failed write or sync the descriptor is abandoned and the same batch goes to a new
// segment, because Linux drops dirty pages on a failed sync and would report the next one as good. The
// abandoned segment may hold part of the batch: readers move on to the next segment at the sequence number
// where that one starts.
#include "actions/store/segment_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "actions/store/crc32c.h"
#include "actions/store/segment_format.h"

namespace signalbox::actions {

namespace fs = std::filesystem;
using namespace segment_format;

namespace {

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path) {
  const int code = errno;
  return fail(code == ENOSPC || code == EDQUOT ? ErrorCode::Unavailable : ErrorCode::Io,
              fmt::format("{} {}: {}", doing, path, std::strerror(code)));
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.fd()) != 0) return system_failure("sync directory", path);
  return {};
}

}  // namespace

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

std::vector<std::uint64_t> segments_in(const std::string& directory) {
  std::vector<std::uint64_t> firsts;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    if (const auto first = parse_segment_name(entry.path().filename().string())) firsts.push_back(*first);
  }
  std::ranges::sort(firsts);
  return firsts;
}

Result<SegmentLog> SegmentLog::open(const SegmentLogOptions& options) {
  SegmentLog log;
  log.options_ = options;
  std::error_code error;
  fs::create_directories(options.directory, error);
  if (error) return fail(ErrorCode::Io, fmt::format("create {}: {}", options.directory, error.message()));
  auto firsts = segments_in(options.directory);
  if (firsts.empty()) {
    if (auto started = log.start_segment(); !started) return std::unexpected(started.error());
    return log;
  }
  const std::string path = segment_path(options.directory, firsts.back());
  File file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return system_failure("open", path);
  const auto intact = scan_segment(file.fd(), firsts.back());
  if (!intact) return std::unexpected(intact.error());
  if (intact->bytes < kHeaderBytes) {
    // Not even the header made it: write it again.
    if (::ftruncate(file.fd(), 0) != 0) return system_failure("truncate", path);
    if (auto wrote = write_all(file.fd(), encode_header(firsts.back()), path); !wrote)
      return std::unexpected(wrote.error());
  } else if (::ftruncate(file.fd(), static_cast<off_t>(intact->bytes)) != 0) {
    return system_failure("truncate", path);
  }
  if (::lseek(file.fd(), 0, SEEK_END) < 0) return system_failure("seek", path);
  log.file_ = std::move(file);
  log.file_bytes_ = std::max<std::uint64_t>(intact->bytes, kHeaderBytes);
  log.next_ = log.committed_ = intact->next;
  return log;
}

std::uint64_t SegmentLog::append(std::string_view payload) {
  append_frame(batch_, next_, payload);
  return next_++;
}

Result<void> SegmentLog::commit(bool sync) {
  if (batch_.empty()) return {};
  if (!file_.is_open() ||
      (file_bytes_ > kHeaderBytes && file_bytes_ + batch_.size() > options_.segment_bytes)) {
    if (auto started = start_segment(); !started) return started;
  }
  auto written = write_all(file_.fd(), batch_, options_.directory);
  if (written && sync && ::fdatasync(file_.fd()) != 0) written = system_failure("sync", options_.directory);
  if (!written) {
    file_ = File();
    return written;
  }
  file_bytes_ += batch_.size();
  batch_.clear();
  committed_ = next_;
  return {};
}

Result<void> SegmentLog::start_segment() {
  const std::string path = segment_path(options_.directory, committed_);
  // The name exists when a first batch of a segment failed: what it holds was never committed.
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!file.is_open()) return system_failure("create", path);
  if (auto wrote = write_all(file.fd(), encode_header(committed_), path); !wrote) return wrote;
  if (auto synced = sync_directory(options_.directory); !synced) return synced;
  file_ = std::move(file);
  file_bytes_ = kHeaderBytes;
  return drop_oldest();
}

Result<void> SegmentLog::drop_oldest() {
  const auto firsts = segments_in(options_.directory);
  std::uint64_t total = 0;
  for (const auto first : firsts) {
    std::error_code ignored;
    const auto bytes = fs::file_size(segment_path(options_.directory, first), ignored);
    if (!ignored) total += bytes;
  }
  for (std::size_t i = 0; i + 1 < firsts.size() && total > options_.total_bytes; ++i) {
    const std::string path = segment_path(options_.directory, firsts[i]);
    std::error_code error;
    const auto bytes = fs::file_size(path, error);
    if (!error && fs::remove(path, error)) total -= bytes;
    if (error) return fail(ErrorCode::Io, fmt::format("remove {}: {}", path, error.message()));
  }
  return {};
}

namespace {

constexpr std::size_t kSlotBytes =
    32;  // position, version, check sum, padding; slots are 512 apart (one sector each)
constexpr std::size_t kSlotDistance = 512;

std::array<char, kSlotBytes> encode_slot(std::uint64_t position, std::uint64_t version) {
  std::array<char, kSlotBytes> slot{};
  put(slot.data(), position);
  put(slot.data() + 8, version);
  put(slot.data() + 16, crc32c({slot.data(), 16}));
  return slot;
}

}  // namespace

Result<Cursor> Cursor::open(const std::string& path) {
  Cursor cursor;
  cursor.file_ = File(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!cursor.file_.is_open()) return system_failure("open", path);
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<char, kSlotBytes> slot{};
    if (::pread(cursor.file_.fd(), slot.data(), kSlotBytes, static_cast<off_t>(i * kSlotDistance)) !=
        kSlotBytes)
      continue;
    if (take<std::uint32_t>(slot.data() + 16) != crc32c({slot.data(), 16})) continue;
    const auto version = take<std::uint64_t>(slot.data() + 8);
    if (version > cursor.version_)
      cursor.version_ = version, cursor.position_ = take<std::uint64_t>(slot.data());
  }
  return cursor;
}

Result<void> Cursor::save(std::uint64_t position, bool sync) {
  const auto slot = encode_slot(position, version_ + 1);
  const auto at = static_cast<off_t>((version_ + 1) % 2 * kSlotDistance);
  if (::pwrite(file_.fd(), slot.data(), kSlotBytes, at) != kSlotBytes)
    return system_failure("write", "cursor");
  if (sync && ::fdatasync(file_.fd()) != 0) return system_failure("sync", "cursor");
  ++version_;
  position_ = position;
  return {};
}

}  // namespace signalbox::actions
