// ${ENV} and file: references.
#include "app/config/expand.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace signalbox::app {
namespace {
constexpr std::streamsize kMaxSecret = 64 * 1024;
}

std::expected<std::string, std::string> expand_environment(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '$' || i + 1 == text.size() || (text[i + 1] != '{' && text[i + 1] != '$')) {
      out += text[i++];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$', i += 2;
      continue;
    }
    const auto end = text.find('}', i);
    if (end == std::string_view::npos) return std::unexpected("a ${ that no } closes");
    const std::string_view inside = text.substr(i + 2, end - i - 2);
    const auto separator = inside.find(":-");
    const std::string name(inside.substr(0, separator));
    if (const char* value = std::getenv(name.c_str())) {
      out += value;
    } else if (separator != std::string_view::npos) {
      out += inside.substr(separator + 2);
    } else {
      return std::unexpected(fmt::format("the environment variable {} is not set", name));
    }
    i = end + 1;
  }
  return out;
}

std::expected<std::string, std::string> expand_secret(std::string_view text,
                                                      const std::filesystem::path& base) {
  if (!text.starts_with("file:")) return std::string(text);
  const std::filesystem::path path = base / text.substr(5);
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::unexpected(fmt::format("cannot read the file {}", path.string()));
  std::string secret(static_cast<std::size_t>(kMaxSecret) + 1, '\0');
  in.read(secret.data(), kMaxSecret + 1);
  if (in.bad() || in.gcount() > kMaxSecret) {
    return std::unexpected(fmt::format("the file {} is not a secret of at most 64 KiB", path.string()));
  }
  secret.resize(static_cast<std::size_t>(in.gcount()));
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  return secret;
}

}  // namespace signalbox::app
