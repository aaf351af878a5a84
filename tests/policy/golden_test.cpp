// The planner's work as text: one module in tests/policy/golden, one dump beside it, so that a change of the
// code that is made is seen and meant. SIGNALBOX_GOLDEN=write writes the dumps anew.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "policy/engine.h"
#include "policy/vm/program.h"

using namespace signalbox::policy;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("programs are what their dumps say", "[golden]") {
  const fs::path folder = fs::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/golden";
  const char* const wish = std::getenv("SIGNALBOX_GOLDEN");
  const bool write = wish != nullptr && std::string(wish) == "write";
  std::vector<fs::path> modules;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".rego") modules.push_back(entry.path());
  }
  std::ranges::sort(modules);
  REQUIRE(modules.size() >= 12);
  for (const fs::path& module : modules) {
    const std::string data =
        R"({"users": {"alice": {"roles": ["admin"]}}, "grants": [{"role": "admin", "op": "read"}]})";
    const auto set = PolicySet::load({{module.filename(), read(module)}, {"data.json", data}}, {}, {});
    if (!set) FAIL(to_text(set.error()));
    const std::string dump = to_text((*set)->program());
    const auto again = PolicySet::load({{module.filename(), read(module)}, {"data.json", data}}, {}, {});
    CHECK(dump == to_text((*again)->program()));
    fs::path wanted = module;
    wanted.replace_extension(".txt");
    if (write) std::ofstream(wanted) << dump;
    INFO(module.string());
    CHECK(dump == read(wanted));
  }
}
