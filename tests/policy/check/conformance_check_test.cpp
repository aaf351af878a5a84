// Every case of OPA's suite passes the checker, and the compiler cases give the diagnostics that OPA gives.
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "policy/check/checked.h"
#include "policy/syntax/parsing.h"
#include "support/conformance.h"

using namespace signalbox;
using namespace signalbox::policy;
namespace fs = std::filesystem;

namespace {

struct Outcome {
  std::optional<check::CheckedModules> modules;
  Diagnostics errors;
};

Outcome check_case(const YAML::Node& modules, const check::CheckOptions& options, ast::RegoVersion version) {
  std::vector<ast::Module> parsed;
  int number = 0;
  for (const auto& text : modules) {
    const std::string name = "test-" + std::to_string(number++) + ".rego";
    auto module = ast::parse_module(ast::make_source(name, text.as<std::string>()), {.version = version});
    if (!module) return {{}, module.error()};
    parsed.push_back(std::move(*module));
  }
  auto checked = check::check_modules(std::move(parsed), options);
  if (!checked) return {{}, checked.error()};
  return {std::move(*checked), {}};
}

bool matches(const YAML::Node& want, const Diagnostic& got) {
  if (want["code"] && want["code"].as<std::string>() != got.code) return false;
  if (want["message"] && want["message"].as<std::string>() != got.message) return false;
  if (want["row"] && want["row"].as<std::uint32_t>() != got.at.row) return false;
  return !want["col"] || want["col"].as<std::uint32_t>() == got.at.col;
}

void check_errors(const YAML::Node& one) {
  check::CheckOptions options;
  if (one["strict"]) options.strict = one["strict"].as<bool>();
  if (one["print_statements"]) options.keep_prints = one["print_statements"].as<bool>();
  const std::string version = one["rego_version"] ? one["rego_version"].as<std::string>() : "v1";
  const auto outcome =
      check_case(one["modules"], options, version == "v0" ? ast::RegoVersion::V0 : ast::RegoVersion::V1);
  INFO(to_text(outcome.errors));
  for (const auto& want : one["want_errors"]) {
    INFO(YAML::Dump(want));
    CHECK(std::ranges::any_of(outcome.errors, [&](const Diagnostic& got) { return matches(want, got); }));
  }
  const bool exhaustive = one["exhaustive"] && one["exhaustive"].as<bool>();
  if (exhaustive || !one["want_errors"]) CHECK(outcome.errors.size() == one["want_errors"].size());
}

void run_error_cases(const fs::path& root, int& cases) {
  for (const auto& file : fs::recursive_directory_iterator(root)) {
    if (file.path().extension() != ".yaml") continue;
    for (const auto& one : YAML::LoadFile(file.path().string())["cases"]) {
      INFO(file.path().filename().string() << ": " << one["note"].as<std::string>());
      check_errors(one);
      ++cases;
    }
  }
}

}  // namespace

TEST_CASE("all of the Rego cases pass the checker", "[cases]") {
  const auto root = support::conformance("rego");
  if (!root) return;
  int cases = 0;
  for (const auto& file : fs::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".yaml") continue;
    for (const auto& one : YAML::LoadFile(file.path().string())["cases"]) {
      INFO(file.path().filename().string() << ": " << one["note"].as<std::string>());
      if (one["note"].as<std::string>() == "time/time caching")
        continue;  // its test.sleep is the harness's own
      const auto outcome = check_case(one["modules"], {}, ast::RegoVersion::V1);
      INFO(to_text(outcome.errors));
      REQUIRE(outcome.modules);
      const auto source = ast::make_source("query", one["query"].as<std::string>());
      auto query = ast::parse_query(source);
      REQUIRE(query);
      const auto checked = check::check_query(std::move(*query), source, *outcome.modules);
      INFO((checked ? "" : to_text(checked.error())));
      CHECK(checked);
      ++cases;
    }
  }
  CHECK(cases > 1000);
}

TEST_CASE("the compiler cases give OPA's diagnostics", "[cases]") {
  const auto root = support::conformance("rego-compile");
  if (!root) return;
  int cases = 0;
  run_error_cases(*root, cases);
  CHECK(cases > 0);
}

TEST_CASE("wrong modules get the diagnostics that OPA gives", "[cases]") {
  int cases = 0;
  run_error_cases(fs::path(SIGNALBOX_SOURCE_DIR) / "tests/policy/check/wrong", cases);
  CHECK(cases >= 100);
}
