// Reading a policy directory.
#include "app/policies/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace signalbox::app {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMaxFiles = 10'000;
constexpr std::uintmax_t kMaxBytes = 256u << 20;

bool hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

bool belongs(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name == "data.json" || name == "data.yaml" || name == "data.yml") return true;
  if (name.ends_with(".policy.yaml") || name.ends_with(".policy.yml")) return true;
  return name.ends_with(".rego") && !name.ends_with("_test.rego");
}

std::unexpected<Diagnostics> failed(const fs::path& at, std::string message, std::string hint = {}) {
  return std::unexpected(Diagnostics{
      {Severity::Error, "policy_unreadable", std::move(message), {at.string(), 0, 0}, {}, std::move(hint)}});
}

std::expected<std::vector<fs::path>, Diagnostics> find_files(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, fs::directory_options::follow_directory_symlink, error);
  if (error) return failed(directory, "cannot read the policy directory: " + error.message());
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    if (error) return failed(directory, "cannot read the policy directory: " + error.message());
    if (hidden(at->path()) || at.depth() > 32) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file(error) && belongs(at->path())) {
      found.push_back(at->path());
    }
    if (found.size() > kMaxFiles)
      return failed(directory, fmt::format("more than {} policy files", kMaxFiles));
  }
  std::ranges::sort(found);
  return found;
}

// "package gateway" on a line of its own.
bool declares_entry(const policy::SourceFile& file) {
  if (!file.path.ends_with(".rego")) return false;
  for (std::uint32_t row = 1;; ++row) {
    std::string_view line = line_of(file.text, row);
    if (line.empty() && row > 1 && static_cast<std::size_t>(std::ranges::count(file.text, '\n')) < row)
      return false;
    line = line.substr(0, line.find('#'));
    while (line.ends_with(' ') || line.ends_with('\t')) line.remove_suffix(1);
    if (line == "package gateway") return true;
    if (line.starts_with("package ")) return false;
  }
}

}  // namespace

std::expected<std::vector<policy::SourceFile>, Diagnostics> read_directory(const fs::path& directory) {
  const auto paths = find_files(directory);
  if (!paths) return std::unexpected(paths.error());
  std::vector<policy::SourceFile> files;
  std::uintmax_t total = 0;
  for (const auto& path : *paths) {
    std::error_code error;
    total += fs::file_size(path, error);
    std::ifstream in(path, std::ios::binary);
    if (error || !in) return failed(path, "cannot read the file", "check its permissions");
    if (total > kMaxBytes) return failed(directory, "the policy files are larger than 256 MiB together");
    files.push_back(
        {path.lexically_relative(directory).string(), std::string(std::istreambuf_iterator<char>(in), {})});
  }
  return files;
}

std::string_view default_entry() {
  static constexpr std::string_view kText = R"rego(# METADATA
# title: The gateway's entry point
# description: >-
#   The gateway asks for data.gateway.actions on every event that a policy subscribes to, and gets what all policies
#   together ask for. A site that wants something else replaces this file: any rule of this name will do.
package gateway

import rego.v1

actions contains action if {
	some name
	some action in data.policies[name].actions
}
)rego";
  return kText;
}

void add_default_entry(std::vector<policy::SourceFile>& files) {
  if (std::ranges::none_of(files, declares_entry))
    files.push_back({"gateway.rego", std::string(default_entry())});
}

}  // namespace signalbox::app
