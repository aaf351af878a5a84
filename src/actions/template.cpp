// A scanner for {{ path }}, and the escapes. Templates are short and rendered off the hot path or once an
// action, so they are scanned each time instead of being kept in a parsed form.
#include "actions/template.h"

#include <algorithm>
#include <utility>

#include "actions/json_text.h"
#include "policy/value/json.h"
#include "policy/value/value.h"

namespace signalbox::actions {

namespace {

constexpr std::string_view kBlank = " \t";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_path(std::string_view text) {
  bool at_name = false;
  for (const char c : text) {
    if (c == '.' ? !at_name : !is_name_character(c)) return false;
    at_name = c != '.';
  }
  return at_name;
}

struct Piece {
  std::string_view literal;  ///< before the template
  std::string_view path;     ///< "" at the end
};

/// Takes the next literal and template off the front of `text`.
Piece next_piece(std::string_view& text) {
  std::size_t from = 0;
  for (;;) {
    const auto open = text.find("{{", from);
    const auto close = open == std::string_view::npos ? open : text.find("}}", open + 2);
    if (close == std::string_view::npos) {
      return {std::exchange(text, {}), {}};
    }
    std::string_view path = text.substr(open + 2, close - open - 2);
    path.remove_prefix(std::min(path.find_first_not_of(kBlank), path.size()));
    path = path.substr(0, path.find_last_not_of(kBlank) + 1);
    if (path.starts_with("input.")) path.remove_prefix(6);
    if (!is_path(path)) {
      from = open + 2;
      continue;
    }
    const Piece piece{text.substr(0, open), path};
    text.remove_prefix(close + 2);
    return piece;
  }
}

void append_percent(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

bool is_unreserved(char c) {
  return is_name_character(c) || c == '.' || c == '~';
}

void append_escaped(std::string& out, std::string_view text, Escape escape) {
  if (escape == Escape::JsonString) {
    const std::size_t start = out.size();
    append_json_string(out, text);
    out.erase(start, 1);
    out.pop_back();
    return;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (escape) {
      case Escape::None: out += byte < 0x20 || byte == 0x7f ? ' ' : c; break;
      case Escape::HeaderValue:
        if (byte < 0x20 || byte > 0x7e || c == '%') {
          append_percent(out, c);
        } else {
          out += c;
        }
        break;
      case Escape::UrlComponent:
        if (is_unreserved(c)) {
          out += c;
        } else {
          append_percent(out, c);
        }
        break;
      case Escape::SqlLiteral:
        if (c == '\0') break;
        if (c == '\'' || c == '\\') out += c;
        out += c;
        break;
      case Escape::SqlIdentifier:
        if (c == '\0') break;
        if (c == '"') out += c;
        out += c;
        break;
      case Escape::JsonString: break;  // above
    }
  }
}

/// The fact's characters when it is a string, else its JSON.
std::string fact_text(const Facts& facts, std::string_view path) {
  std::string json;
  if (!facts.append_json(path, json)) return {};
  return json.starts_with('"') ? unquote_json(json) : json;
}

}  // namespace

std::string render_template(std::string_view text, const Facts& facts, Escape escape) {
  std::string out;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    out.append(piece.literal);
    if (!piece.path.empty()) append_escaped(out, fact_text(facts, piece.path), escape);
  }
  return out;
}

std::vector<std::string_view> template_paths(std::string_view text) {
  std::vector<std::string_view> paths;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    if (!piece.path.empty()) paths.push_back(piece.path);
  }
  return paths;
}

namespace {

void append_rendered_string(std::string_view text, const Facts& facts, std::string& out) {
  std::string_view rest = text;
  const Piece first = next_piece(rest);
  if (first.path.empty()) return append_json_string(out, text);
  if (first.literal.empty() && rest.empty()) {
    if (!facts.append_json(first.path, out)) out += "null";
    return;
  }
  // No escape inside: the whole is quoted afterwards.
  std::string rendered;
  for (rest = text; !rest.empty();) {
    const Piece piece = next_piece(rest);
    rendered.append(piece.literal);
    if (!piece.path.empty()) rendered.append(fact_text(facts, piece.path));
  }
  append_json_string(out, rendered);
}

}  // namespace

void append_rendered_json(const policy::Value& value, const Facts& facts, std::string& out) {
  if (value.is_string()) return append_rendered_string(value.as_string(), facts, out);
  if (value.is_array() || value.is_set()) {
    out += '[';
    const char* separator = "";
    for (const policy::Value& element : value.is_array() ? value.as_array() : value.as_set()) {
      out += std::exchange(separator, ",");
      append_rendered_json(element, facts, out);
    }
    out += ']';
    return;
  }
  if (!value.is_object()) return policy::append_json(out, value);
  out += '{';
  const char* separator = "";
  for (const policy::Pair& entry : value.as_object()) {
    out += std::exchange(separator, ",");
    if (entry.key.is_string()) {
      append_json_string(out, entry.key.as_string());
    } else {
      append_json_string(out, policy::to_json(entry.key));
    }
    out += ':';
    append_rendered_json(entry.value, facts, out);
  }
  out += '}';
}

}  // namespace signalbox::actions
