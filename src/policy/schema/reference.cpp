// References between schemas.
#include "policy/schema/reference.h"

#include <charconv>

#include "policy/builtins/go/text.h"

namespace signalbox::policy::schema {
namespace {

std::expected<Value, std::string> element(const Value& array, std::string_view token) {
  std::int64_t index = 0;
  const bool plus = token.starts_with('+');
  const char* first = token.data() + (plus ? 1 : 0);
  const char* last = token.data() + token.size();
  const auto [end, problem] = std::from_chars(first, last, index);
  if (problem != std::errc() || end != last || (plus && token.size() > 1 && token[1] == '-'))
    return std::unexpected("Invalid array index '" + std::string(token) + "'");
  if (index < 0 || index >= static_cast<std::int64_t>(array.size()))
    return std::unexpected("Out of bound array[0," + std::to_string(array.size()) + "] index '" +
                           std::to_string(index) + "'");
  return array.as_array()[static_cast<std::size_t>(index)];
}

}  // namespace

std::expected<Reference, std::string> Reference::parse(std::string_view text) {
  auto url = go::parse_url(text);
  if (!url) return std::unexpected(url.error().message);
  Reference out;
  out.url_ = std::move(*url);
  return out;
}

std::expected<Reference, std::string> Reference::inherit(const Reference& child) const {
  return parse(without_fragment().url_.resolve(child.url_).text());
}

Reference Reference::without_fragment() const {
  Reference out = *this;
  out.url_.fragment.clear();
  out.url_.raw_fragment.clear();
  return out;
}

bool Reference::is_canonical() const {
  if (url_.scheme == "file") return url_.path.starts_with('/');
  return !url_.scheme.empty() && !url_.host.empty();
}

std::expected<Value, std::string> Reference::find_in(Value document) const {
  // A fragment that is no pointer names the whole document.
  if (!url_.fragment.starts_with('/')) return document;
  for (std::string_view token : go::split(std::string_view(url_.fragment).substr(1), "/")) {
    if (document.is_object()) {
      const std::string key = go::replace_all(go::replace_all(token, "~1", "/"), "~0", "~");
      const Value next = document.at(key);
      if (!next) return std::unexpected("Object has no key '" + key + "'");
      document = next;
    } else if (document.is_array()) {
      auto next = element(document, token);
      if (!next) return next;
      document = *next;
    } else {
      return std::unexpected("Invalid token reference '" + std::string(token) + "'");
    }
  }
  return document;
}

}  // namespace signalbox::policy::schema
