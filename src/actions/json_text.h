// Writing JSON by hand, for the texts that are made on the data path: no tree, one pass, into a reused
// string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace signalbox::actions {

/// Appends `text` quoted and escaped. Control characters, also U+007F and U+2028/9, are escaped, so that a
/// line of JSON stays one line for every reader; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// The characters of a JSON string with its quotes; "" when it is not one.
std::string unquote_json(std::string_view json);

/// Writes one JSON object, member by member.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonObject() { out_ += '}'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  /// Starts a member whose value the caller appends.
  std::string& key(std::string_view name);
  void text(std::string_view name, std::string_view value) { append_json_string(key(name), value); }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::int64_t value);
  void boolean(std::string_view name, bool value) { key(name) += value ? "true" : "false"; }
  /// `json` is JSON already; null when empty.
  void raw(std::string_view name, std::string_view json) { key(name).append(json.empty() ? "null" : json); }

 private:
  std::string& out_;
  bool first_ = true;
};

/// "2026-11-22T20:15:30.123456Z" (RFC 3339, UTC, microseconds).
void append_time(std::string& out, std::int64_t wall_ns);

}  // namespace signalbox::actions
