// The surprise: SET search_path TO 'a, b' names one schema called "a, b". So lists of identifiers are taken
// apart as SplitIdentifierString does: blanks around an element do not count, quotes keep its letter case.
#include "sql/settings_text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace signalbox::sql {
namespace {

/// GUC_LIST_QUOTE in guc.c.
constexpr std::array<std::string_view, 6> kIdentifierLists = {"search_path",
                                                              "temp_tablespaces",
                                                              "session_preload_libraries",
                                                              "local_preload_libraries",
                                                              "shared_preload_libraries",
                                                              "unix_socket_directories"};

/// E'...' means the same whatever standard_conforming_strings is.
void append_literal(std::string& out, std::string_view text) {
  out += "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  out += '\'';
}

/// "a"."b" for the custom parameter a.b.
void append_name(std::string& out, std::string_view name) {
  out += '"';
  for (const char c : name) {
    if (c == '.') {
      out += "\".\"";
    } else {
      if (c == '"') out += '"';
      out += c;
    }
  }
  out += '"';
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// One element at the front of `rest`, which goes on behind its comma.
std::string next_element(std::string_view& rest) {
  while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
  std::string element;
  if (!rest.empty() && rest.front() == '"') {
    rest.remove_prefix(1);
    while (!rest.empty()) {
      const char c = rest.front();
      rest.remove_prefix(1);
      if (c == '"' && (rest.empty() || rest.front() != '"')) break;
      if (c == '"') rest.remove_prefix(1);
      element += c;
    }
    while (!rest.empty() && rest.front() != ',') rest.remove_prefix(1);
  } else {
    while (!rest.empty() && rest.front() != ',') {
      const char c = rest.front();
      element += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      rest.remove_prefix(1);
    }
    while (!element.empty() && is_blank(element.back())) element.pop_back();
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return element;
}

}  // namespace

bool is_identifier_list(std::string_view parameter) {
  return std::ranges::find(kIdentifierLists, parameter) != kIdentifierLists.end();
}

std::string list_element(std::string_view identifier) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || (c >= '0' && c <= '9'); };
  const bool digit_first = !identifier.empty() && identifier.front() >= '0' && identifier.front() <= '9';
  if (!identifier.empty() && !digit_first && std::ranges::all_of(identifier, is_plain))
    return std::string(identifier);
  std::string quoted = "\"";
  for (const char c : identifier) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted += '"';
}

std::string set_statement(std::string_view name, std::string_view value, bool local) {
  std::string out = local ? "SET LOCAL " : "SET ";
  append_name(out, name);
  out += " TO ";
  if (!is_identifier_list(name) || value.empty()) {
    append_literal(out, value);
    return out;
  }
  for (std::string_view rest = value; !rest.empty();) {
    if (rest.size() != value.size()) out += ", ";
    append_literal(out, next_element(rest));
  }
  return out;
}

}  // namespace signalbox::sql
