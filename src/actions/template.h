// Templates: {{ path }} in a parameter is replaced by the fact at that path of the input document, escaped
// for the place where it goes. "{{ session.user }} may not {{ query.kind }}". A path is names separated by
// dots; an absent fact renders as nothing. What is not of that form stays as it is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actions/facts.h"

namespace signalbox::policy {
class Value;
}

namespace signalbox::actions {

/// What the rendered fact becomes part of.
enum class Escape : std::uint8_t {
  None,           ///< text for people: control characters become spaces
  JsonString,     ///< inside the quotes of a JSON string
  HeaderValue,    ///< an HTTP header: bytes outside 0x20..0x7e are percent-encoded
  UrlComponent,   ///< a segment of a path or a query value: all but unreserved characters percent-encoded
  SqlLiteral,     ///< inside the quotes of a PostgreSQL string: quotes and backslashes for an E'' string
  SqlIdentifier,  ///< inside the quotes of a quoted identifier; zero bytes dropped
};

/// Renders `text`. Facts that are strings are inserted as their characters, all others as JSON, each escaped.
std::string render_template(std::string_view text, const Facts& facts, Escape escape);

/// Appends `value` as JSON with every string in it rendered. A string that is one template and nothing else
/// becomes the fact itself with its type: {"rows": "{{ response.rows }}"} gives {"rows": 3}; null when
/// absent.
void append_rendered_json(const policy::Value& value, const Facts& facts, std::string& out);

/// The paths that a text reads, as written.
std::vector<std::string_view> template_paths(std::string_view text);

}  // namespace signalbox::actions
