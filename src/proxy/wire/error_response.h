// ErrorResponse and NoticeResponse: a list of fields, each a letter and a text.
// https://www.postgresql.org/docs/current/protocol-error-fields.html
#pragma once

#include <string>
#include <string_view>

namespace signalbox::proxy::wire {

/// What the gateway says as PostgreSQL would. Empty fields are left out.
struct ErrorFields {
  std::string severity = "ERROR";
  std::string sqlstate = "42501";
  std::string message;
  std::string detail;
  std::string hint;
  std::string position;  ///< decimal, in characters from 1
  std::string where;
  std::string schema;
  std::string table;
  std::string column;
  std::string data_type;
  std::string constraint;
  std::string file;
  std::string line;
  std::string routine;
};

/// A whole ErrorResponse frame.
std::string encode_error(const ErrorFields& fields);
void append_error(std::string& out, const ErrorFields& fields);

/// The form that clients of protocol 1 and 2 understand: 'E', a line, NUL; no length.
std::string encode_error_v2(std::string_view message);

/// One field of a body ('S' severity, 'C' code, 'M' message, ...); "" when absent: every field may be.
std::string_view error_field(std::string_view body, char field);

/// The whole ErrorResponse of a body, without these fields.
std::string without_fields(std::string_view body, std::string_view letters);

/// True when the sender closes the connection after it (FATAL, PANIC; the untranslated severity counts).
bool is_fatal(std::string_view body);

}  // namespace signalbox::proxy::wire
