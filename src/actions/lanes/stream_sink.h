// StreamSink: where the lines of a stream go. Called by one thread, in order; what write() has accepted is
// not sent again.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace signalbox::actions {

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  /// One or more whole lines, each ending in a newline. All or nothing as far as the sink can tell.
  virtual Result<void> write(std::string_view lines) = 0;
};

/// Appends to a file; opens it anew when it was renamed or removed, so that logrotate works without a signal.
Result<std::unique_ptr<StreamSink>> file_sink(const std::string& path);
/// Standard output of the process.
std::unique_ptr<StreamSink> stdout_sink();
/// The local syslog daemon, facility auth, one message a line.
std::unique_ptr<StreamSink> syslog_sink(const std::string& identity);

}  // namespace signalbox::actions
