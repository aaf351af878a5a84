// Fields in the order in which PostgreSQL writes them (send_message_to_frontend).
#include "proxy/wire/error_response.h"

#include <utility>

#include "proxy/wire/frame.h"

namespace signalbox::proxy::wire {

std::string encode_error(const ErrorFields& fields) {
  std::string out;
  append_error(out, fields);
  return out;
}

void append_error(std::string& out, const ErrorFields& fields) {
  FrameBuilder frame(out, 'E');
  const std::pair<char, const std::string&> all[] = {
      {'S', fields.severity}, {'V', fields.severity}, {'C', fields.sqlstate},  {'M', fields.message},
      {'D', fields.detail},   {'H', fields.hint},     {'W', fields.where},     {'s', fields.schema},
      {'t', fields.table},    {'c', fields.column},   {'d', fields.data_type}, {'n', fields.constraint},
      {'P', fields.position}, {'F', fields.file},     {'L', fields.line},      {'R', fields.routine},
  };
  for (const auto& [letter, text] : all) {
    if (!text.empty()) frame.byte(letter).text(std::string_view(text).substr(0, text.find('\0')));
  }
  frame.byte('\0');
}

std::string encode_error_v2(std::string_view message) {
  return "EFATAL:  " + std::string(message) + "\n" + '\0';
}

std::string_view error_field(std::string_view body, char field) {
  BodyReader reader(body);
  for (;;) {
    const char letter = reader.integer<char>();
    if (!reader.ok() || letter == '\0') return {};
    const std::string_view text = reader.text();
    if (letter == field) return text;
  }
}

std::string without_fields(std::string_view body, std::string_view letters) {
  std::string out;
  FrameBuilder frame(out, 'E');
  BodyReader reader(body);
  for (;;) {
    const char letter = reader.integer<char>();
    const std::string_view text = reader.text();
    if (!reader.ok() || letter == '\0') break;
    if (!letters.contains(letter)) frame.byte(letter).text(text);
  }
  frame.byte('\0');
  return out;
}

bool is_fatal(std::string_view body) {
  std::string_view severity = error_field(body, 'V');
  if (severity.empty()) severity = error_field(body, 'S');
  return severity == "FATAL" || severity == "PANIC";
}

}  // namespace signalbox::proxy::wire
