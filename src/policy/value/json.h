// JSON straight to and from values. Reading is strict RFC 8259 with bounded depth; of duplicate keys the last
// wins.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "policy/value/value.h"

namespace signalbox::policy {

struct JsonError {
  std::string message;     ///< one sentence, no trailing period
  std::size_t offset = 0;  ///< byte where reading stopped
  std::uint32_t row = 0;   ///< from 1
  std::uint32_t col = 0;   ///< from 1, in bytes
};

struct JsonOptions {
  std::uint32_t max_depth = 512;
};

/// Reads one JSON document; everything is copied into `arena`. Repeated object keys share one text.
std::expected<Value, JsonError> parse_json(Arena& arena, std::string_view text, JsonOptions options = {});

/// As Go's json.Marshal prints after OPA's conversion: sets become arrays, keys that are no strings become
/// their JSON text, keys sorted by text, no white space, <>& and U+2028/9 escaped when `escape_html`.
enum class EscapeHtml : bool { No, Yes };
std::string to_json(const Value& value, EscapeHtml escape = EscapeHtml::No);
void append_json(std::string& out, const Value& value, EscapeHtml escape = EscapeHtml::No);
/// With line breaks and `indent` before each level.
std::string to_json_pretty(const Value& value, std::string_view indent = "  ");

}  // namespace signalbox::policy
