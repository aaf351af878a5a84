// Any bytes as Rego: the parser ends; what it accepts prints to text that parses to an equal tree, formats to
// text that formats to itself, and goes through the checker. The first byte chooses version and keywords.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/check/checked.h"
#include "policy/formatter/format.h"
#include "policy/syntax/compare.h"
#include "policy/syntax/parsing.h"
#include "policy/syntax/print.h"

namespace ast = signalbox::policy::ast;
namespace check = signalbox::policy::check;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

ast::ParseOptions options_from(std::uint8_t choice) {
  ast::ParseOptions options;
  options.version = (choice & 1) != 0 ? ast::RegoVersion::V0 : ast::RegoVersion::V1;
  if ((choice & 2) != 0) options.keywords = ast::kAllFutureKeywords;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ast::ParseOptions options = options_from(data[0]);
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  auto module = ast::parse_module(ast::make_source("fuzz.rego", text), options);
  if (!module) {
    require(!module.error().empty());
    return 0;
  }
  // Keywords may be switched on half-way down a module: only where none are imported is the print the same
  // language.
  const bool imports_keywords =
      text.find("future") != std::string::npos || text.find("rego") != std::string::npos;
  if (!imports_keywords) {
    const auto printed = ast::parse_module(ast::make_source("printed.rego", ast::to_text(*module)), options);
    require(printed.has_value());
    require(ast::compare(*module, *printed) == 0);
  }
  static_cast<void>(signalbox::policy::fmt_rego::format_module(*module, {.version = options.version}));
  std::vector<ast::Module> modules;
  modules.push_back(std::move(*module));
  const auto checked = check::check_modules(std::move(modules));
  require(checked.has_value() || !checked.error().empty());
  return 0;
}
