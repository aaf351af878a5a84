// Structured logs: one line an event, JSON or text, to a stream or a file.
//
//   log::info("listening", {{"address", "127.0.0.1:6432"}, {"threads", 2}});
//
// The message is a constant of ours; everything that varies is a field. Values may come from clients: control
// characters, line ends and bytes that are not UTF-8 are escaped, so that nobody can forge a line. Never pass
// a secret (base/secret.h has no conversion to a field, on purpose).
//
// Thread rule: write from any thread. After open(.asynchronous) a writer never waits for the stream: lines go
// through a bounded queue whose oldest entries are dropped, and counted, when nobody drains it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace signalbox::log {

enum class Level : std::uint8_t { Trace, Debug, Info, Warn, Error, Off };
enum class Format : std::uint8_t { Text, Json };

/// "trace", "debug", "info", "warn", "error", "off".
std::string_view name_of(Level level);

struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, std::signed_integral auto v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, std::unsigned_integral auto v) : key(k), value(static_cast<std::uint64_t>(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}

  std::string_view key;
  Value value;
};
using Fields = std::initializer_list<Field>;

struct Options {
  Level level = Level::Info;
  Format format = Format::Text;
  std::string output = "stderr";  ///< "stderr", "stdout" or a file to append to
  bool asynchronous = false;
};

/// Replaces the destination. Also how a rotated file is reopened. Before the first call: text, info, stderr.
Result<void> open(const Options& options);
/// Waits until what was written has left the queue. Call before the process ends.
void flush();
/// Lines lost since the process began: the queue was full, or they could not be written.
std::uint64_t dropped();

bool enabled(Level level);
void write(Level level, std::string_view message, Fields fields = {});

inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::Debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::Info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::Warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::Error, message, fields);
}

/// One line as `write` prints it, without its line end. `wall_ns` counts from the Unix epoch.
std::string render(Format format, Level level, std::int64_t wall_ns, std::string_view message, Fields fields);

}  // namespace signalbox::log
