// Reading policy sources for check, eval and explain.
#include "app/cli/sources.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/policies/directory.h"

namespace signalbox::app::cli {
namespace {

namespace fs = std::filesystem;

std::expected<policy::SourceFile, Diagnostics> read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return std::unexpected(Diagnostics{{Severity::Error,
                                        "policy_unreadable",
                                        "cannot read the file",
                                        {path.string(), 0, 0},
                                        {},
                                        "check the path"}});
  }
  policy::SourceFile file{path.string(), std::string(std::istreambuf_iterator<char>(in), {})};
  const std::string name = path.filename().string();
  const bool policy =
      name.ends_with(".rego") || name.ends_with(".policy.yaml") || name.ends_with(".policy.yml");
  if (!policy) file.path = path.extension() == ".json" ? "data.json" : "data.yaml";
  return file;
}

}  // namespace

std::expected<std::vector<policy::SourceFile>, Diagnostics> read_sources(
    const std::vector<std::string>& paths) {
  std::vector<policy::SourceFile> all;
  for (const auto& path : paths) {
    if (fs::is_directory(path)) {
      auto files = read_directory(path, Tests::Included);
      if (!files) return std::unexpected(files.error());
      for (auto& file : *files) {
        const bool data = file.path.ends_with("data.json") || file.path.ends_with("data.yaml");
        if (!data) file.path = (fs::path(path) / file.path).string();  // messages then name a path to open
        all.push_back(std::move(file));
      }
    } else {
      auto file = read_file(path);
      if (!file) return std::unexpected(file.error());
      all.push_back(std::move(*file));
    }
  }
  return all;
}

std::string as_opa_errors(const Diagnostics& diagnostics) {
  nlohmann::ordered_json errors = nlohmann::ordered_json::array();
  for (const auto& d : diagnostics) {
    errors.push_back({{"message", d.message},
                      {"code", d.code},
                      {"location", {{"file", d.at.file}, {"row", d.at.row}, {"col", d.at.col}}}});
  }
  return nlohmann::ordered_json{{"errors", std::move(errors)}}.dump(2) + "\n";
}

}  // namespace signalbox::app::cli
