// Behaviour corpora in OPA's YAML format: our own in tests/policy/cases, and OPA's suite where it is present
// (SIGNALBOX_CONFORMANCE, or ../shared/conformance beside the repository).
// Each is asked of the engine, of the engine without its optimisations, and of the reference evaluator.
// SIGNALBOX_CASES=substring runs only the files whose path contains it and prints every failure in full.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>

#include "policy/support/case_runner.h"

using namespace signalbox::policy;
namespace fs = std::filesystem;

namespace {

struct Tally {
  std::size_t passed = 0, failed = 0;
};

void run_folder(const fs::path& root, test::Answering by = test::Answering::Engine) {
  const char* only = std::getenv("SIGNALBOX_CASES");
  std::map<std::string, std::vector<fs::path>> by_folder;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".yaml") continue;
    if (only != nullptr && entry.path().string().find(only) == std::string::npos) continue;
    by_folder[entry.path().parent_path().filename().string()].push_back(entry.path());
  }
  Tally all;
  for (auto& [folder, files] : by_folder) {
    std::sort(files.begin(), files.end());
    Tally tally;
    for (const fs::path& file : files) {
      Arena arena;
      std::string error;
      const auto cases = test::read_cases(arena, file.string(), error);
      INFO(file.string());
      CHECK(error == "");
      for (const auto& test_case : cases) {
        const std::string difference = test::run_case(test_case, by);
        ++(difference.empty() ? tally.passed : tally.failed);
        if (!difference.empty()) {
          std::cout << "FAILED " << folder << "/" << file.filename().string() << ": " << test_case.note
                    << "\n      " << difference << "\n";
        }
      }
    }
    if (tally.failed != 0) {
      std::cout << folder << ": " << tally.passed << " of " << tally.passed + tally.failed << "\n";
    }
    all.passed += tally.passed, all.failed += tally.failed;
  }
  std::cout << root.filename().string() << ": " << all.passed << " of " << all.passed + all.failed
            << " cases hold\n";
  CHECK(all.failed == 0);
}

}  // namespace

TEST_CASE("our behaviour cases hold", "[cases]") {
  run_folder(fs::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/cases");
}

namespace {

/// OPA's suite, where it is present.
fs::path suite() {
  const char* given = std::getenv("SIGNALBOX_CONFORMANCE");
  const fs::path root =
      given != nullptr ? fs::path(given) : fs::path(SIGNALBOX_SOURCE_DIR) / "../shared/conformance";
  if (!fs::exists(root / "rego")) {
    WARN("skipped: " << (root / "rego").string() << " absent");
    return {};
  }
  return root / "rego";
}

void run_suite(test::Answering by) {
  if (const fs::path root = suite(); !root.empty()) run_folder(root, by);
}

}  // namespace

TEST_CASE("OPA's behaviour cases hold", "[cases][conformance]") {
  run_suite(test::Answering::Engine);
}

TEST_CASE("the cases hold without the engine's optimisations", "[cases][unoptimised]") {
  run_folder(fs::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/cases", test::Answering::EngineUnoptimised);
  run_suite(test::Answering::EngineUnoptimised);
}

TEST_CASE("the cases hold for the reference evaluator", "[cases][reference]") {
  run_folder(fs::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/cases", test::Answering::Reference);
  run_suite(test::Answering::Reference);
}
