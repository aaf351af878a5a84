// The admin API from the command line.
#pragma once

#include <expected>
#include <string>

#include "app/cli/verb.h"

namespace signalbox::app::cli {

struct AdminClient {
  std::string address = "127.0.0.1:8090";
  std::string token_file;

  /// Adds --admin and --token-file. SIGNALBOX_ADMIN and SIGNALBOX_TOKEN are their defaults.
  void add_options(CLI::App& verb);

  /// The body of a 2xx answer. Anything else has been complained about, and is the exit code.
  std::expected<std::string, Exit> get(const std::string& target) const;
  std::expected<std::string, Exit> post(const std::string& target, const std::string& json) const;

 private:
  std::expected<std::string, Exit> send(const std::string& method, const std::string& target,
                                        const std::string& body) const;
};

/// A query parameter's value, percent-encoded.
std::string percent_encoded(std::string_view text);

}  // namespace signalbox::app::cli
