// SegmentLog: an ordered log of byte records in files of bounded size; the stream class's storage.
//
//   <directory>/<first sequence number, 20 digits>.seg
//   file   = header frame*
//   header = "SBSEG001" first(8)                       integers little-endian
//   frame  = length(4) crc32c(4) sequence(8) payload   the check sum covers sequence and payload
//
// Opening truncates a torn tail (a frame that kill -9 or power loss cut short) and goes on from there. Beyond
// `total_bytes` the oldest segments go, whether read or not; a reader that finds its place gone is told how
// many records it missed. One writer; readers have a LogReader each, in any thread or process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace signalbox::actions {

/// An owned file descriptor.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  File& operator=(File&& other) noexcept;
  ~File();
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct SegmentLogOptions {
  std::string directory;
  std::uint64_t segment_bytes = 64ull << 20;
  std::uint64_t total_bytes = 1ull << 30;
};

class SegmentLog {
 public:
  static Result<SegmentLog> open(const SegmentLogOptions& options);

  /// Puts a record into the current batch; its sequence number.
  std::uint64_t append(std::string_view payload);
  /// Writes the batch; with `sync`, also onto the disk. After an error the batch is kept for another commit,
  /// in a new segment: a descriptor whose sync failed is never used again.
  Result<void> commit(bool sync);

  /// The sequence number that the next record gets. The first record ever is 1.
  std::uint64_t next_sequence() const { return next_; }
  /// Everything below is committed.
  std::uint64_t committed() const { return committed_; }

 private:
  Result<void> start_segment();
  Result<void> drop_oldest();

  SegmentLogOptions options_;
  File file_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t next_ = 1;
  std::uint64_t committed_ = 1;
  std::string batch_;
};

struct LogRecord {
  std::uint64_t sequence = 0;
  std::string_view payload;  ///< valid until the next call
  std::uint64_t missed = 0;  ///< records before this one that are gone
};

/// Reads forward from a sequence number.
class LogReader {
 public:
  LogReader(std::string directory, std::uint64_t from) : directory_(std::move(directory)), next_(from) {}

  /// The next record, or one with sequence 0 when there is none yet. Corrupt: the log is damaged here;
  /// skip_segment() goes on behind it.
  Result<LogRecord> next();
  /// Leaves the current segment for the one after it; false when there is none.
  bool skip_segment();
  std::uint64_t position() const { return next_; }

 private:
  Result<bool> open_for(std::uint64_t sequence);
  Result<bool> open_segment(std::uint64_t first);
  std::optional<std::uint64_t> segment_after_this() const;
  Result<bool> fill(std::size_t bytes);
  Result<bool> frame_ready();

  std::string directory_;
  std::uint64_t next_;
  File file_;
  std::uint64_t file_first_ = 0;
  std::uint64_t offset_ = 0;  ///< of buffer_[start_] in the file
  std::string buffer_;
  std::size_t start_ = 0;
};

/// A sink's place in the log, kept in a file of two slots of which at most one can be torn.
class Cursor {
 public:
  static Result<Cursor> open(const std::string& path);
  std::uint64_t position() const { return position_; }
  /// With `sync`, also onto the disk.
  Result<void> save(std::uint64_t position, bool sync);

 private:
  File file_;
  std::uint64_t position_ = 1;
  std::uint64_t version_ = 0;
};

/// First sequence numbers of the segments in `directory`, ascending.
std::vector<std::uint64_t> segments_in(const std::string& directory);

}  // namespace signalbox::actions
