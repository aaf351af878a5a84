// Sinks for audit lines. A line that was written only in part because the disk is full is completed with the
// next write, so that the file never holds half a line followed by a whole one.
#include "actions/lanes/stream_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "actions/store/segment_log.h"

namespace signalbox::actions {

namespace {

/// How many bytes went out; fewer than asked for with errno set.
std::size_t write_some(int fd, std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd, bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    written += static_cast<std::size_t>(n);
  }
  return written;
}

class FileSink final : public StreamSink {
 public:
  explicit FileSink(std::string path) : path_(std::move(path)) {}

  Result<void> reopen() {
    file_ = File(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
    if (!file_.is_open()) return fail(ErrorCode::Io, fmt::format("open {}: {}", path_, std::strerror(errno)));
    sent_ = 0;
    return {};
  }

  Result<void> write(std::string_view lines) override {
    struct stat by_name{}, by_descriptor{};
    const bool moved = ::stat(path_.c_str(), &by_name) != 0 || ::fstat(file_.fd(), &by_descriptor) != 0 ||
                       by_name.st_ino != by_descriptor.st_ino || by_name.st_dev != by_descriptor.st_dev;
    if (moved) {
      if (auto opened = reopen(); !opened) return opened;
    }
    // The same lines come again after an error: go on where they were cut.
    sent_ += write_some(file_.fd(), lines.substr(std::min(sent_, lines.size())));
    if (sent_ < lines.size())
      return fail(ErrorCode::Io, fmt::format("write {}: {}", path_, std::strerror(errno)));
    sent_ = 0;
    return {};
  }

 private:
  std::string path_;
  File file_;
  std::size_t sent_ = 0;  ///< of the lines whose write failed
};

class StdoutSink final : public StreamSink {
 public:
  Result<void> write(std::string_view lines) override {
    sent_ += write_some(STDOUT_FILENO, lines.substr(std::min(sent_, lines.size())));
    if (sent_ < lines.size())
      return fail(ErrorCode::Io, fmt::format("write standard output: {}", std::strerror(errno)));
    sent_ = 0;
    return {};
  }

 private:
  std::size_t sent_ = 0;
};

class SyslogSink final : public StreamSink {
 public:
  explicit SyslogSink(std::string identity) : identity_(std::move(identity)) {
    ::openlog(identity_.c_str(), LOG_PID | LOG_NDELAY, LOG_AUTH);
  }
  ~SyslogSink() override { ::closelog(); }

  Result<void> write(std::string_view lines) override {
    while (!lines.empty()) {
      const std::string_view line = lines.substr(0, lines.find('\n'));
      ::syslog(LOG_INFO, "%.*s", static_cast<int>(line.size()), line.data());
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    }
    return {};
  }

 private:
  std::string identity_;  ///< openlog() keeps the pointer
};

}  // namespace

Result<std::unique_ptr<StreamSink>> file_sink(const std::string& path) {
  auto sink = std::make_unique<FileSink>(path);
  if (auto opened = sink->reopen(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<StreamSink>(std::move(sink));
}

std::unique_ptr<StreamSink> stdout_sink() {
  return std::make_unique<StdoutSink>();
}
std::unique_ptr<StreamSink> syslog_sink(const std::string& identity) {
  return std::make_unique<SyslogSink>(identity);
}

}  // namespace signalbox::actions
