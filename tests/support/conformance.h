// Where the conformance data lies: SIGNALBOX_CONFORMANCE, or ../shared/conformance beside the source tree, or
// the nearest such folder above it. Tests that need it say "skipped: ... absent" and pass when it is not
// there.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace signalbox::support {

inline std::optional<std::filesystem::path> conformance(const std::string& part) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (const char* given = std::getenv("SIGNALBOX_CONFORMANCE")) {
    const fs::path path = fs::path(given) / part;
    if (fs::exists(path, ignored)) return path;
  }
  for (fs::path at = fs::path(SIGNALBOX_SOURCE_DIR); at.has_relative_path(); at = at.parent_path()) {
    const fs::path path = at.parent_path() / "shared" / "conformance" / part;
    if (fs::exists(path, ignored)) return path;
  }
  std::printf("skipped: conformance/%s absent\n", part.c_str());
  return {};
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace signalbox::support
