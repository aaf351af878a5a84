// The log: renders a line, then hands it to spdlog, which owns the streams, the queue and the thread.
// The surprise: spdlog's own pattern is just "%v". We render, because its JSON patterns do not escape values.
#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>

#include "base/clock.h"

namespace signalbox::log {
namespace {

constexpr std::size_t kQueueLines = 8192;
constexpr std::array<std::string_view, 6> kLevelNames{"trace", "debug", "info", "warn", "error", "off"};

struct Destination {
  std::shared_ptr<spdlog::details::thread_pool> pool;  // null when synchronous
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::Text;
};

std::atomic<Level> current_level{Level::Info};
std::atomic<std::uint64_t> dropped_before{0};
std::atomic<std::uint64_t> unwritten{0};
std::mutex destination_lock;

/// The disk is full, or the reader of a pipe is gone. Says so on stderr, at most once in a while.
void on_failed_write(const std::string& why) {
  constexpr std::int64_t kQuietSeconds = 60;
  static std::atomic<std::int64_t> quiet_until{0};
  ++unwritten;
  const std::int64_t now = std::time(nullptr);
  if (now < quiet_until.load()) return;
  quiet_until = now + kQuietSeconds;
  fmt::print(stderr, "signalbox: the log cannot be written: {}\n", why);
}

std::shared_ptr<spdlog::sinks::sink> make_sink(const std::string& output) {
  if (output == "stderr") return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  if (output == "stdout") return std::make_shared<spdlog::sinks::stdout_sink_mt>();
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(output);
}

std::shared_ptr<const Destination> make_destination(const Options& options) {
  auto made = std::make_shared<Destination>();
  made->format = options.format;
  auto sink = make_sink(options.output);
  if (options.asynchronous) {
    made->pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
    made->logger = std::make_shared<spdlog::async_logger>("signalbox", std::move(sink), made->pool,
                                                          spdlog::async_overflow_policy::overrun_oldest);
  } else {
    made->logger = std::make_shared<spdlog::logger>("signalbox", std::move(sink));
  }
  made->logger->set_error_handler(on_failed_write);
  made->logger->set_pattern("%v");
  made->logger->set_level(spdlog::level::trace);
  made->logger->flush_on(spdlog::level::trace);
  return made;
}

std::shared_ptr<const Destination>& destination_slot() {
  static std::shared_ptr<const Destination> slot = make_destination({});
  return slot;
}

std::shared_ptr<const Destination> destination() {
  std::lock_guard hold(destination_lock);
  return destination_slot();
}

// How many bytes of well-formed UTF-8 start at `at`; 0 when none do (RFC 3629: no overlong forms, no
// surrogates).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t left = text.size() - at;
  const auto continues = [&](std::size_t i) { return i < left && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if ((first & 0xF0) == 0xE0) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;
    return first == 0xED && byte(1) > 0x9F ? 0 : 3;
  }
  if (first < 0xF0 || first > 0xF4 || !continues(1) || !continues(2) || !continues(3)) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;
  return first == 0xF4 && byte(1) > 0x8F ? 0 : 4;
}

// Appends `text` inside double quotes as a JSON string. Bytes that are not UTF-8 become U+FFFD; U+0085 and
// the line separators, which some readers take for line ends, are escaped as well.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = utf8_length(text, i);
    const std::string_view whole = text.substr(i, length);
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (length == 1 && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (length == 2 && whole[0] == '\xC2' && static_cast<unsigned char>(whole[1]) < 0xA0) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(whole[1])));
    } else if (whole == "\u2028" || whole == "\u2029") {
      out += whole == "\u2028" ? "\\u2028" : "\\u2029";
    } else {
      out += whole;
    }
    i += length == 0 ? 1 : length;
  }
  out += '"';
}

bool plain_word(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool safe = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      std::string_view("-_.:/@+,%*").find(c) != std::string_view::npos;
    if (!safe) return false;
  }
  return true;
}

void append_value(std::string& out, const Field::Value& value, Format format) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (format == Format::Text && plain_word(*text)) {
      out += *text;
    } else {
      append_quoted(out, *text);
    }
    return;
  }
  std::visit(
      [&](const auto& v) {
        if constexpr (!std::same_as<std::decay_t<decltype(v)>, std::string_view>) out += fmt::to_string(v);
      },
      value);
}

void append_time(std::string& out, std::int64_t wall_ns) {
  const std::int64_t seconds = wall_ns / 1'000'000'000;
  const std::int64_t micros = wall_ns % 1'000'000'000 / 1000;
  fmt::format_to(std::back_inserter(out), "{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), micros);
}

}  // namespace

std::string_view name_of(Level level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::string render(Format format, Level level, std::int64_t wall_ns, std::string_view message,
                   Fields fields) {
  std::string line;
  line.reserve(160);
  if (format == Format::Json) {
    line += R"({"time":")";
    append_time(line, wall_ns);
    line += fmt::format(R"(","level":"{}","msg":)", name_of(level));
    append_quoted(line, message);
    for (const auto& field : fields) {
      line += ',';
      append_quoted(line, field.key);
      line += ':';
      append_value(line, field.value, format);
    }
    return line += '}';
  }
  append_time(line, wall_ns);
  line += fmt::format(" {:<5} {}", name_of(level), message);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value, format);
  }
  return line;
}

Result<void> open(const Options& options) {
  try {
    auto made = make_destination(options);
    std::lock_guard hold(destination_lock);
    if (const auto& old = destination_slot(); old->pool) dropped_before += old->pool->overrun_counter();
    destination_slot() = std::move(made);
  } catch (const spdlog::spdlog_ex& e) {
    return fail(ErrorCode::Io, fmt::format("cannot open the log \"{}\": {}", options.output, e.what()));
  }
  current_level = options.level;
  return {};
}

void flush() {
  // Dropping the last reference to an asynchronous destination joins its thread, which drains the queue
  // first.
  std::lock_guard hold(destination_lock);
  auto& slot = destination_slot();
  if (!slot->pool) return slot->logger->flush();
  auto after = std::make_shared<Destination>();
  after->format = slot->format;
  after->logger = std::make_shared<spdlog::logger>("signalbox", slot->logger->sinks().front());
  dropped_before += slot->pool->overrun_counter();
  slot = std::move(after);
}

std::uint64_t dropped() {
  const auto to = destination();
  return dropped_before + unwritten + (to->pool ? to->pool->overrun_counter() : 0);
}

bool enabled(Level level) {
  return level >= current_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  const auto to = destination();
  to->logger->log(spdlog::level::info, render(to->format, level, SystemClock().wall_ns(), message, fields));
}

}  // namespace signalbox::log
