// comment_tags: finds comments by PostgreSQL's lexical rules (a comment sign within a string is none) and
// reads key='value' (URL-encoded, \' escaped), key=value and key:value, separated by commas or blanks.
#include "sql/comment.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "sql/lexer.h"

namespace signalbox::sql {
namespace {

constexpr std::size_t kMaxTags = 64;
constexpr std::size_t kMaxValue = 1024;

bool is_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.';
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else if (text[i] == '\\' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Takes a quoted or bare value off the front of `rest`.
std::string_view take_value(std::string_view& rest) {
  const bool quoted = rest.starts_with('\'');
  if (quoted) rest.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest.size()) {
    const char c = rest[end];
    if (quoted ? c == '\'' : c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r') break;
    end += quoted && c == '\\' && end + 1 < rest.size() ? 2 : 1;
  }
  const std::string_view value = rest.substr(0, end);
  rest.remove_prefix(std::min(end + (quoted ? 1 : 0), rest.size()));
  return value;
}

void read_tags(std::string_view comment, std::vector<CommentTag>& tags) {
  while (!comment.empty() && tags.size() < kMaxTags) {
    std::size_t end = 0;
    while (end < comment.size() && is_key(comment[end])) ++end;
    const bool separated =
        end > 0 && end + 1 < comment.size() && (comment[end] == '=' || comment[end] == ':');
    if (!separated || comment.substr(end).starts_with("://")) {
      comment.remove_prefix(std::min(end + 1, comment.size()));
      continue;
    }
    const std::string_view key = comment.substr(0, end);
    comment.remove_prefix(end + 1);
    const std::string_view value = take_value(comment);
    const bool repeated = std::ranges::any_of(tags, [&](const CommentTag& tag) { return tag.key == key; });
    if (!repeated && !value.empty() && value.size() <= kMaxValue)
      tags.push_back({std::string(key), url_decoded(value)});
  }
}

}  // namespace

std::vector<CommentTag> comment_tags(std::string_view text, bool standard_conforming_strings) {
  std::vector<CommentTag> tags;
  if (text.find("/*") == std::string_view::npos && text.find("--") == std::string_view::npos) return tags;
  Lexer lexer(text, standard_conforming_strings);
  for (Token token; tags.size() < kMaxTags && lexer.next(token);) {
    if (token.kind == TokenKind::BlockComment) read_tags(token.text.substr(2, token.text.size() - 4), tags);
    if (token.kind == TokenKind::LineComment) read_tags(token.text.substr(2), tags);
  }
  return tags;
}

}  // namespace signalbox::sql
