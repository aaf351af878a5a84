// Every module, query and input term of OPA's cases parses, and what is printed of it parses to an equal
// tree.
#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>

#include "policy/syntax/compare.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"
#include "support/conformance.h"

using namespace signalbox;
using namespace signalbox::policy::ast;
namespace fs = std::filesystem;

namespace {

/// Printing keeps the imports but not where they stood, so keywords imported half-way are on from the start.
ParseOptions options_for_print(const Module& module) {
  ParseOptions options;
  for (const Import& import : module.imports) {
    const std::string path = to_text(import.path);
    if (path == "future.keywords") options.keywords = kAllFutureKeywords;
    if (path.starts_with("future.keywords")) options.keywords |= future_keyword(import.name());
  }
  return options;
}

void check_round_trip(const std::string& name, const std::string& text, const ParseOptions& options) {
  INFO(name);
  const auto module = parse_module(make_source(name, text), options);
  INFO((module ? "" : to_text(module.error())));
  REQUIRE(module);
  const std::string printed = to_text(*module);
  INFO(printed);
  auto again_options = options_for_print(*module);
  again_options.version = options.version;
  const auto again = parse_module(make_source(name + " printed", printed), again_options);
  INFO((again ? "" : to_text(again.error())));
  REQUIRE(again);
  CHECK(compare(*module, *again) == 0);
}

}  // namespace

TEST_CASE("all of the Rego cases parse and print back", "[cases]") {
  const auto root = support::conformance("rego");
  if (!root) return;
  int modules = 0;
  for (const auto& file : fs::recursive_directory_iterator(*root)) {
    if (file.path().extension() != ".yaml") continue;
    for (const auto& one : YAML::LoadFile(file.path().string())["cases"]) {
      const std::string name = file.path().filename().string() + ": " + one["note"].as<std::string>();
      for (const auto& module : one["modules"]) {
        check_round_trip(name, module.as<std::string>(), {});
        ++modules;
      }
      INFO(name);
      CHECK(parse_query(make_source("query", one["query"].as<std::string>())));
      if (const auto input = one["input_term"])
        CHECK(parse_term(make_source("input", input.as<std::string>())));
    }
  }
  CHECK(modules > 1000);
}

TEST_CASE("all of the formatter's texts parse and print back", "[cases]") {
  const auto root = support::conformance("rego-fmt");
  if (!root) return;
  for (const auto& file : fs::directory_iterator(*root)) {
    if (file.path().extension() != ".formatted") continue;
    check_round_trip(file.path().filename().string(), support::read_file(file.path()), {});
  }
}
