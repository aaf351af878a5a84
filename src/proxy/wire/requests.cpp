// Bodies of requests, taken apart inside their bounds.
#include "proxy/wire/requests.h"

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
  message.statement = reader.text();
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
  message.name = reader.text();
  if (!reader.at_end() || (message.what != 'S' && message.what != 'P')) return std::nullopt;
  return message;
}

std::optional<std::string_view> decode_execute(std::string_view body) {
  BodyReader reader(body);
  const std::string_view portal = reader.text();
  reader.integer<std::int32_t>();
  if (!reader.at_end()) return std::nullopt;
  return portal;
}

std::optional<BindNames> decode_bind_names(std::string_view beginning) {
  BodyReader reader(beginning);
  BindNames names;
  names.portal = reader.text();
  names.statement = reader.text();
  if (!reader.ok()) return std::nullopt;
  return names;
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
