// The key that `build` and `sign` sign bundles with.
#pragma once

#include <expected>
#include <string>

#include "base/diagnostic.h"
#include "policy/bundle/signature.h"

namespace CLI {
class App;
}

namespace signalbox::app::cli {

struct SigningOptions {
  std::string key;  ///< a file, or the secret itself; empty = nothing is signed
  std::string algorithm = "RS256", claims_file, key_id;

  void add_options(CLI::App& verb);
  std::expected<policy::SigningKey, Diagnostics> read() const;
};

/// What went wrong with a bundle as a whole.
Diagnostics bundle_error(std::string message);
/// Writes a file, or says why it cannot.
std::expected<void, Diagnostics> write_file(const std::string& path, const std::string& bytes);

}  // namespace signalbox::app::cli
