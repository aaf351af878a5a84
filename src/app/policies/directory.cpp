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

bool belongs(const fs::path& path, Tests tests) {
  const std::string name = path.filename().string();
  if (name == "data.json" || name == "data.yaml" || name == "data.yml") return true;
  if (name.ends_with(".policy.yaml") || name.ends_with(".policy.yml")) return true;
  return name.ends_with(".rego") && (tests == Tests::Included || !name.ends_with("_test.rego"));
}

std::unexpected<Diagnostics> failed(const fs::path& at, std::string message, std::string hint = {}) {
  return std::unexpected(Diagnostics{
      {Severity::Error, "policy_unreadable", std::move(message), {at.string(), 0, 0}, {}, std::move(hint)}});
}

std::expected<std::vector<fs::path>, Diagnostics> find_files(const fs::path& directory, Tests tests) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, fs::directory_options::follow_directory_symlink, error);
  if (error) return failed(directory, "cannot read the policy directory: " + error.message());
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    if (error) return failed(directory, "cannot read the policy directory: " + error.message());
    if (hidden(at->path()) || at.depth() > 32) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file(error) && belongs(at->path(), tests)) {
      found.push_back(at->path());
    }
    if (found.size() > kMaxFiles)
      return failed(directory, fmt::format("more than {} policy files", kMaxFiles));
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

std::expected<std::vector<policy::SourceFile>, Diagnostics> read_directory(const fs::path& directory,
                                                                           Tests tests) {
  const auto paths = find_files(directory, tests);
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

}  // namespace signalbox::app
