// Bodies of replies.
#include "proxy/wire/replies.h"

#include <algorithm>

#include "proxy/wire/frame.h"

namespace signalbox::proxy::wire {

std::optional<BackendKey> decode_backend_key(std::string_view body) {
  if (body.size() < 8 || body.size() > 4 + 256) return std::nullopt;
  return BackendKey{.process = load_be<std::int32_t>(body.data()), .key = body.substr(4)};
}

std::optional<ParameterStatus> decode_parameter_status(std::string_view body) {
  BodyReader reader(body);
  ParameterStatus status;
  status.name = reader.text();
  status.value = reader.text();
  if (!reader.at_end()) return std::nullopt;
  return status;
}

std::optional<std::vector<std::uint32_t>> decode_parameter_description(std::string_view body) {
  BodyReader reader(body);
  const auto count = reader.integer<std::uint16_t>();
  std::vector<std::uint32_t> types;
  types.reserve(std::min<std::size_t>(count, body.size() / 4));
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) types.push_back(reader.integer<std::uint32_t>());
  if (!reader.at_end()) return std::nullopt;
  return types;
}

std::optional<std::vector<DescribedColumn>> decode_row_description(std::string_view body) {
  BodyReader reader(body);
  const auto count = reader.integer<std::uint16_t>();
  std::vector<DescribedColumn> columns;
  columns.reserve(std::min<std::size_t>(count, body.size() / 19));
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) {
    DescribedColumn column;
    column.name = reader.text();
    column.table = reader.integer<std::uint32_t>();
    column.attribute = reader.integer<std::uint16_t>();
    column.type = reader.integer<std::uint32_t>();
    column.size = reader.integer<std::int16_t>();
    column.modifier = reader.integer<std::int32_t>();
    column.format = reader.integer<std::int16_t>();
    columns.push_back(column);
  }
  if (!reader.at_end()) return std::nullopt;
  return columns;
}

void append_row_description(std::string& out, const std::vector<DescribedColumn>& columns) {
  FrameBuilder frame(out, 'T');
  frame.u16(static_cast<std::uint16_t>(columns.size()));
  for (const DescribedColumn& column : columns) {
    frame.text(column.name).u32(column.table).u16(column.attribute).u32(column.type);
    frame.u16(static_cast<std::uint16_t>(column.size)).u32(static_cast<std::uint32_t>(column.modifier));
    frame.u16(static_cast<std::uint16_t>(column.format));
  }
}

std::optional<CopyFormat> decode_copy_out(std::string_view body) {
  BodyReader reader(body);
  CopyFormat format;
  format.binary = reader.integer<char>() != 0;
  const auto count = reader.integer<std::uint16_t>();
  if (!reader.ok() || reader.rest().size() != std::size_t{count} * 2) return std::nullopt;
  for (std::uint16_t i = 0; i < count; ++i) format.columns.push_back(reader.integer<std::int16_t>());
  return format;
}

void append_copy_out(std::string& out, const CopyFormat& format) {
  FrameBuilder frame(out, 'H');
  frame.byte(format.binary ? '\1' : '\0').u16(static_cast<std::uint16_t>(format.columns.size()));
  for (const std::int16_t one : format.columns) frame.u16(static_cast<std::uint16_t>(one));
}

std::optional<char> decode_ready(std::string_view body) {
  if (body.size() != 1 || (body[0] != 'I' && body[0] != 'T' && body[0] != 'E')) return std::nullopt;
  return body[0];
}

std::optional<Authentication> decode_authentication(std::string_view body) {
  BodyReader reader(body);
  const auto kind = reader.integer<std::uint32_t>();
  if (!reader.ok()) return std::nullopt;
  return static_cast<Authentication>(kind);
}

std::optional<std::vector<std::string_view>> decode_sasl_mechanisms(std::string_view body) {
  BodyReader reader(body);
  reader.integer<std::uint32_t>();
  std::vector<std::string_view> mechanisms;
  for (;;) {
    const std::string_view name = reader.text();
    if (!reader.ok()) return std::nullopt;
    if (name.empty()) return mechanisms;
    mechanisms.push_back(name);
  }
}

void append_ready(std::string& out, char status) {
  FrameBuilder(out, 'Z').byte(status);
}

void append_sasl_mechanisms(std::string& out, const std::vector<std::string_view>& mechanisms) {
  FrameBuilder frame(out, 'R');
  frame.u32(static_cast<std::uint32_t>(Authentication::Sasl));
  for (const std::string_view name : mechanisms) frame.text(name);
  frame.byte('\0');
}

void append_authentication(std::string& out, Authentication kind, std::string_view data) {
  FrameBuilder(out, 'R').u32(static_cast<std::uint32_t>(kind)).bytes(data);
}

}  // namespace signalbox::proxy::wire
