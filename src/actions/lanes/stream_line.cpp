// Time first, so that lines of several files can be merged by sorting.
#include "actions/lanes/stream_line.h"

#include <fmt/format.h>

#include "actions/json_text.h"

namespace signalbox::actions {
namespace {

void append_quoted_time(std::string& out, std::int64_t time_ns) {
  out += '"';
  append_time(out, time_ns);
  out += '"';
}

}  // namespace

std::string stream_name(std::uint64_t boot, std::size_t producer) {
  return fmt::format("{:016x}-{}", boot, producer);
}

void append_gap(const GapFrame& gap, std::string_view stream, std::string& out) {
  JsonObject line(out);
  append_quoted_time(line.key("time"), gap.time_ns);
  line.text("stream", stream);
  JsonObject range(line.key("gap"));
  range.number("from", static_cast<std::int64_t>(gap.from));
  range.number("to", static_cast<std::int64_t>(gap.to));
  range.number("count", static_cast<std::int64_t>(gap.to - gap.from + 1));
}

void append_line(const StreamFrame& stream, std::string_view name, std::string& out) {
  JsonObject line(out);
  append_quoted_time(line.key("time"), stream.time_ns);
  line.text("id", stream.id.to_text());
  line.text("stream", name);
  line.number("n", static_cast<std::int64_t>(stream.number));
  // The rest is an object already: its members follow ours.
  if (stream.arguments.size() > 2)
    out.append(",").append(stream.arguments.substr(1, stream.arguments.size() - 2));
}

}  // namespace signalbox::actions
