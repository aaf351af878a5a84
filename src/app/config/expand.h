// What stands behind a configuration value: environment variables and secret files.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <string_view>

namespace signalbox::app {

/// Replaces ${NAME} and ${NAME:-text used when NAME is not set}; "$$" is a dollar. The error names the
/// variable.
std::expected<std::string, std::string> expand_environment(std::string_view text);

/// "file:PATH" becomes the file's contents without trailing line ends; other texts stay. `base` is what a
/// relative PATH starts from. At most 64 KiB.
std::expected<std::string, std::string> expand_secret(std::string_view text,
                                                      const std::filesystem::path& base);

}  // namespace signalbox::app
