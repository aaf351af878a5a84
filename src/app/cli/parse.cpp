// signalbox parse: the syntax tree of a Rego or YAML policy, as JSON in OPA's form or as an outline.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <memory>

#include "app/cli/json_text.h"
#include "app/cli/sources.h"
#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/policies/library.h"
#include "policy/syntax/ast_json.h"
#include "policy/syntax/outline.h"
#include "policy/syntax/parsing.h"
#include "policy/yaml/policy.h"

namespace signalbox::app::cli {
namespace {

struct Options {
  std::string file;
  std::string format = "pretty";
  std::vector<std::string> include;
  bool v0 = false;
};

policy::ast::Parsed<policy::ast::Module> parse_text(const Options& options, std::string text) {
  auto source = policy::ast::make_source(options.file, std::move(text));
  if (options.file.ends_with(".yaml") || options.file.ends_with(".yml")) {
    return policy::yaml::parse_policy(std::move(source), host_vocabulary());
  }
  policy::ast::ParseOptions parsing;
  if (options.v0) parsing.version = policy::ast::RegoVersion::V0;
  return policy::ast::parse_module(std::move(source), parsing);
}

Exit parse(const Options& options) {
  std::ifstream in(options.file, std::ios::binary);
  if (!in) {
    complain("cannot read " + options.file);
    return Exit::Finding;
  }
  const auto module = parse_text(options, std::string(std::istreambuf_iterator<char>(in), {}));
  if (!module) {
    if (options.format == "json") {
      fmt::print(stderr, "{}", as_opa_errors(module.error()));
    } else {
      complain(module.error());
    }
    return Exit::Finding;
  }
  policy::ast::AstJsonOptions json;
  for (const std::string& word : options.include) {
    if (word.ends_with("locations")) json.locations = !word.starts_with('-');
    if (word.ends_with("comments")) json.comments = !word.starts_with('-');
  }
  print(options.format == "json" ? indented(policy::ast::to_ast_json(*module, json))
                                 : policy::ast::outline(*module));
  return Exit::Ok;
}

}  // namespace

void add_parse(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("parse", "Print the syntax tree of a policy, as `opa parse` does");
  verb->add_option("file", options->file, "A *.rego or *.policy.yaml file")->required();
  verb->add_option("-f,--format", options->format, "pretty or json")
      ->check(CLI::IsMember({"pretty", "json"}));
  verb->add_option("--json-include", options->include, "Parts of the JSON: locations, comments, -comments")
      ->delimiter(',');
  verb->add_flag("--v0-compatible", options->v0, "Read Rego v0");
  verb->add_flag("--v1-compatible")->description("Read Rego v1, which is the default");
  verb->footer(
      "Examples:\n"
      "  signalbox parse rules/server_access.rego\n"
      "  signalbox parse -f json --json-include locations,-comments rules/server_access.rego | jq .rules");
  verb->callback([=, &chosen] { chosen = [=] { return parse(*options); }; });
}

}  // namespace signalbox::app::cli
