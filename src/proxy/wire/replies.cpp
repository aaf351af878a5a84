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

std::optional<std::vector<DescribedColumn>> decode_row_description(std::string_view body) {
  BodyReader reader(body);
  const auto count = reader.integer<std::uint16_t>();
  std::vector<DescribedColumn> columns;
  columns.reserve(std::min<std::size_t>(count, body.size() / 19));
  for (std::uint16_t i = 0; i < count && reader.ok(); ++i) {
    DescribedColumn column;
    column.name = reader.text();
    column.table = reader.integer<std::uint32_t>();
    reader.integer<std::uint16_t>();  // number of the column in its table
    column.type = reader.integer<std::uint32_t>();
    reader.bytes(2 + 4 + 2);  // size, modifier, format
    columns.push_back(column);
  }
  if (!reader.at_end()) return std::nullopt;
  return columns;
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
