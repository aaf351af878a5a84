// Reading signing keys, and writing what was signed.
#include "app/cli/signing.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace signalbox::app::cli {
namespace {

std::expected<std::string, Diagnostics> text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::unexpected(bundle_error("cannot read " + path));
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Diagnostics bundle_error(std::string message) {
  return {{Severity::Error, "bundle_error", std::move(message), {}, {}, {}}};
}

std::expected<void, Diagnostics> write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if ((out << bytes).flush()) return {};
  return std::unexpected(bundle_error("cannot write " + path));
}

void SigningOptions::add_options(CLI::App& verb) {
  verb.add_option("--signing-key", key, "PEM file with the private key, or the secret of an HS* algorithm");
  verb.add_option("--signing-alg", algorithm, "Algorithm of the signature (default RS256)");
  verb.add_option("--claims-file", claims_file, "JSON file with more claims");
  verb.add_option("--signing-key-id", key_id, "Name of the key, for the verifier");
}

std::expected<policy::SigningKey, Diagnostics> SigningOptions::read() const {
  policy::SigningKey out{key, algorithm, {}, key_id};
  std::error_code error;
  if (std::filesystem::is_regular_file(key, error)) {
    auto text = text_of(key);
    if (!text) return std::unexpected(std::move(text.error()));
    out.key = std::move(*text);
  }
  if (!claims_file.empty()) {
    auto text = text_of(claims_file);
    if (!text) return std::unexpected(std::move(text.error()));
    out.claims = std::move(*text);
  }
  return out;
}

}  // namespace signalbox::app::cli
