// Words are separated by blanks; a backslash takes the next character as it is.
#include "proxy/wire/options.h"

namespace signalbox::proxy::wire {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::vector<std::string> split(std::string_view options) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (is_blank(options[i])) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (options[i] == '\\' && i + 1 < options.size()) ++i;
    words.back() += options[i];
  }
  return words;
}

std::string normal_name(std::string_view name) {
  std::string out;
  for (const char c : name) out += c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

void append_word(std::string& out, std::string_view word) {
  for (const char c : word) {
    if (is_blank(c) || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

std::optional<NamedValues> parse_options(std::string_view options) {
  NamedValues settings;
  const std::vector<std::string> words = split(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == "-c") {
      if (++i == words.size()) return std::nullopt;
      word = words[i];
    } else if (word.starts_with("-c") || (word.starts_with("--") && word.size() > 2)) {
      word.remove_prefix(2);
    } else {
      return std::nullopt;
    }
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    settings.emplace_back(normal_name(word.substr(0, equals)), word.substr(equals + 1));
  }
  return settings;
}

std::string format_options(const NamedValues& settings) {
  std::string out;
  for (const auto& [name, value] : settings) {
    out += out.empty() ? "-c " : " -c ";
    append_word(out, name + "=" + value);
  }
  return out;
}

}  // namespace signalbox::proxy::wire
