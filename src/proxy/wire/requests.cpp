// Bodies of requests, taken apart inside their bounds.
#include "proxy/wire/requests.h"

#include <algorithm>

#include "proxy/wire/frame.h"

namespace signalbox::proxy::wire {

std::optional<QueryMessage> decode_query(std::string_view body) {
  BodyReader reader(body);
  const QueryMessage message{reader.text()};
  if (!reader.at_end()) return std::nullopt;
  return message;
}

std::optional<ParseMessage> decode_parse(std::string_view body) {
  BodyReader reader(body);
  ParseMessage message;
  message.statement = reader.name();
  message.text = reader.text();
  const auto count = reader.integer<std::uint16_t>();
  message.parameter_types = reader.bytes(std::size_t{count} * 4);
  if (!reader.at_end()) return std::nullopt;
  return message;
}

std::optional<CloseMessage> decode_close(std::string_view body) {
  BodyReader reader(body);
  CloseMessage message;
  message.what = reader.integer<char>();
  message.name = reader.name();
  if (!reader.at_end() || (message.what != 'S' && message.what != 'P')) return std::nullopt;
  return message;
}

std::optional<std::string_view> decode_execute(std::string_view body) {
  BodyReader reader(body);
  const std::string_view portal = reader.name();
  reader.integer<std::int32_t>();
  if (!reader.at_end()) return std::nullopt;
  return portal;
}

std::optional<BindNames> decode_bind_names(std::string_view beginning) {
  BodyReader reader(beginning);
  BindNames names;
  names.portal = reader.name();
  names.statement = reader.name();
  if (!reader.ok()) return std::nullopt;
  return names;
}

std::optional<BindMessage> decode_bind(std::string_view body) {
  BodyReader reader(body);
  BindMessage message;
  message.portal = reader.name();
  message.statement = reader.name();
  const auto format_count = reader.integer<std::uint16_t>();
  const std::string_view formats = reader.bytes(std::size_t{format_count} * 2);
  const auto count = reader.integer<std::uint16_t>();
  // As PostgreSQL: no format for all, one for all, or one for each.
  if (!reader.ok() || (format_count > 1 && format_count != count)) return std::nullopt;
  message.values.reserve(std::min<std::size_t>(count, body.size() / 4));
  for (std::uint16_t i = 0; i < count; ++i) {
    const auto length = reader.integer<std::int32_t>();
    if (!reader.ok() || length < -1) return std::nullopt;
    BoundValue value;
    value.null = length < 0;
    if (!value.null) value.bytes = reader.bytes(static_cast<std::size_t>(length));
    const std::size_t format = format_count > 1 ? i : 0;
    value.binary = format_count > 0 && load_be<std::uint16_t>(formats.data() + 2 * format) == 1;
    message.values.push_back(value);
  }
  const auto result_formats = reader.integer<std::uint16_t>();
  reader.bytes(std::size_t{result_formats} * 2);
  if (!reader.at_end()) return std::nullopt;
  return message;
}

void append_query(std::string& out, std::string_view text) {
  FrameBuilder(out, 'Q').text(text);
}

void append_parse(std::string& out, std::string_view statement, std::string_view text,
                  std::string_view parameter_types) {
  FrameBuilder(out, 'P')
      .text(statement)
      .text(text)
      .u16(static_cast<std::uint16_t>(parameter_types.size() / 4))
      .bytes(parameter_types);
}

void append_bind(std::string& out, std::string_view portal, std::string_view statement) {
  FrameBuilder(out, 'B').text(portal).text(statement).u16(0).u16(0).u16(0);
}

void append_execute(std::string& out, std::string_view portal) {
  FrameBuilder(out, 'E').text(portal).u32(0);
}

void append_close(std::string& out, char what, std::string_view name) {
  FrameBuilder(out, 'C').bytes({&what, 1}).text(name);
}

void append_describe(std::string& out, char what, std::string_view name) {
  FrameBuilder(out, 'D').bytes({&what, 1}).text(name);
}

void append_sync(std::string& out) {
  FrameBuilder(out, 'S');
}

void append_flush(std::string& out) {
  FrameBuilder(out, 'H');
}

void append_terminate(std::string& out) {
  FrameBuilder(out, 'X');
}

void append_void_function_call(std::string& out) {
  FrameBuilder(out, 'F').u32(0).u16(0).u16(0).u16(0);
}

}  // namespace signalbox::proxy::wire
