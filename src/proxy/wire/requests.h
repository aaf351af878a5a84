// What clients ask: Query, Parse, Bind, Execute, Describe, Close, FunctionCall. Views into the message's
// body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox::proxy::wire {

struct QueryMessage {
  std::string_view text;
};
struct ParseMessage {
  std::string_view statement;
  std::string_view text;
  std::string_view parameter_types;  ///< four bytes each, big-endian OIDs
};
/// Only the names, which stand first: a Bind may carry a gibibyte of values after them.
struct BindNames {
  std::string_view portal;
  std::string_view statement;
};
struct BoundValue {
  bool null = false;
  bool binary = false;
  std::string_view bytes;
};
struct BindMessage {
  std::string_view portal;
  std::string_view statement;
  std::vector<BoundValue> values;
};
struct CloseMessage {
  char what = 'S';  ///< 'S' statement, 'P' portal; Describe has the same shape
  std::string_view name;
};

/// Each takes the body (without the header); nothing when it does not have the documented form.
std::optional<QueryMessage> decode_query(std::string_view body);
std::optional<ParseMessage> decode_parse(std::string_view body);
std::optional<CloseMessage> decode_close(std::string_view body);
std::optional<std::string_view> decode_execute(std::string_view body);  ///< the portal's name
std::optional<BindMessage> decode_bind(std::string_view body);
/// Works on the beginning of a body too; nothing when the names are not all there (or malformed).
std::optional<BindNames> decode_bind_names(std::string_view beginning);

void append_query(std::string& out, std::string_view text);
void append_parse(std::string& out, std::string_view statement, std::string_view text,
                  std::string_view parameter_types = {});
/// Without values, all results as text.
void append_bind(std::string& out, std::string_view portal, std::string_view statement);
/// To its end.
void append_execute(std::string& out, std::string_view portal);
/// 'S' a statement, 'P' a portal; the same of Describe.
void append_close(std::string& out, char what, std::string_view name);
void append_describe(std::string& out, char what, std::string_view name);
void append_sync(std::string& out);
void append_flush(std::string& out);
void append_terminate(std::string& out);
/// A call of the function with OID 0: fails, without side effects.
void append_void_function_call(std::string& out);

}  // namespace signalbox::proxy::wire
